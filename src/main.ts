import { enableCompileCache } from 'node:module';
import { endWithReader } from './cli/end-with-reader.ts';

// Keeps what was compiled for the next start: commands must answer at once.
enableCompileCache();
endWithReader();
const { runCli } = await import('./cli/frame.ts');
process.exitCode = await runCli(process.argv.slice(2));
