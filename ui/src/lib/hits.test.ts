import { expect, it } from 'vitest';
import { grouped } from './hits';
import type { SearchHit } from './types';

const hit = (sessionId: string, at: number | null): SearchHit =>
  ({ session: { sessionId }, event: at === null ? null : { at } }) as unknown as SearchHit;

it('keeps sessions in the order of their best hit, and hits of one in time', () => {
  const groups = grouped([hit('b', 5), hit('a', 1), hit('b', 2), hit('b', null)]);
  expect(groups.map((group) => group.session.sessionId)).toEqual(['b', 'a']);
  expect(groups[0]?.hits.map((each) => each.event?.at)).toEqual([undefined, 2, 5]);
});
