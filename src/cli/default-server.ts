/** The server of `wheelhouse serve` without configuration. */
export const DEFAULT_SERVER = 'http://localhost:3141';
