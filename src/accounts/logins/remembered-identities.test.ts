import { expect, test } from 'vitest';
import { TestClock } from '#test/clock.ts';
import { RememberedIdentities } from './remembered-identities.ts';

const credentials = { user: 'alice', secret: 'right' };

function setUp() {
  const known = new RememberedIdentities<string>(new TestClock(), 10);
  const { moment } = known;
  const keep = () => known.keep(credentials, { user: 'alice', result: 'alice', moment });
  return { known, keep };
}

test('a result that was under way when its user was forgotten is not kept', () => {
  const { known, keep } = setUp();
  known.forget('alice');
  keep();

  expect(known.find(credentials)).toBe(undefined);
});

test('others who change all the time keep nobody from being remembered', () => {
  const { known, keep } = setUp();
  known.forget('bob');
  keep();
  known.forget('bob');

  expect(known.find(credentials)).toBe('alice');
});

test.each([
  ['everybody was forgotten', (known: RememberedIdentities<string>) => known.clear()],
  [
    'more users were forgotten than are remembered as such',
    (known: RememberedIdentities<string>) => {
      known.forget('alice');
      for (let number = 0; number < 10_000; number += 1) known.forget(`user${number}`);
    },
  ],
])('a result from before %s is not kept', (_, forget) => {
  const { known, keep } = setUp();
  forget(known);
  keep();

  expect(known.find(credentials)).toBe(undefined);
});
