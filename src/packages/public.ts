export { exportDump, type ExportDump } from './dumps/export-dump.ts';
export { checkDump, importDump, type ImportDump, type ImportedDump } from './dumps/import-dump.ts';
export { moveIn, type MoveIn } from './dumps/move-in.ts';
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
