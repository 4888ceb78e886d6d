import { enableCompileCache } from 'node:module';

// Keeps what was compiled for the next start: commands must answer at once.
enableCompileCache();
const { runCli } = await import('./cli/frame.ts');
process.exitCode = await runCli(process.argv.slice(2));
