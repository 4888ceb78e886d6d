/** The version of Wheelhouse, kept equal to package.json by a test. */
export const WHEELHOUSE_VERSION = '0.1.0';
