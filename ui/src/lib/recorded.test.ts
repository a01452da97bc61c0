import { expect, test } from 'vitest';
import { Recorded, recordedSource, UnreadableRecording } from './recorded';

const session = {
  type: 'session',
  sessionId: 's',
  status: 'completed',
  startedAt: '2026-01-01T00:00:00Z',
  duration: 5000,
  summary: { totalEvents: 3 },
};
const event = (seq: number, type = 'user_action'): object => ({
  sessionId: 's',
  id: `e${seq}`,
  seq,
  type,
  timestamp: new Date(Date.UTC(2026, 0, 1, 0, 0, seq)).toISOString(),
  action: `action ${seq}`,
  name: 'tool',
});
const linesOf = (...all: object[]): string => all.map((each) => `${JSON.stringify(each)}\n`).join('');

test('the first part has the session and a mark of each event, on the session\'s clock', () => {
  const recorded = new Recorded(linesOf(session, { type: 'note', sessionId: 's', text: 'look' }, event(1), event(2, 'step')));
  const part = recorded.part();
  expect(part.session.sessionId).toBe('s');
  expect(part.timeline.userActions.map((mark) => [mark.id, mark.at])).toEqual([['e1', 1000]]);
  expect(part.timeline.steps).toHaveLength(1);
  expect(part.lanes.map((lane) => [lane.key, lane.count])).toEqual([
    ['user_action', 1],
    ['step', 1],
  ]);
  expect(part.next).toBeNull();
});

test('what people wrote is told apart from the events, and is there to be read when there is any', async () => {
  const recorded = new Recorded(linesOf(session, { type: 'note', text: 'look' }, { type: 'note', text: 'here' }, event(1)));
  expect(await recordedSource(recorded).notes?.()).toMatchObject([{ text: 'look' }, { text: 'here' }]);
  expect(recorded.part().timeline.userActions).toHaveLength(1);
  expect(recordedSource(new Recorded(linesOf(session, event(1)))).notes).toBeUndefined();
});

test('a long recording comes in parts, and every event once', () => {
  const recorded = new Recorded(linesOf(session, ...Array.from({ length: 13_000 }, (_, place) => event(place + 1))));
  const ids: string[] = [];
  for (let next: number | null | undefined; next !== null; ) {
    const part = recorded.part(next);
    ids.push(...part.timeline.userActions.map((mark) => mark.id));
    next = part.next;
  }
  expect(ids).toHaveLength(13_000);
  expect(new Set(ids).size).toBe(13_000);
});

test('whole events are found behind a seq, by kind, as many as are asked for', () => {
  const recorded = new Recorded(linesOf(session, event(1), event(3, 'step'), event(2), event(4)));
  recorded.part();
  const seqs = (after: number, limit: number, ...types: 'user_action'[]): number[] =>
    recorded.events({ after, limit, types }).data.map((found) => found.seq);
  expect(seqs(0, 10)).toEqual([1, 3, 2, 4]);
  expect(seqs(3, 10)).toEqual([2, 4]);
  expect(seqs(0, 2, 'user_action')).toEqual([1, 2]);
  expect(recorded.events({ after: 0, limit: 2, types: [] }).next).toBe(3);
  expect(recorded.events({ after: 2, limit: 5, types: [] }).next).toBeNull();
});

test('a session that was still being recorded is over in a file', () => {
  const recorded = new Recorded(linesOf({ ...session, status: 'active' }, event(1)));
  expect(recorded.wasActive).toBe(true);
  expect(recorded.session.status).toBe('completed');
});

test('texts that are no recording are refused', async () => {
  expect(() => new Recorded('')).toThrow(UnreadableRecording);
  expect(() => new Recorded('{"type":"step"}')).toThrow(UnreadableRecording);
  const cut = new Recorded(linesOf(session, event(1)) + '{"id":"e2","se');
  await expect(recordedSource(cut).player()).rejects.toThrow(UnreadableRecording);
});
