import { z } from 'zod';
import { operations } from '#packages/contract';
import { compareVersions } from '#python/names/compare-versions.ts';
import type { CurrentIndex } from '../current-index.ts';
import type { ReleaseSpec } from './release-spec.ts';

const Links = z.array(
  z.looseObject({
    href: z.string(),
    rel: z.string(),
    hashes: z.record(z.string(), z.string()).optional(),
    for_href: z.string().optional(),
  }),
);

const Version = z.looseObject({
  name: z.string().optional(),
  '+links': Links.optional(),
  '+shadowing': z.array(z.looseObject({ '+links': Links.optional() })).optional(),
});

export interface ReleaseFile {
  readonly href: string;
  readonly filename: string;
  readonly sha256: string | undefined;
  /** Of the index itself, not of one that it inherits from. */
  readonly isOwn: boolean;
  /** Addresses of what tox told of it, oldest first. */
  readonly toxResults: readonly string[];
}

/** A version of a project as an index shows it. */
export interface Release {
  /** Of the project, as it is spelled there. */
  readonly name: string;
  readonly version: string;
  readonly files: readonly ReleaseFile[];
  /** Of indexes behind, hidden by the same version. */
  readonly shadowed: readonly ReleaseFile[];
}

/** The releases of a project that the spec names, newest first. Throws what the server refuses. */
export async function readReleases(
  { client, user, index, url }: CurrentIndex,
  spec: ReleaseSpec,
  { ignoreBases }: { readonly ignoreBases: boolean },
): Promise<readonly Release[]> {
  const { result } = await client.call(operations.readProject, {
    params: { user, index, project: spec.project },
    query: { ignore_bases: ignoreBases ? '' : undefined },
  });
  const whole = (href: string): string => new URL(href, `${url}/`).href;
  const filesOf = (links: z.output<typeof Links> = []): readonly ReleaseFile[] => {
    const results = links.filter(({ rel }) => rel === 'toxresult');
    return links
      .filter(({ rel }) => rel === 'releasefile')
      .map((link) => {
        const href = whole(link.href);
        return {
          href,
          filename: decodeURIComponent(new URL(href).pathname.split('/').at(-1) ?? ''),
          sha256: link.hashes?.['sha256'],
          isOwn: href.startsWith(`${url}/`),
          toxResults: results
            .filter(({ for_href: file }) => file !== undefined && whole(file) === href)
            .map((result) => whole(result.href)),
        };
      })
      .toSorted((a, b) => (a.filename < b.filename ? -1 : Number(a.filename > b.filename)));
  };
  return Object.entries(result)
    .filter(([version]) => spec.includes(version))
    .map(([version, data]) => {
      const { name = spec.name, '+links': links, '+shadowing': shadowing = [] } = Version.parse(data);
      const shadowed = shadowing.flatMap((each) => filesOf(each['+links']));
      return { name, version, files: filesOf(links), shadowed };
    })
    .toSorted((a, b) => compareVersions(b.version, a.version));
}
