const SUFFIX = /^(.+)\.toxresult-[\w-]{1,100}$/;

/** `FILENAME.toxresult-YYYYmmddHHMMSS-N`: what a result is called (reference devpi.md 1.10). */
export function resultName(filename: string, at: number, n: number): string {
  const digits = new Date(at).toISOString().replace(/\D/g, '').slice(0, 14);
  return `${filename}.toxresult-${digits}-${n}`;
}

/** The address of the file that was tested, or its name, if this is the one of a result. */
export function testedFile(address: string): string | undefined {
  return SUFFIX.exec(address)?.[1];
}
