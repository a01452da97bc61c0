import { describe, expect, test } from 'vitest';
import type { AnyEvent } from '../types';
import { found, hitBeside, textOfEvent, textOfMark } from './finding';
import { mark } from './making';

const marks = [
  mark(1, 0, 1_000, { model: 'GPT-4o', preview: 'Where is  my\norder?' }),
  mark(2, 2_000, 2_000, { name: 'click', preview: 'refund' }),
  mark(3, 3_000, 4_000, { type: 'step', name: 'look up Order' }),
];

describe('finding', () => {
  test('looks through names and beginnings, whatever the case and the white space', () => {
    expect(found(marks, ' My  order', textOfMark).map((one) => one.seq)).toEqual([1]);
    expect(found(marks, 'ORDER', textOfMark).map((one) => one.seq)).toEqual([1, 3]);
    expect(found(marks, '   ', textOfMark)).toEqual([]);
    expect(found(marks, '[.*', textOfMark)).toEqual([]);
  });

  test('looks through whole events, of a conversation what was new in each call', () => {
    const history = [{ role: 'user', content: 'first question' }, { role: 'assistant', content: 'first answer' }, { role: 'user', content: 'second question' }];
    const event = { id: 'hidden-id', seq: 1, type: 'interaction', timestamp: '', receivedAt: '', model: 'm', prompt: history, response: 'Second ANSWER', costSource: 'unknown', responseMetadata: { finishReason: 'stop', took: 42 } } as AnyEvent;
    const text = textOfEvent(event);
    for (const word of ['second question', 'second answer', 'stop', '42']) expect(text).toContain(word);
    for (const word of ['text', 'first question', 'first answer', 'hidden-id']) expect(text).not.toContain(word);
  });

  test('does not look into encoded pictures', () => {
    const event = { id: 'e', seq: 1, type: 'user_action', timestamp: '', receivedAt: '', action: 'paste', target: 'data:image/png;base64,QUJDREVG' } as AnyEvent;
    expect(textOfEvent(event)).not.toContain('qujd');
  });

  test('goes from hit to hit and round, from wherever the playhead stands', () => {
    expect(hitBeside(marks, undefined, 1_500, 1)?.seq).toBe(2);
    expect(hitBeside(marks, undefined, 1_500, -1)?.seq).toBe(1);
    expect(hitBeside(marks, undefined, 9_000, 1)?.seq).toBe(1);
    expect(hitBeside(marks, undefined, 9_000, -1)?.seq).toBe(3);
    expect(hitBeside(marks, marks[2], 4_000, 1)?.seq).toBe(1);
    expect(hitBeside(marks, marks[0], 1_000, -1)?.seq).toBe(3);
    expect(hitBeside([], undefined, 0, 1)).toBeUndefined();
  });
});
