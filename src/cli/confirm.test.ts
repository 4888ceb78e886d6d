import { expect, test } from 'vitest';
import { confirm } from './confirm.ts';
import { dryRunOption, spellingOfOption, yesOption } from './options.ts';

test('nothing is confirmed where nobody can be asked', async () => {
  await expect(confirm('Are you sure', { yes: false })).rejects.toMatchObject({
    message: 'Are you sure? There is no terminal to ask on',
    hint: 'give -y to answer yes to every question',
  });
});

test('the options that commands share are spelled as devpi-client spells them', () => {
  expect(spellingOfOption('yes', yesOption)).toBe('-y, --yes');
  expect(spellingOfOption('dryRun', dryRunOption)).toBe('--dry-run');
});
