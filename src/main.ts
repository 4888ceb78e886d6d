import { endWithReader } from './cli/end-with-reader.ts';
import { runCli } from './cli/frame.ts';

endWithReader();
process.exitCode = await runCli(process.argv.slice(2));
