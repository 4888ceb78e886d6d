import { environment } from '#kernel/config/environment.ts';
import { silentProgress, terminalProgress } from '#kernel/progress.ts';
import { defineCommand } from '../command.ts';
import { plural } from '../plural.ts';
import { formatBytes } from '../format-bytes.ts';
import { flag, several, text, texts } from '../options.ts';
import type { Missing } from '../prime/choose-files.ts';

const DEFAULT_INDEX = 'http://localhost:3141/root/pypi';

export const command = defineCommand({
  summary: 'Fetch everything that lock files name through an index, for later or for a bundle',
  args: {
    files: several(
      'uv.lock, pylock.toml, pdm.lock, poetry.lock, Pipfile.lock, or requirements files whose versions are pinned',
    ),
  },
  options: {
    index: text('url', `Index of a running server; default is ${DEFAULT_INDEX}.`),
    only: texts('glob', 'Fetch files with matching names only'),
    bundle: text('file', 'Write what was fetched to a tar file, for a server without a network.'),
    json: flag('Print a summary as JSON.'),
  },
  examples: [
    'wheelhouse prime requirements.txt',
    "wheelhouse prime uv.lock --index http://localhost:3141/root/pypi --only '*-none-any.whl' --only '*manylinux*x86_64.whl'",
    'wheelhouse prime requirements.txt --bundle packages.tar',
  ],
  async run({ args, options }) {
    const { readLocks } = await import('#python/locks/read-locks.ts');
    const { readIndexUrl } = await import('../client/index-url.ts');
    const { fetchLock } = await import('../prime/fetch-lock.ts');
    const { index = DEFAULT_INDEX, only, bundle, json } = options;
    const { url, name } = readIndexUrl(index);
    const { packages, skipped } = await readLocks(args.files);
    for (const { where, reason } of skipped) process.stderr.write(`warning: ${where}: ${reason}\n`);
    const progress = json ? silentProgress : terminalProgress();
    const fetched = await fetchLock(url, packages, only, progress);
    const { files, missing } = fetched;
    const isWhole = missing.length === 0;
    let written;
    if (bundle !== undefined && isWhole) {
      const { writeBundle } = await import('../prime/bundle-writer.ts');
      const digest = await writeBundle({ ...fetched, path: bundle, index: name, createdAt: now() }, progress);
      written = { path: bundle, ...digest };
    }
    const bytes = files.reduce((sum, file) => sum + file.size + (file.sidecar?.size ?? 0), 0);
    const summary = { index: url, packages: packages.length, files: files.length, bytes, missing, skipped };
    if (json) {
      process.stdout.write(`${JSON.stringify({ ...summary, bundle: written ?? null }, null, 2)}\n`);
    } else {
      process.stdout.write(missing.map(describeMissing).join(''));
      process.stderr.write(
        `${plural(files.length, 'file')} of ${plural(packages.length, 'package')}, ${formatBytes(bytes)}, fetched through ${url}\n`,
      );
      if (written !== undefined)
        process.stderr.write(`${bundle}: ${formatBytes(written.size)}, sha256 ${written.sha256}\n`);
      if (!isWhole)
        process.stderr.write(
          `${missing.length} missing${bundle === undefined ? '' : '; no bundle was written'}\n`,
        );
    }
    return isWhole ? 0 : 1;
  },
});

/** As reproducible builds have it, so that the same contents can give the same bundle. */
function now(): Date {
  const seconds = environment['SOURCE_DATE_EPOCH'];
  return seconds !== undefined && /^\d{1,10}$/.test(seconds) ? new Date(Number(seconds) * 1000) : new Date();
}

function describeMissing({ project, version, filename, reason }: Missing): string {
  return `missing ${project} ${version}${filename === undefined ? '' : ` ${filename}`}: ${reason}\n`;
}
