import { quoted } from '../archive-rejected.ts';
import type { Zip, ZipEntry } from './zip/zip.ts';

const MAX_ENTRY_POINTS_BYTES = 4 * 1024 ** 2;
const MAX_FINDINGS = 20;
const PYTHON = /^python[0-9.]*w?(?:\.exe)?$/i;

/**
 * What a person should look at before trusting a wheel, as sentences: files that run at every start of Python, and
 * scripts that take the place of the interpreter (uv refuses those). Never rejects.
 */
export async function findSuspicious(
  zip: Zip,
  files: ReadonlyMap<string, ZipEntry>,
  distInfo: string,
): Promise<readonly string[]> {
  const findings = [...files.keys()].map(suspicion).filter((finding) => finding !== undefined);
  const entryPoints = files.get(`${distInfo}/entry_points.txt`);
  if (entryPoints && entryPoints.bytes <= MAX_ENTRY_POINTS_BYTES) {
    const text = (await zip.readEntry(entryPoints, MAX_ENTRY_POINTS_BYTES)).toString('utf8');
    for (const script of scriptNames(text)) {
      if (PYTHON.test(script) && findings.length < MAX_FINDINGS)
        findings.push(`entry point ${quoted(script)} replaces the Python interpreter`);
    }
  }
  return findings.slice(0, MAX_FINDINGS);
}

// The top of a wheel and its purelib and platlib directories all end up in site-packages.
function suspicion(name: string): string | undefined {
  const [, dataKind, inData] = /^[^/]+\.data\/([^/]+)\/(.+)$/.exec(name) ?? [];
  const placed = dataKind === undefined || inData === undefined ? name : inData;
  const inSitePackages = dataKind === undefined || dataKind === 'purelib' || dataKind === 'platlib';
  if (inSitePackages && /^[^/]+\.pth$/i.test(placed))
    return `${quoted(name)} is run at every start of Python`;
  if (inSitePackages && /^(?:sitecustomize|usercustomize)(?:\/__init__)?\.(?:py|pyc|so|pyd)$/.test(placed)) {
    return `${quoted(name)} is run at every start of Python`;
  }
  const isScript = dataKind === 'scripts' || (dataKind === 'data' && /^(?:bin|Scripts)\//i.test(placed));
  const last = placed.slice(placed.lastIndexOf('/') + 1);
  return isScript && PYTHON.test(last) ? `${quoted(name)} replaces the Python interpreter` : undefined;
}

// entry_points.txt is an INI file; only these two groups become programs.
function* scriptNames(text: string): Generator<string> {
  let group = '';
  for (const line of text.split(/\r\n|\r|\n/)) {
    const trimmed = line.trim();
    if (trimmed.startsWith('[') && trimmed.endsWith(']')) group = trimmed.slice(1, -1).trim();
    else if ((group === 'console_scripts' || group === 'gui_scripts') && trimmed.includes('=')) {
      yield trimmed.slice(0, trimmed.indexOf('=')).trim();
    }
  }
}
