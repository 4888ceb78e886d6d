import type { Config } from '#kernel/config/kernel-settings.ts';
import { wholeNumber, type ConfigOf, type Setting } from '#kernel/config/setting.ts';
import { z } from 'zod';

const AN_INDEX = { error: 'must be an index, as USER/INDEX' };
const index = z.string(AN_INDEX).regex(/^[^/\s]+\/[^/\s]+$/, AN_INDEX);

export const buildsSettings = [
  {
    name: 'builds.index',
    type: index,
    default: 'root/wheels',
    sentence:
      'Where wheels of a mirror’s sdists appear; the first `wheelhouse build add` makes it, if it is one of root.',
  },
  {
    name: 'builds.lease-seconds',
    type: wholeNumber(5, 86_400),
    default: 120,
    sentence: 'After so many seconds without a word of its builder a build is given to another one.',
  },
  {
    name: 'builds.read-minutes',
    type: wholeNumber(1, 10_080),
    default: 15,
    sentence: 'How often watched projects are looked at for new releases.',
  },
  {
    name: 'builds.max-wheel-bytes',
    type: wholeNumber(1),
    default: 4 * 1024 ** 3,
    sentence: 'The largest wheel that a builder may bring.',
  },
  {
    name: 'builds.max-log-bytes',
    type: wholeNumber(1024),
    default: 16 * 1024 ** 2,
    sentence: 'How much of the log of a build is kept; its middle goes.',
  },
  {
    name: 'builds.min-free-bytes',
    type: wholeNumber(0),
    default: 1024 ** 3,
    sentence: 'With less free on the disk of the stored files no builds are given out; the indexes go on.',
  },
  {
    name: 'builds.time-limit-minutes',
    type: wholeNumber(1, 10_080),
    default: 180,
    sentence: 'How long a build may take.',
  },
] as const satisfies readonly Setting[];

export type BuildsConfig = Config & ConfigOf<typeof buildsSettings>;

/** The configuration with the values of this part's settings, which every configuration has. */
export function buildsConfig(config: Config): BuildsConfig {
  return config as BuildsConfig;
}
