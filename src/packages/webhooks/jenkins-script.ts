/** The Python program that a Jenkins job runs: tests a release with tox, and has the result uploaded. */
export function jenkinsScript({
  indexUrl,
  project,
  version,
}: {
  readonly indexUrl: string;
  readonly project: string;
  readonly version: string;
}): string {
  // JSON strings of ASCII are Python strings, too.
  const literal = (text: string) =>
    JSON.stringify(text).replace(/[^ -~]/gu, (letter) =>
      [...letter].map((each) => `\\U${(each.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`).join(''),
    );
  return `# Written by Wheelhouse: tests a release that was just uploaded.
import os
import subprocess
import sys
import venv

INDEX = ${literal(indexUrl)}
RELEASE = ${literal(`${project}==${version}`)}

workspace = os.path.abspath(os.environ.get("WORKSPACE", "."))
environment = os.path.join(workspace, "_devpi")
client = os.path.join(workspace, "_devpi-client")
programs = os.path.join(environment, "Scripts" if os.name == "nt" else "bin")


def run(program, *arguments):
    print("$", program, *arguments, flush=True)
    return subprocess.call([os.path.join(programs, program), *arguments])


if not os.path.isdir(environment):
    venv.create(environment, with_pip=True)
install = ["-m", "pip", "install", "--quiet", "--upgrade", "--index-url", INDEX + "/+simple/"]
steps = [
    ("python", *install, "devpi-client", "tox"),
    ("devpi", "use", "--clientdir", client, INDEX),
    ("devpi", "test", "--clientdir", client, RELEASE),
]
for step in steps:
    code = run(*step)
    if code != 0:
        sys.exit(code)
`;
}
