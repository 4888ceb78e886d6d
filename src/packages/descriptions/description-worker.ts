import { parentPort } from 'node:worker_threads';
import { renderDescription } from './render-description.ts';
import type { DescriptionSource } from './description-source.ts';

parentPort?.on('message', ({ text, contentType }: DescriptionSource) => {
  parentPort?.postMessage(renderDescription(text, contentType));
});
parentPort?.postMessage('ready');
