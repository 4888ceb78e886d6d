import { parentPort, workerData } from 'node:worker_threads';
import { packPage, type PageBody } from './pack-page.ts';

const { stored, ...facts } = await packPage(workerData as PageBody);
parentPort?.postMessage({ bytes: stored.bytes, facts });
