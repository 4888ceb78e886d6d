/**
 * Makes visible what changes the direction of the text around it: such characters can make one text look like another
 * (CVE-2021-42574). Marks of a direction, which right-to-left texts need, stay.
 */
export function showBidiControls(text: string): string {
  return text.replace(/[\u202A-\u202E\u2066-\u2069]/g, (character) => {
    return `[U+${character.charCodeAt(0).toString(16).toUpperCase()}]`;
  });
}
