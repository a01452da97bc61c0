import { describe, expect, test } from 'vitest';
import type { AnyEvent } from '../types';
import { commandOf } from './keys';
import { seeded } from './making';
import { markOf } from './marking';
import { momentIn, withMoment } from './moment';
import { StreamReader } from './sse';

const START = Date.parse('2026-01-01T00:00:00Z');
const base = { id: 'a', seq: 7, timestamp: '2026-01-01T00:00:10.500Z', receivedAt: '2026-01-01T00:00:11Z' };

describe('a live event', () => {
  test('becomes a mark that began its latency before its timestamp', () => {
    const event = { ...base, type: 'interaction', model: 'gpt-4o', prompt: 'Hi  there', response: 'Yes', latency: 2500, costSource: 'computed', cost: 0.5 } as AnyEvent;
    expect(markOf(event, START)).toMatchObject({ seq: 7, at: 8_000, end: 10_500, error: false, preview: 'Hi there', responsePreview: 'Yes', cost: 0.5 });
  });

  test('that is announced stands where it began, without cost, latency or error', () => {
    const event = { ...base, type: 'interaction', model: 'm', prompt: 'Hi', pending: true, latency: 5, error: 'x', costSource: 'unknown' } as AnyEvent;
    const mark = markOf(event, START);
    expect(mark).toMatchObject({ at: 10_500, end: 10_500, pending: true, error: false, model: 'm' });
    expect(mark.latency).toBeUndefined();
  });

  test('that was lost stands between the moments that it names', () => {
    const gap = { ...base, type: 'gap', count: 3, reasons: { queue_full: 3 } } as AnyEvent;
    expect(markOf(gap, START)).toMatchObject({ at: 10_500, end: 10_500, count: 3, reasons: { queue_full: 3 } });
    const named = { ...gap, from: '2026-01-01T00:00:02Z', until: START + 4_000 } as AnyEvent;
    expect(markOf(named, START)).toMatchObject({ at: 2_000, end: 4_000 });
    expect(markOf({ ...gap, from: 'soon' } as AnyEvent, START)).toMatchObject({ at: 10_500 });
  });

  test('never stands before the start', () => {
    const event = { ...base, type: 'step', name: 'search', kind: 'tool', latency: 99_999, status: 'failed' } as AnyEvent;
    expect(markOf(event, START)).toMatchObject({ at: 0, end: 10_500, error: true });
    expect(markOf(event, START + 60_000)).toMatchObject({ at: 0, end: 0 });
  });
});

describe('an event stream', () => {
  const text = ': beat\r\n\r\nid: 1\r\ndata: {"a":1}\r\n\r\nid: 2\ndata: x\ndata: y\n\nevent: end\ndata: {}\n\n';
  const expected = [
    { event: 'message', data: '{"a":1}', id: '1' },
    { event: 'message', data: 'x\ny', id: '2' },
    { event: 'end', data: '{}', id: '2' },
  ];

  test('is read the same wherever the network cuts it', () => {
    const random = seeded(61);
    for (let i = 0; i < 300; i++) {
      const reader = new StreamReader();
      const messages = [];
      for (let at = 0; at < text.length; ) {
        const next = at + 1 + Math.floor(random() * 9);
        messages.push(...reader.feed(text.slice(at, next)));
        at = next;
      }
      expect(messages).toEqual(expected);
    }
  });
});

describe('an address', () => {
  test('names a moment or an event, and nothing when it is nonsense', () => {
    expect(momentIn(new URLSearchParams('t=1500'))).toEqual({ t: 1500 });
    expect(momentIn(new URLSearchParams('event=x&t=1'))).toEqual({ event: 'x' });
    for (const query of ['', 't=', 't=abc', 't=Infinity']) expect(momentIn(new URLSearchParams(query))).toBeNull();
  });

  test('keeps what else it says', () => {
    expect(withMoment(new URLSearchParams('a=1&t=5'), { event: 'e 1' }).toString()).toBe('a=1&event=e+1');
  });
});

test('keys with Ctrl, Alt or the command key stay the browser’s', () => {
  const key = { key: 'e', shiftKey: false, ctrlKey: false, altKey: false, metaKey: false };
  expect(commandOf(key)).toBe('next-error');
  expect(commandOf({ ...key, key: 'E', shiftKey: true })).toBe('previous-error');
  expect(commandOf({ ...key, ctrlKey: true })).toBeNull();
  expect(commandOf({ ...key, key: '?', shiftKey: true })).toBe('help');
  expect(commandOf({ ...key, key: '[', ctrlKey: true, altKey: true })).toBe('range-start');
  expect(commandOf({ ...key, key: ']', altKey: true })).toBe('range-end');
  expect(commandOf({ ...key, key: '[', metaKey: true })).toBeNull();
  expect(commandOf({ ...key, key: '/', shiftKey: true })).toBe('find');
});
