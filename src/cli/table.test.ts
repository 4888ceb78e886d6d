import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { renderTable } from './table.ts';

const columns = [{ title: 'NAME' }, { title: 'FILES' }, { title: 'SUMMARY' }];

test('a table has its titles above it, and numbers to the right', () => {
  expect(
    renderTable(columns, [
      ['demo', 7, 'says hello'],
      ['日本語', 1200, undefined],
    ]),
  ).toBe('NAME    FILES  SUMMARY\ndemo        7  says hello\n日本語   1200\n');
});

test('a table without rows is nothing', () => {
  expect(renderTable(columns, [])).toBe('');
});

test('the widest cells are shortened until the lines fit, and nothing is where no width is given', () => {
  const rows = [['demo', 7, '日本語のとても長い説明です。とても長い説明です。']] as const;

  expect(renderTable(columns, rows, { width: 30 })).toBe(
    'NAME  FILES  SUMMARY\ndemo      7  日本語のとても長…\n',
  );
  expect(renderTable(columns, rows)).toContain('とても長い説明です。\n');
});

test('a column that is to stay whole is shortened last', () => {
  const id = 'an-id-that-is-typed-again';
  const table = renderTable([{ title: 'ID', isWhole: true }, { title: 'TEXT' }], [[id, 'x'.repeat(60)]], {
    width: 40,
  });

  expect(table).toContain(id);
  expect(table.split('\n').every((line) => stringWidth(line) <= 40)).toBe(true);
});

test('no line is wider than the terminal, whatever the cells hold', () => {
  const rows = [['👩‍🔬'.repeat(20), 1, '\u001b[2J\u202e'.repeat(9)]] as const;

  for (const line of renderTable(columns, rows, { width: 50 }).split('\n')) {
    expect(stringWidth(line)).toBeLessThanOrEqual(50);
    expect(line).not.toContain('\u001b');
    expect(line).not.toContain('\u202e');
  }
});
