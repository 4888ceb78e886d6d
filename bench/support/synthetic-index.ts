// A package index that exists only as a seed: the same projects, pages, metadata and wheels on every machine.
import { createHash } from 'node:crypto';
import { metadataText, wheel } from '#test/archives.ts';

export interface IndexFile {
  readonly filename: string;
  readonly version: string;
  /** Wheels have a metadata sidecar, sdists have none. */
  readonly tag: string | undefined;
  readonly sha256: string;
  readonly size: number;
  readonly metadataSha256: string | undefined;
  readonly uploadTime: string;
}

export interface IndexProject {
  readonly name: string;
  readonly files: readonly IndexFile[];
}

/** What a set of requirements must resolve to. */
export interface Resolution {
  readonly requirements: readonly string[];
  /** Project to version. */
  readonly pins: Readonly<Record<string, string>>;
}

const TOP_LEVEL_PROJECTS = 40;
/** Only the newest releases have wheels that can be downloaded; older ones are listed, with their metadata. */
const REAL_RELEASES = 5;

/** Files in a project's page, and how many of them a release has: what the pages of a machine-learning application hold. */
const shapes = [
  { projects: 2, files: 4000, perRelease: 2 },
  { projects: 2, files: 2400, perRelease: 24 },
  { projects: 8, files: 1200, perRelease: 24 },
  { projects: 18, files: 700, perRelease: 16 },
  { projects: 50, files: 300, perRelease: 2 },
  { projects: 60, files: 120, perRelease: 2 },
  { projects: 60, files: 40, perRelease: 2 },
];

const PYTHONS = ['cp311', 'cp312', 'cp313', 'cp310', 'cp39', 'cp38'];
const PLATFORMS = ['manylinux_2_28_x86_64', 'manylinux_2_28_aarch64', 'macosx_11_0_arm64', 'win_amd64'];
const compiledTags = PYTHONS.flatMap((python) =>
  PLATFORMS.map((platform) => `${python}-${python}-${platform}`),
);

const REQUIRES_PYTHON = '>=3.8';
const FIRST_UPLOAD = Date.UTC(2019, 0, 1);
const DAY_MS = 86_400_000;

/** The whole index; made in a second or two. */
export class SyntheticIndex {
  readonly resolution: Resolution;
  readonly #projects = new Map<string, IndexProject>();
  readonly #plans: readonly Plan[];
  #lastLarge: { readonly filename: string; readonly bytes: Buffer } | undefined;

  constructor() {
    this.#plans = planProjects();
    for (const plan of this.#plans) this.#projects.set(plan.name, makeProject(plan));
    this.resolution = {
      requirements: this.#plans.slice(0, TOP_LEVEL_PROJECTS).map(({ name }) => name),
      pins: Object.fromEntries(this.#plans.map((plan) => [plan.name, plan.versions.at(-1 - plan.heldBack)!])),
    };
  }

  names(): string[] {
    return [...this.#projects.keys()];
  }

  project(name: string): IndexProject | undefined {
    const known = this.#projects.get(name);
    if (known !== undefined) return known;
    const plan = extraPlan(name);
    if (plan === undefined) return undefined;
    const made = makeProject(plan);
    this.#projects.set(name, made);
    return made;
  }

  /** The bytes of a file or of its sidecar, undefined if it is listed but not there. */
  read(name: string, filename: string): Buffer | undefined {
    const plan = this.#plans.find((each) => each.name === name) ?? extraPlan(name);
    const isSidecar = filename.endsWith('.metadata');
    const file = this.project(name)?.files.find(
      (each) => each.filename === (isSidecar ? filename.slice(0, -'.metadata'.length) : filename),
    );
    if (plan === undefined || file?.tag === undefined) return undefined;
    if (isSidecar) return Buffer.from(metadataOf(plan, file.version));
    const isReal = plan.versions.indexOf(file.version) >= plan.versions.length - REAL_RELEASES;
    if (!isReal) return undefined;
    if (this.#lastLarge?.filename === filename) return this.#lastLarge.bytes;
    const bytes = makeWheel(plan, file.version, file.tag);
    if (plan.payloadBytes > 0) this.#lastLarge = { filename, bytes };
    return bytes;
  }
}

/** Names of projects that nobody has asked for yet: `fresh-3-300` has 300 files, `burst-7` a wheel of 50 MB. */
export const freshProject = (round: string, files: number) => `fresh-${round}-${files}`;
export const burstProject = (round: string) => `burst-${round}`;
const BURST_BYTES = 50_000_000;

interface Plan {
  readonly name: string;
  /** Oldest first. */
  readonly versions: readonly string[];
  readonly tags: readonly string[];
  readonly hasSdist: boolean;
  readonly requirements: readonly string[];
  /** How many of the newest releases a cap in somebody's requirements rules out. */
  readonly heldBack: number;
  readonly description: string;
  readonly payloadBytes: number;
}

function planProjects(): Plan[] {
  const random = makeRandom('projects');
  const sizes = shapes.flatMap(({ projects, ...shape }) => Array.from({ length: projects }, () => shape));
  shuffle(sizes, random);
  const names = sizes.map((_shape, index) => projectName(index));
  const versions = sizes.map(({ files, perRelease }) => versionsOf(Math.ceil(files / perRelease)));
  const heldBack = sizes.map((_shape, index) =>
    index >= TOP_LEVEL_PROJECTS && random() < 0.15 ? 1 + Math.floor(random() * 3) : 0,
  );
  const requirements: string[][] = names.map(() => []);
  const need = (parent: number, child: number) => {
    const known = versions[child]!;
    const lowest = known[Math.floor((known.length - 1 - heldBack[child]!) * random())]!;
    const cap = heldBack[child] === 0 ? '' : `,<${known[known.length - heldBack[child]!]!}`;
    requirements[parent]!.push(`${names[child]!}>=${lowest}${cap}`);
  };
  for (let child = TOP_LEVEL_PROJECTS; child < names.length; child++) {
    const parents = new Set([Math.floor(random() * child)]);
    while (random() < 0.65) parents.add(Math.floor(random() * child));
    for (const parent of parents) need(parent, child);
  }
  for (const list of requirements) {
    // What real metadata is full of, and what a resolver must skip.
    list.push('never-installed>=1; python_version < "3.0"', 'never-tested>=1; extra == "test"');
  }
  return names.map((name, index) => {
    const { perRelease } = sizes[index]!;
    return {
      name,
      versions: versions[index]!,
      tags: perRelease === 2 ? ['py3-none-any'] : compiledTags.slice(0, perRelease - 1),
      hasSdist: true,
      requirements: requirements[index]!,
      heldBack: heldBack[index]!,
      description: describeProject(random),
      payloadBytes: 0,
    };
  });
}

function extraPlan(name: string): Plan | undefined {
  const [, kind, rest = ''] = /^(fresh|burst|bench)-([a-z0-9-]+)$/.exec(name) ?? [];
  const plain = {
    name,
    hasSdist: false,
    requirements: [],
    heldBack: 0,
    description: 'made for a benchmark\n',
  };
  if (kind === 'burst') {
    return { ...plain, versions: ['1.0.0'], tags: ['py3-none-any'], payloadBytes: BURST_BYTES };
  }
  const files = Number(rest.split('-').at(-1));
  if (kind === undefined || !Number.isInteger(files)) return undefined;
  const tags = compiledTags.filter((tag) => tag.endsWith('x86_64')).slice(0, 4);
  return { ...plain, versions: versionsOf(Math.ceil(files / tags.length)), tags, payloadBytes: 0 };
}

const SYLLABLES = [
  'ba',
  'cor',
  'den',
  'fa',
  'gri',
  'hol',
  'jun',
  'ka',
  'lum',
  'mer',
  'nor',
  'pi',
  'qua',
  'ros',
];

function projectName(index: number): string {
  const { length } = SYLLABLES;
  return `${SYLLABLES[index % length]}${SYLLABLES[Math.floor(index / length) % length]}-${index}`;
}

/** `count` names that are nobody's: what makes a root list long. */
export function* fillerNames(count: number): Generator<string> {
  for (let index = 0; index < count; index++) {
    const { length } = SYLLABLES;
    yield `${SYLLABLES[index % length]}${SYLLABLES[(index * 7 + 3) % length]}-${SYLLABLES[(index >> 4) % length]}${index}`;
  }
}

function versionsOf(releases: number): string[] {
  return Array.from(
    { length: releases },
    (_each, index) => `${1 + Math.floor(index / 100)}.${Math.floor(index / 10) % 10}.${index % 10}`,
  );
}

function makeProject(plan: Plan): IndexProject {
  const prefix = plan.name.replaceAll('-', '_');
  const files = plan.versions.flatMap((version, index) => {
    const metadataSha256 = sha256(metadataOf(plan, version));
    const isReal = index >= plan.versions.length - REAL_RELEASES;
    const uploadTime = new Date(FIRST_UPLOAD + index * DAY_MS).toISOString().replace('.000Z', '.123456Z');
    const wheels = plan.tags.map((tag): IndexFile => {
      const filename = `${prefix}-${version}-${tag}.whl`;
      const bytes = isReal ? makeWheel(plan, version, tag) : undefined;
      return {
        filename,
        version,
        tag,
        sha256: bytes === undefined ? sha256(filename) : sha256(bytes),
        size: bytes?.length ?? 100_000 + filename.length * index,
        metadataSha256,
        uploadTime,
      };
    });
    if (!plan.hasSdist) return wheels;
    const filename = `${prefix}-${version}.tar.gz`;
    const sdist = { filename, version, sha256: sha256(filename), size: 50_000 + index, uploadTime };
    return [...wheels, { ...sdist, tag: undefined, metadataSha256: undefined }];
  });
  return { name: plan.name, files };
}

function metadataOf({ name, requirements, description }: Plan, version: string): string {
  return metadataText({
    name,
    version,
    metadata: {
      Summary: `${name} of a benchmark`,
      'Requires-Python': REQUIRES_PYTHON,
      'Description-Content-Type': 'text/markdown',
      'Requires-Dist': requirements,
      'Provides-Extra': 'test',
    },
    description,
  });
}

function makeWheel(plan: Plan, version: string, tag: string): Buffer {
  const payload = plan.payloadBytes === 0 ? {} : { 'payload.bin': noise(plan.name, plan.payloadBytes) };
  return wheel({ name: plan.name, version, tag, metadata: metadataOf(plan, version), files: payload });
}

/** Between one and some twenty kilobytes, most of them short. */
function describeProject(random: () => number): string {
  const words = 150 + Math.floor(random() ** 3 * 3500);
  return `${Array.from({ length: words }, (_each, index) => {
    const word =
      SYLLABLES[Math.floor(random() * SYLLABLES.length)]! +
      SYLLABLES[Math.floor(random() * SYLLABLES.length)]!;
    return index % 12 === 11 ? `${word}.\n` : `${word} `;
  }).join('')}\n`;
}

const NOISE_BLOCK = 1_000_000;

/** Bytes that nothing can compress: deflate looks back no further than 32 KB. */
function noise(seed: string, bytes: number): Buffer {
  const random = makeRandom(seed);
  const block = Buffer.allocUnsafe(NOISE_BLOCK);
  for (let at = 0; at < NOISE_BLOCK; at += 4) block.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
  return Buffer.alloc(bytes, block);
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function makeRandom(seed: string): () => number {
  let state = createHash('sha256').update(seed).digest().readUInt32LE();
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffle(items: unknown[], random: () => number): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other], items[last]];
  }
}
