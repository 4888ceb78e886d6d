import { readIni, removeIni, removeIniSection, setIni } from './edit-ini.ts';
import { readToml, removeToml, setToml, type TomlPath } from './edit-toml.ts';
import type { Places } from './places.ts';

/** What installers are set to. */
export interface Target {
  /** Of the index, without a slash at the end. */
  readonly url: string;
  /** Who uploads, if somebody is logged in. */
  readonly user: string | undefined;
  /** Whether the index takes uploads; else where uploads go stays as it is. */
  readonly takesUploads: boolean;
  /** Whether pip trusts the host whatever its certificate says. */
  readonly isTrusted: boolean;
}

/** How one file of configuration names an index; all functions are from text to text. */
export interface Configuration {
  readonly place: keyof Places;
  /** devpi-client tells of it whether it is there or not. */
  readonly isDevpis: boolean;
  /** The index that the file names, as it stands there. */
  read(text: string): string | undefined;
  set(text: string, target: Target): string;
  /** Takes away what names an index of a server, and nothing else. */
  remove(text: string, server: string): string;
}

/** How uploaders and installers that name their indexes call this one. */
const REPOSITORY = 'wheelhouse';

const simple = (url: string) => `${url}/+simple/`;

function isOf(server: string, url: string | undefined): boolean {
  return url !== undefined && `${withoutPassword(url)}/`.startsWith(`${server}/`);
}

function withoutPassword(url: string): string {
  return url.replace(/^(https?:\/\/)[^/@]*@/, '$1');
}

/** Every configuration, in the order in which devpi-client tells of them; `.netrc` aside. */
export const configurations: readonly Configuration[] = [
  {
    place: 'pip',
    isDevpis: true,
    read: (text) => readIni(text, 'index-url')?.join(' '),
    set(text, { url, isTrusted }) {
      const values = [simple(url)];
      const named = setIni(text, { section: 'global', key: 'index-url', values, isAnywhere: true });
      const { hostname } = new URL(url);
      const others = trustedHosts(named).filter((host) => host !== hostname);
      return withTrustedHosts(named, isTrusted ? [...others, hostname] : others);
    },
    remove(text, server) {
      const { hostname } = new URL(server);
      if (!isOf(server, readIni(text, 'index-url')?.[0])) return text;
      const rest = removeIni(text, 'index-url');
      return withTrustedHosts(
        rest,
        trustedHosts(rest).filter((host) => host !== hostname),
      );
    },
  },
  {
    place: 'uv',
    isDevpis: true,
    read: (text) => readToml(text, ['index-url']),
    set(text, { url, takesUploads }) {
      // uv takes the one of its pip table for `uv pip`.
      const inPip: TomlPath = ['pip', 'index-url'];
      const own = readToml(text, inPip) === undefined ? text : setToml(text, inPip, simple(url));
      const named = takesUploads ? setToml(own, ['publish-url'], `${url}/`) : own;
      return setToml(named, ['index-url'], simple(url));
    },
    remove: (text, server) =>
      removeTomlOf(text, server, [['index-url'], ['publish-url'], ['pip', 'index-url']]),
  },
  {
    place: 'easyInstall',
    isDevpis: true,
    ...oneOption('easy_install', 'index_url', simple),
  },
  { place: 'buildout', isDevpis: true, ...oneOption('buildout', 'index', simple) },
  {
    place: 'poetry',
    isDevpis: false,
    read: (text) => readToml(text, ['repositories', REPOSITORY, 'url']),
    set: (text, { url, takesUploads }) =>
      takesUploads ? setToml(text, ['repositories', REPOSITORY, 'url'], `${url}/`) : text,
    remove: (text, server) => removeTomlOf(text, server, [['repositories', REPOSITORY, 'url']]),
  },
  {
    place: 'pdm',
    isDevpis: false,
    read: (text) => readToml(text, ['pypi', 'url']),
    set(text, { url, takesUploads }) {
      const named = setToml(text, ['pypi', 'url'], simple(url));
      if (!takesUploads) return named;
      return setToml(named, ['repository', REPOSITORY, 'url'], `${url}/`);
    },
    remove: (text, server) =>
      removeTomlOf(text, server, [
        ['pypi', 'url'],
        ['repository', REPOSITORY, 'url'],
      ]),
  },
  {
    place: 'pypirc',
    isDevpis: false,
    read: (text) => readIni(text, 'repository', REPOSITORY)?.[0],
    set(text, { url, user, takesUploads }) {
      if (!takesUploads) return text;
      const names = readIni(text, 'index-servers', 'distutils') ?? [];
      const values = names.flatMap((name) => name.split(/\s+/)).filter(Boolean);
      const listed = values.includes(REPOSITORY)
        ? text
        : setIni(text, { section: 'distutils', key: 'index-servers', values: [...values, REPOSITORY] });
      const before = readIni(text, 'repository', REPOSITORY)?.[0];
      const isElsewhere = before !== undefined && URL.parse(before)?.origin !== new URL(url).origin;
      // A password must not go to another host than the one it was written for.
      const rest = isElsewhere ? removeIni(listed, 'password', REPOSITORY) : listed;
      const section = REPOSITORY;
      const named = user === undefined ? rest : setIni(rest, { section, key: 'username', values: [user] });
      return setIni(named, { section, key: 'repository', values: [`${url}/`] });
    },
    remove(text, server) {
      if (!isOf(server, readIni(text, 'repository', REPOSITORY)?.[0])) return text;
      const rest = removeIniSection(text, REPOSITORY);
      const names = (readIni(rest, 'index-servers', 'distutils') ?? []).flatMap((name) => name.split(/\s+/));
      const others = names.filter((name) => name !== REPOSITORY);
      return others.length === 0
        ? removeIni(rest, 'index-servers', 'distutils')
        : setIni(rest, { section: 'distutils', key: 'index-servers', values: others });
    },
  },
];

function oneOption(
  section: string,
  key: string,
  address: (url: string) => string,
): Pick<Configuration, 'read' | 'set' | 'remove'> {
  return {
    read: (text) => readIni(text, key, section)?.[0],
    set: (text, { url }) => setIni(text, { section, key, values: [address(url)] }),
    remove: (text, server) =>
      isOf(server, readIni(text, key, section)?.[0]) ? removeIni(text, key, section) : text,
  };
}

function removeTomlOf(text: string, server: string, paths: readonly TomlPath[]): string {
  return paths.reduce(
    (rest, path) => (isOf(server, readToml(rest, path)) ? removeToml(rest, path) : rest),
    text,
  );
}

function trustedHosts(text: string): readonly string[] {
  return (readIni(text, 'trusted-host', 'global') ?? []).flatMap((line) => line.split(/\s+/)).filter(Boolean);
}

function withTrustedHosts(text: string, hosts: readonly string[]): string {
  if (hosts.join(' ') === trustedHosts(text).join(' ')) return text;
  if (hosts.length === 0) return removeIni(text, 'trusted-host', 'global');
  return setIni(text, { section: 'global', key: 'trusted-host', values: hosts });
}
