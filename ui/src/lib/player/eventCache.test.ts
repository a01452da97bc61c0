import { describe, expect, test, vi } from 'vitest';
import { ApiError } from '../api';
import { mark } from '../replay/making';
import { Recording } from '../replay/recording';
import type { AnyEvent, Mark } from '../types';
import { EventCache } from './eventCache';
import type { EventsWanted, Source } from './source';

const marks = Array.from({ length: 2_000 }, (_, i) => mark(i + 1, i * 10, i * 10 + 5));

/** A server that has `order`, and counts how often it is asked. */
function serverOf(order: readonly Mark[], page = 1000): Source & { asked: EventsWanted[]; broken: boolean } {
  const source = {
    asked: [] as EventsWanted[],
    broken: false,
    sessionId: 's',
    live: '',
    player: () => Promise.reject(new Error('not asked for')),
    events(wanted: EventsWanted) {
      source.asked.push(wanted);
      if (source.broken) return Promise.reject(new ApiError(503, 'busy', 'Busy.'));
      const right = order.filter((one) => wanted.types.includes(one.type));
      const begin = wanted.after === 0 ? 0 : right.findIndex((one) => one.seq === wanted.after) + 1;
      const found = right.slice(begin, begin + Math.min(wanted.limit, page));
      const data = found.map((one) => ({ id: one.id, seq: one.seq, type: one.type }) as AnyEvent);
      return Promise.resolve({ success: true as const, data, next: begin + found.length < right.length ? (found.at(-1)?.seq ?? null) : null });
    },
  };
  return source;
}

function cacheOf(source: Source, recording = Recording.of(marks)): { cache: EventCache; changed: ReturnType<typeof vi.fn> } {
  const changed = vi.fn();
  return { cache: new EventCache(source, () => recording, changed), changed };
}

describe('whole events', () => {
  test('stay complete when an older answer says that they are pending', () => {
    const { cache } = cacheOf(serverOf(marks));
    const complete = { id: 'e1', seq: 1, type: 'interaction', pending: false } as AnyEvent;
    cache.put([complete]);
    cache.put([{ ...complete, pending: true } as AnyEvent]);
    expect(cache.get(1)).toBe(complete);
  });

  test('come with their neighbours, and once', async () => {
    const source = serverOf(marks);
    const { cache, changed } = cacheOf(source);
    cache.want('list', marks.slice(500, 510));
    await vi.waitFor(() => expect(cache.get(510)).toBeDefined());
    expect(source.asked).toHaveLength(1);
    expect(changed).toHaveBeenCalledTimes(1);
    cache.want('list', marks.slice(500, 510));
    await Promise.resolve();
    expect(source.asked).toHaveLength(1);
  });

  test('that nobody wants any more are not fetched, while another asker’s are', async () => {
    const source = serverOf(marks);
    const { cache } = cacheOf(source);
    cache.want('list', [marks[0]!]);
    cache.want('list', [marks[800]!]);
    cache.want('list', [marks[1600]!]);
    cache.want('inspector', [marks[1200]!]);
    await vi.waitFor(() => expect(cache.get(1201)).toBeDefined());
    expect(cache.get(1601)).toBeDefined();
    expect(cache.get(801)).toBeUndefined();
  });

  test('stay within bounds, the least recently used forgotten first', async () => {
    const { cache } = cacheOf(serverOf(marks));
    for (let i = 0; i < marks.length; i += 24) {
      cache.want('list', [marks[i]!]);
      await vi.waitFor(() => expect(cache.get(i + 1)).toBeDefined(), { interval: 1 });
      cache.get(1);
    }
    const kept = marks.filter((one) => cache.get(one.seq)).length;
    expect(kept).toBeLessThanOrEqual(1200);
    expect(cache.get(1)).toBeDefined();
  });

  test('are found when the server counts time differently, and when its pages are short', async () => {
    const other = [...marks].sort((a, b) => (a.seq % 7) - (b.seq % 7) || b.seq - a.seq);
    const { cache } = cacheOf(serverOf(other, 100));
    cache.want('list', [marks[1000]!]);
    await vi.waitFor(() => expect(cache.get(1001)).toBeDefined(), 5_000);
  });

  test('that could not be had say so, and are asked for again', async () => {
    const source = serverOf(marks);
    source.broken = true;
    const { cache } = cacheOf(source);
    cache.want('list', [marks[3]!]);
    await vi.waitFor(() => expect(cache.hasFailed(4)).toBe(true));
    source.broken = false;
    cache.want('list', [marks[3]!]);
    await vi.waitFor(() => expect(cache.get(4)).toBeDefined());
    expect(cache.hasFailed(4)).toBe(false);
  });
});
