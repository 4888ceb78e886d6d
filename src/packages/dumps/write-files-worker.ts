import { workerData } from 'node:worker_threads';
import { answerWork } from '#kernel/threads.ts';
import { openWriting, type Writing } from './write-batch.ts';

answerWork(openWriting(workerData as Writing));
