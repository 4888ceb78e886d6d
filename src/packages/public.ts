export { importBundle } from './mirror/bundle/import-bundle.ts';
export { verifyBundle } from './mirror/bundle/read-bundle.ts';
export {
  MAX_SCANNED,
  readEventQuery,
  readEvents,
  type EventQuery,
  type ReadEvents,
} from './server/read-events.ts';
export type { PackagesContext } from './context.ts';
