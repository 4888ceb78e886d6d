/** To raise when a description becomes other HTML than before: what is kept is then made anew. */
export const RENDERER_VERSION = 1;
