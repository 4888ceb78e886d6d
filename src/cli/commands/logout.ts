import { command as logoff } from './logoff.ts';

export const command = { ...logoff, summary: 'The same as logoff', examples: ['wheelhouse logout'] };
