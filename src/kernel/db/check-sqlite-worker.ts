import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

const MAX_PROBLEMS = 20;

/** What SQLite finds wrong with the file; nothing if it is sound. */
function findProblems(path: string): string[] {
  try {
    const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
    const rows = database.prepare(`pragma integrity_check(${MAX_PROBLEMS})`).all();
    database.close();
    return rows.map((row) => String(row['integrity_check'])).filter((line) => line !== 'ok');
  } catch (error) {
    return [(error as Error).message];
  }
}

parentPort?.postMessage(findProblems(String(workerData)));
