import type { Part } from '#kernel/part.ts';
import { eventsOf } from '../../src/parts.ts';
import { fields } from './fields.ts';
import { generatedFrom, page } from './markdown.ts';

/** docs/reference/events.md */
export function renderEvents(parts: readonly Part[]): string {
  const byPart = Map.groupBy(eventsOf(parts), ({ type }) => type.split('.')[0] ?? '');
  return page(
    generatedFrom('the events.ts of each part'),
    '# Events',
    'Every change writes what happened into the event log, in the same transaction: an event is there if and only if ' +
      'the change is. Events are numbered without gaps by the serial, which `X-DEVPI-SERIAL` tells. `GET /+events` ' +
      '([HTTP](http.md)) lists them to root, each with its serial, type, time, data and actor: the name of the user who ' +
      'did it, or null for the server itself and for anonymous users.',
    'Types and their fields stay; new versions add some. An event about an index belongs to that very index: one that is ' +
      'made again under the same name is another.',
    ...[...byPart].flatMap(([part, types]) => [
      `## ${part}`,
      ...types.map(({ type, meaning, about, data }) => {
        const subject = about === undefined ? '' : ` About an ${about}.`;
        return `### ${type}\n\n${meaning}${subject}\n\n${fields(data, 'output')}`;
      }),
    ]),
  );
}
