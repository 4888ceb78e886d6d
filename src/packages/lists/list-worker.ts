import { parentPort, workerData } from 'node:worker_threads';
import { doListWork, type ListWork } from './list-work.ts';

parentPort?.postMessage(await doListWork(workerData as ListWork));
