import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

interface LockedPackage {
  readonly engines?: unknown;
  readonly hasInstallScript?: true;
}

const root = join(import.meta.dirname, '..');
const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));
const lock = read('package-lock.json') as { packages: Readonly<Record<string, LockedPackage>> };
const manifest = read('package.json') as {
  optionalDependencies: Record<string, string>;
  allowScripts: Record<string, boolean>;
};

describe('package-lock.json, which `npm run lock` writes,', () => {
  test('has the Node of every platform', () => {
    const nodes = Object.keys(manifest.optionalDependencies).map((name) => `node_modules/${name}`);

    expect(Object.keys(lock.packages)).toEqual(expect.arrayContaining(nodes));
  });

  test('holds no package against the Node that runs npm', () => {
    const picky = Object.entries(lock.packages).filter(([, { engines }]) => engines !== undefined);

    expect(picky.map(([path]) => path)).toEqual([]);
  });

  test('brings no install script that package.json does not decide on', () => {
    const scripted = Object.entries(lock.packages).filter(([, { hasInstallScript }]) => hasInstallScript);

    expect(scripted.map(([path]) => path.replace('node_modules/', ''))).toEqual(
      Object.keys(manifest.allowScripts),
    );
  });
});
