import { formatCount } from '#web/components/tabs.ts';
import { fullName } from '../model/index.ts';
import type { BaseNode } from './base-tree.ts';

/** A drawing as numbers; what is drawn with them is said where it is rendered. All in pixels. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  /** Paths with an arrow at their end. */
  readonly arrows: readonly string[];
}

export interface Box {
  readonly node: BaseNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** The name, shortened to what has room. */
  readonly label: string;
}

/** Of the side column, and of the narrowest phone. */
const WIDTH = 308;
const ROW = 28;
const GAP = 26;
const COLUMN_GAP = 16;
const HALF = (WIDTH - COLUMN_GAP) / 2;
const INDENT = 18;
const MAX_INDENTS = 6;
const LETTER = 7.4;

/**
 * Draws from where an index takes its projects: a row for each step away while there are at most two on a step, else a list in which
 * each hangs below the one that names it.
 */
export function drawBases(nodes: readonly BaseNode[]): Drawing {
  const steps = [...Map.groupBy(nodes, ({ distance }) => distance)].sort(([a], [b]) => a - b);
  return steps.every(([, step]) => step.length <= 2)
    ? drawSteps(
        nodes,
        steps.map(([, step]) => step),
      )
    : drawTree(nodes);
}

function drawSteps(nodes: readonly BaseNode[], steps: readonly (readonly BaseNode[])[]): Drawing {
  const placed = new Map<BaseNode, Box & { readonly column: number }>();
  for (const [row, step] of steps.entries()) {
    for (const [column, node] of step.entries()) {
      const width = step.length === 1 ? widthOf(node, WIDTH) : HALF;
      const x = column * (HALF + COLUMN_GAP);
      placed.set(node, { ...box(node, { x, y: row * (ROW + GAP), width }), column });
    }
  }
  const arrows = nodes.flatMap((node) => {
    const to = placed.get(node);
    const by = node.through === undefined ? undefined : nodes[node.through];
    const from = by && placed.get(by);
    if (from === undefined || to === undefined) return [];
    const start = from.x + HALF / 2;
    const end = to.x + HALF / 2;
    const bottom = from.y + ROW;
    if (start === end) return [`M${start} ${bottom}V${to.y - 1}`];
    // Two that cross keep apart.
    const turn = bottom + (from.column === 0 ? 8 : 14);
    return [`M${start} ${bottom}V${turn}H${end}V${to.y - 1}`];
  });
  const height = steps.length * (ROW + GAP) - GAP;
  return { width: WIDTH, height, boxes: [...placed.values()], arrows };
}

function drawTree(nodes: readonly BaseNode[]): Drawing {
  const boxes: Box[] = [];
  const arrows: string[] = [];
  const place = (node: BaseNode, position: number, above: Box | undefined) => {
    const x = Math.min(node.distance, MAX_INDENTS) * INDENT;
    const y = boxes.length * (ROW + 6);
    const placed = box(node, { x, y, width: widthOf(node, WIDTH - x) });
    boxes.push(placed);
    if (above !== undefined && above.x < x)
      arrows.push(`M${above.x + INDENT / 2} ${above.y + ROW}V${y + ROW / 2}H${x - 1}`);
    for (const [at, each] of nodes.entries()) if (each.through === position) place(each, at, placed);
  };
  for (const [position, node] of nodes.entries())
    if (node.through === undefined) place(node, position, undefined);
  return { width: WIDTH, height: boxes.length * (ROW + 6) - 6, boxes, arrows };
}

function box(
  node: BaseNode,
  { x, y, width }: { readonly x: number; readonly y: number; readonly width: number },
): Box {
  const name = fullName(node.index);
  const room = Math.max(4, Math.floor((width - 24 - countWidth(node)) / LETTER));
  const label = name.length <= room ? name : `${name.slice(0, room - 1)}…`;
  return { node, x, y, width, height: ROW, label };
}

function widthOf(node: BaseNode, most: number): number {
  const needed = Math.ceil(fullName(node.index).length * LETTER) + countWidth(node) + 36;
  return Math.min(most, Math.max(HALF, needed));
}

function countWidth({ count }: BaseNode): number {
  return count === undefined ? 0 : formatCount(count).length * LETTER;
}
