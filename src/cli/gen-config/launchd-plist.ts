import { join } from 'node:path';
import { plainWord, type Service } from './service.ts';

/** The property list of launchd, for macOS. */
export function launchdPlist(label: string, { argv, environment, serverdir }: Service): string {
  const variables = Object.entries(environment).flatMap(([name, value]) => [
    `<key>${name}</key>`,
    string(value),
  ]);
  const log = string(join(serverdir, 'server.log'));
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
    <key>Label</key>
    ${string(label)}
    <key>ProgramArguments</key>
    <array>
${argv.map((word) => `        ${string(word)}\n`).join('')}    </array>
    <key>EnvironmentVariables</key>
    <dict>
${variables.map((line) => `        ${line}\n`).join('')}    </dict>
    <key>Umask</key>
    <integer>63</integer>
    <key>SoftResourceLimits</key>
    <dict>
        <key>NumberOfFiles</key>
        <integer>65536</integer>
    </dict>
    <key>RunAtLoad</key>
    <true/>
    <key>KeepAlive</key>
    <true/>
    <key>StandardOutPath</key>
    ${log}
    <key>StandardErrorPath</key>
    ${log}
</dict>
</plist>
`;
}

/** None of the characters that XML knows may be in a word. */
function string(value: string): string {
  return `<string>${plainWord(value)}</string>`;
}
