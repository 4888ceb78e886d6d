export { importBundle } from './mirror/bundle/import-bundle.ts';
export { verifyBundle } from './mirror/bundle/read-bundle.ts';
