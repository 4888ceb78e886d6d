import { formatCount } from '#web/components/tabs.ts';
import { html, visible, type Html } from '#web/html.ts';
import { indexHref } from '../model/index-href.ts';
import { fullName } from '../model/index.ts';
import type { BaseNode } from './base-tree.ts';
import { drawBases, type Box } from './draw-bases.ts';

/** The bases of an index as a drawing, with the same as a list for who does not see it. */
export function baseDrawing(nodes: readonly BaseNode[]): Html {
  const { width, height, boxes, arrows } = drawBases(nodes);
  const hasMirror = nodes.some(({ index }) => index.type === 'mirror');
  return html`<div class="bases">
    <svg
      viewBox="-1 -1 ${width + 2} ${height + 2}"
      width="${width + 2}"
      height="${height + 2}"
      role="group"
      aria-label="The index and its bases"
    >
      ${
        arrows.length > 0 &&
        html`<defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">
          <path d="M0 0L8 4L0 8z" />
        </marker>
      </defs>`
      }
      ${arrows.map((path) => html`<path class="way" d="${path}" marker-end="url(#arrow)" />`)}
      ${boxes.map(draw)}
    </svg>
    <ol class="hidden">
      ${nodes.map((node) => html`<li>${describe(node, nodes)}</li>`)}
    </ol>
    ${
      nodes.length > 1 &&
      html`<p class="hint">asked in this order${hasMirror && '; dashed: a mirror, asked last'}</p>`
    }
  </div>`;
}

function draw({ node, x, y, width, height, label }: Box): Html {
  const classes = [
    node.index.type === 'mirror' ? 'mirror' : '',
    node.through === undefined ? 'asked' : '',
    node.isHidden ? 'untold' : '',
  ];
  const middle = y + height / 2 + 5;
  return html`<a href="${indexHref(node.index)}" class="${classes.filter(Boolean).join(' ')}">
    <rect x="${x}" y="${y}" width="${width}" height="${height}" rx="3" />
    <text x="${x + 11}" y="${middle}">${visible(label)}</text>
    ${
      node.count !== undefined &&
      html`<text class="count" x="${x + width - 11}" y="${middle}" text-anchor="end">${formatCount(node.count)}</text>`
    }
  </a>`;
}

function describe(node: BaseNode, nodes: readonly BaseNode[]): string {
  const by = node.through === undefined ? undefined : nodes[node.through];
  const kind = node.index.type === 'mirror' ? 'mirror ' : '';
  const way = by === undefined ? '' : `, a base of ${visible(fullName(by.index))}`;
  return `${kind}${visible(fullName(node.index))}${way}, ${told(node)}`;
}

function told({ count, isHidden, index }: BaseNode): string {
  if (isHidden || count === undefined) return 'which you may not read';
  const projects = `${formatCount(count)} ${count === 1 ? 'project' : 'projects'}`;
  return index.type === 'mirror' ? `${projects} known` : projects;
}
