/** Finding a text inside a recording: what of an event is looked through, and what counts as found. Pure. */

import type { AnyEvent, Mark } from '../types';
import { messagesOf, newest } from './messages';

/** A text as it is looked for and looked through: neither case nor width of white space tell apart. */
export function folded(text: string): string {
  return text.toLowerCase().replace(/\s+/g, ' ');
}

/** What a mark says by itself, folded: names, models, and the beginnings of what was said. */
export function textOfMark(mark: Mark): string {
  const reasons = Object.keys(mark.reasons ?? {});
  return joined([mark.model, mark.name, mark.kind, mark.preview, mark.responsePreview, ...reasons]);
}

/** Everything that an event says, folded. Of a prompt only what was new in it: the rest was said in earlier calls. */
export function textOfEvent(event: AnyEvent): string {
  if (event.type !== 'interaction') return joined(textsOf(withoutEnvelope(event)));
  const { setup, earlier, fresh } = newest(messagesOf(event.prompt));
  const said = earlier === 0 ? [...setup, ...fresh] : fresh;
  const parts = said.flatMap((message) => message.parts).map(({ kind: _kind, ...rest }) => rest);
  return joined(textsOf([{ ...withoutEnvelope(event), prompt: null }, parts]));
}

/** The marks, in the order given, whose text contains what is looked for; `textOf` answers folded text. */
export function found(marks: readonly Mark[], query: string, textOf: (mark: Mark) => string): Mark[] {
  const wanted = folded(query).trim();
  return wanted ? marks.filter((mark) => textOf(mark).includes(wanted)) : [];
}

/** The hit at or after `t` (or the one before it, for `direction` -1), going round; undefined when there is none. */
export function hitBeside(hits: readonly Mark[], current: Mark | undefined, t: number, direction: 1 | -1): Mark | undefined {
  const at = current ? hits.findIndex((hit) => hit.seq === current.seq) : -1;
  if (at >= 0) return hits[(at + direction + hits.length) % hits.length];
  const next = hits.findIndex((hit) => hit.end >= t);
  if (direction > 0) return hits[Math.max(0, next)];
  return hits[next <= 0 ? hits.length - 1 : next - 1];
}

function withoutEnvelope(event: AnyEvent): Record<string, unknown> {
  const { id: _id, seq: _seq, type: _type, timestamp: _timestamp, receivedAt: _receivedAt, ...rest } = event;
  return rest;
}

const DATA = /^data:[^,]{0,100};base64,/;

/** Every text and number in a value; encoded pictures are neither. */
function* textsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') {
    if (!DATA.test(value)) yield value;
  } else if (typeof value === 'number') yield String(value);
  else if (Array.isArray(value)) for (const item of value) yield* textsOf(item);
  else if (value && typeof value === 'object') for (const item of Object.values(value)) yield* textsOf(item);
}

function joined(texts: Iterable<string | undefined>): string {
  return folded([...texts].filter(Boolean).join(' \n '));
}
