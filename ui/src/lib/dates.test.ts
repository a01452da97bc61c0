import { describe, expect, it } from 'vitest';
import { bucketRange, fromInput, hoursBefore, toInput } from './dates';

describe('date inputs', () => {
  it('give back the minute that they were given', () => {
    const wire = new Date(2026, 2, 29, 12, 34).toISOString();
    expect(fromInput(toInput(wire))).toBe(wire);
    expect(toInput(String(Date.parse(wire)))).toBe(toInput(wire));
  });

  it('cover the whole last minute', () => {
    const text = '2026-03-01T10:00';
    expect(Date.parse(fromInput(text, true)!) - Date.parse(fromInput(text)!)).toBe(59_999);
  });

  it('hold nothing for nothing and for nonsense', () => {
    expect([toInput(null), toInput('soon'), fromInput(''), fromInput('soon')]).toEqual(['', '', null, null]);
  });
});

it('reaches back from now in whole minutes', () => {
  expect(hoursBefore(new Date('2026-01-02T12:00:31.5Z'), 24)).toBe('2026-01-01T12:00:00.000Z');
});

it('bounds a bucket inclusively', () => {
  expect(bucketRange('2026-01-02T00:00:00Z', 'day')).toEqual({
    startDate: '2026-01-02T00:00:00.000Z',
    endDate: '2026-01-02T23:59:59.999Z',
  });
  expect(bucketRange('2026-01-02T05:00:00Z', 'hour').endDate).toBe('2026-01-02T05:59:59.999Z');
});
