/** What shells report of a program that SIGPIPE ended. */
const ENDED_BY_CLOSED_PIPE = 141;

/**
 * Ends the program in silence when nobody reads its output any more, as in `wheelhouse … | head`. What it says on
 * stderr may be lost: a server goes on when the reader of its log is gone.
 */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(ENDED_BY_CLOSED_PIPE);
    throw error;
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
