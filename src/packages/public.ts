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
export { packagesErrors } from './errors.ts';
export { packagesEvents } from './events.ts';
export { createIndex } from './indexes/create-index.ts';
export { findIndex, findIndexById } from './indexes/store.ts';
export { readOwnFiles, type OwnFile } from './inheritance/read-own-files.ts';
export { fileUrlPath } from './model/file-path.ts';
export { indexHref } from './model/index-href.ts';
export { fullName, listOption, type Index } from './model/index.ts';
export { checkBuiltWheel, type AddWheel, type BuiltWheel } from './upload/add-built-wheel.ts';
