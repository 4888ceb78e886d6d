import { workerData } from 'node:worker_threads';
import { answerWork } from '#kernel/threads.ts';
import { openStoring, type Storing } from './store-batch.ts';

answerWork(await openStoring(workerData as Storing));
