import { describe, expect, test } from 'vitest';
import { fullName, type Index } from '../model/index.ts';
import { treeOfBases } from './base-tree.ts';
import { drawBases, type Drawing } from './draw-bases.ts';

let ids = 0;
function index(name: string, bases: readonly string[] = [], type: Index['type'] = 'stage'): Index {
  const [user = '', rest = ''] = name.split('/');
  return { id: (ids += 1), user, name: rest, type, options: { bases }, isTrusted: false };
}

function nodes(order: readonly Index[], hidden: readonly Index[] = []) {
  const counts = new Map(order.map(({ id }) => [id, 42]));
  return treeOfBases(order, { hidden: new Set(hidden.map(({ id }) => id)), counts });
}

/** Every box inside, none over another, every arrow to the edge of one. */
function expectSound({ boxes, arrows, width, height }: Drawing): void {
  for (const [at, a] of boxes.entries()) {
    expect(a.x >= 0 && a.x + a.width <= width && a.y >= 0 && a.y + a.height <= height).toBe(true);
    for (const b of boxes.slice(at + 1)) {
      const isApart =
        a.y + a.height <= b.y || b.y + b.height <= a.y || a.x + a.width <= b.x || b.x + b.width <= a.x;
      expect(isApart, `${a.label} over ${b.label}`).toBe(true);
    }
  }
  expect(arrows).toHaveLength(boxes.length - 1);
}

describe('the drawing of the bases', () => {
  test('has a row for each step, as they are asked', () => {
    const order = [
      index('alice/dev', ['alice/prod']),
      index('alice/prod', ['root/wheels', 'root/pypi']),
      index('root/wheels'),
      index('root/pypi', [], 'mirror'),
    ];
    const drawing = drawBases(nodes(order));

    expectSound(drawing);
    expect(drawing.boxes.map(({ label }) => label)).toEqual(order.map(fullName));
    expect(drawing.boxes.map(({ y }) => y)).toEqual([0, 54, 108, 108]);
  });

  test('hangs each below the one that names it where a step has many', () => {
    const names = Array.from({ length: 40 }, (_each, at) => `team/base-${at}`);
    const order = [
      index('a/b', names),
      ...names.map((name, at) => index(name, at === 3 ? ['x/y'] : [])),
      index('x/y', ['x/z', 'a/b']),
      index('x/z', ['root/pypi']),
      index('root/pypi', [], 'mirror'),
    ];
    const drawing = drawBases(nodes(order));

    expectSound(drawing);
    const labels = drawing.boxes.map(({ label }) => label);
    expect(labels.slice(4, 9)).toEqual(['team/base-3', 'x/y', 'x/z', 'root/pypi', 'team/base-4']);
  });

  test('shortens names that have no room, and tells no number of what is hidden', () => {
    const order = [index(`alice/${'n'.repeat(90)}`, ['b/c']), index('b/c')];
    const drawing = drawBases(nodes(order, order.slice(1)));

    expectSound(drawing);
    expect(drawing.boxes[0]?.label).toMatch(/^alice\/n+…$/);
    expect(drawing.boxes[1]?.node).toMatchObject({ isHidden: true, count: undefined });
  });

  test('of an index without bases is one box', () => {
    expectSound(drawBases(nodes([index('a/b', ['gone/base'])])));
  });

  test('of two that name each other ends', () => {
    expectSound(drawBases(nodes([index('a/b', ['c/d']), index('c/d', ['a/b', 'c/d'])])));
  });
});
