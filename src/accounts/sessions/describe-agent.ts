const BROWSERS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bEdg(?:e|A|iOS)?\/(\d+)/, 'Edge'],
  [/\bOPR\/(\d+)/, 'Opera'],
  [/\bFxiOS\/(\d+)/, 'Firefox'],
  [/\bFirefox\/(\d+)/, 'Firefox'],
  [/\b(?:Headless)?Chrome\/(\d+)/, 'Chrome'],
  [/\bCriOS\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+)[\d.]* (?:Mobile\/\S+ )?Safari\//, 'Safari'],
];

const SYSTEMS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bAndroid\b/, 'Android'],
  [/\b(?:iPhone|iPad)\b/, 'iOS'],
  [/\bWindows NT\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

/** `Firefox 140 on Linux`: what people know a browser by. It may call itself as it likes, so this is no more than a hint. */
export function describeAgent(agent: string): string {
  const [pattern, name] = BROWSERS.find(([each]) => each.test(agent)) ?? [];
  const system = SYSTEMS.find(([each]) => each.test(agent))?.[1];
  if (pattern === undefined || name === undefined) return agent.slice(0, 60) || 'unnamed browser';
  const browser = `${name} ${pattern.exec(agent)?.[1] ?? ''}`;
  return system === undefined ? browser : `${browser} on ${system}`;
}
