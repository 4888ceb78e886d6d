import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What decides where installers look for their configuration. */
export interface Machine {
  readonly home: string;
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The virtual environment whose installers are meant, instead of the user's. */
  readonly venv: string | undefined;
}

/** The files that installers of one user read, as absolute paths. */
export interface Places {
  readonly pip: string;
  readonly uv: string;
  readonly easyInstall: string;
  readonly buildout: string;
  readonly poetry: string;
  readonly pdm: string;
  readonly pypirc: string;
  readonly netrc: string;
}

/** Where each installer looks, by its own rules and by those of devpi-client (reference devpi.md 5.3). */
export function findPlaces({ home, platform, environment, venv }: Machine): Places {
  const xdg = environment['XDG_CONFIG_HOME'] || join(home, '.config');
  const isMac = platform === 'darwin';
  const application = isMac ? join(home, 'Library', 'Application Support') : xdg;
  const legacyPip = join(home, '.pip', 'pip.conf');
  const macPip = join(application, 'pip');
  const userPip = isMac && existsSync(macPip) ? join(macPip, 'pip.conf') : join(xdg, 'pip', 'pip.conf');
  return {
    pip:
      (venv && join(venv, 'pip.conf')) ||
      environment['PIP_CONFIG_FILE'] ||
      (existsSync(legacyPip) ? legacyPip : userPip),
    uv: (venv && join(venv, 'uv.toml')) || environment['UV_CONFIG_FILE'] || join(xdg, 'uv', 'uv.toml'),
    easyInstall: join(home, '.pydistutils.cfg'),
    buildout: join(home, '.buildout', 'default.cfg'),
    poetry: join(environment['POETRY_CONFIG_DIR'] || join(application, 'pypoetry'), 'config.toml'),
    pdm: environment['PDM_CONFIG_FILE'] || join(application, 'pdm', 'config.toml'),
    pypirc: join(home, '.pypirc'),
    netrc: environment['NETRC'] || join(home, '.netrc'),
  };
}
