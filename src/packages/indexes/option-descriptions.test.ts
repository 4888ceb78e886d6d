import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { IndexType } from '../model/index.ts';
import { optionDescriptions } from './option-descriptions.ts';
import { isListOption, optionNames } from './options.ts';

const guides = { stage: 'private-index', mirror: 'mirror' } as const;
const types: readonly IndexType[] = ['stage', 'mirror'];

const described = (type: IndexType) => optionDescriptions.filter((each) => each.types.includes(type));

test.each(types)('every option of a %s is described once, and nothing else', (type) => {
  expect(
    described(type)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(optionNames[type].toSorted());
});

test.each(types)('what takes a list in a %s is written as one', (type) => {
  for (const { name, kind } of described(type)) {
    expect(['principals', 'projects', 'indexes'].includes(kind), name).toBe(isListOption(type, name));
  }
});

test.each(types)('the guide has a row for every option of a %s', (type) => {
  const guide = readFileSync(new URL(`../../../docs/guides/${guides[type]}.md`, import.meta.url), 'utf8');
  const rows = [...guide.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, name]) => name);

  expect(rows).toEqual(expect.arrayContaining([...optionNames[type]]));
});
