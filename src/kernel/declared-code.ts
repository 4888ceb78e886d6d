/** The name under which the world knows what a part declares as `key`: `part.kebab-case-key`. */
export function declaredCode(part: string, key: string): string {
  return `${part}.${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
