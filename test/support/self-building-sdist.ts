import { sdist, sdistFilename, type SdistOptions } from './archives.ts';

const BACKEND = `
import base64, hashlib, os, zipfile

def prepare_metadata_for_build_wheel(directory, config_settings=None):
    os.mkdir(os.path.join(directory, INFO))
    with open(os.path.join(directory, INFO, 'METADATA'), 'w') as file:
        file.write(METADATA)
    return INFO

def build_wheel(directory, config_settings=None, metadata_directory=None):
    import during_build
    files = {NAME + '.py': MODULE, **EXTENSION, INFO + '/METADATA': METADATA, INFO + '/WHEEL': WHEEL}
    def line(name, text):
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()
        return '%s,sha256=%s,%d\\n' % (name, digest, len(text.encode()))
    record = ''.join(line(*each) for each in files.items()) + INFO + '/RECORD,,\\n'
    filename = INFO[:-len('.dist-info')] + '-' + TAG + '.whl'
    with zipfile.ZipFile(os.path.join(directory, filename), 'w') as archive:
        for name, text in [*files.items(), (INFO + '/RECORD', record)]:
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
    return filename
`;

export interface SelfBuildingOptions extends Pick<SdistOptions, 'name' | 'version' | 'files'> {
  /** Python that runs in the middle of the build. */
  readonly duringBuild?: string;
  /** The one module of the wheel. */
  readonly module?: string;
  /** The name of an extension module in the wheel that is none. */
  readonly extension?: string;
  /** Another tag than `py3-none-any`. */
  readonly tag?: string;
  /** More headers of METADATA, each with its line end. */
  readonly headers?: string;
}

/** An sdist that brings its own build backend, so that nothing is fetched for it. */
export function selfBuildingSdist(options: SelfBuildingOptions = {}): {
  readonly filename: string;
  readonly bytes: Buffer;
} {
  const { name = 'demo', version = '1.0', tag = 'py3-none-any', duringBuild = '', headers = '' } = options;
  const { extension } = options;
  const constants = {
    EXTENSION: extension === undefined ? {} : { [`${extension}.so`]: 'no library\n' },
    NAME: name,
    INFO: `${name}-${version}.dist-info`,
    TAG: tag,
    MODULE: options.module ?? 'answer = 42\n',
    METADATA: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n${headers}`,
    WHEEL: `Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: ${tag}\n`,
  };
  const head = Object.entries(constants).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  const files = {
    'pyproject.toml': '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    'setup.py': undefined,
    'backend.py': head.join('') + BACKEND,
    'during_build.py': duringBuild,
    ...options.files,
  };
  return { filename: sdistFilename({ name, version }), bytes: sdist({ name, version, files }) };
}
