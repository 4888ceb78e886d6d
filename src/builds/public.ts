export type { BuildsContext } from './context.ts';
