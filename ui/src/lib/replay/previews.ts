/**
 * The beginning of a text, as a mark carries it: what the server's `playhead.replay.content` does, for events that arrive
 * live. Pure; held to the same vectors (conformance/replay.json).
 */

const PREVIEW = 240;
const MOST_TEXTS = 8;
const TEXT_KEYS = [
  'text', 'content', 'parts', 'input_text', 'output_text', 'thinking', 'refusal', 'output', 'input', 'reasoning_content',
  'summary', 'transcript', 'message', 'choices', 'candidates',
];
const OPAQUE = new Set(['image', 'image_url', 'input_image', 'audio', 'input_audio', 'file', 'document', 'video']);
const PEOPLE = new Set<unknown>(['user', 'human']);

type Fields = Record<string, unknown>;

/** Every text in a prompt or a response, in order: message contents, text parts, tool calls and their results. */
export function* textsIn(content: unknown): Generator<string> {
  if (typeof content === 'string') yield content;
  else if (Array.isArray(content)) for (const item of content) yield* textsIn(item);
  else if (isFields(content) && !isOpaque(content)) {
    for (const key of TEXT_KEYS) if (key in content) yield* textsIn(content[key]);
    for (const call of toolCalls(content)) yield* callTexts(call);
  }
}

/** The beginning of the text in a content, white space folded, an ellipsis where it was cut; empty when it has none. */
export function previewOf(content: unknown): string {
  const pieces: string[] = [];
  for (const text of textsIn(content)) {
    pieces.push(folded(beginningOf(text, PREVIEW * 4)));
    if (pieces.length === MOST_TEXTS) break;
  }
  const whole = pieces.join(' ').trim();
  return characters(whole) <= PREVIEW ? whole : `${beginningOf(whole, PREVIEW - 1).trimEnd()}…`;
}

/** The beginning of what the model was asked: the last message of a person, or else the last one of all. */
export function promptPreviewOf(prompt: unknown): string {
  if (!Array.isArray(prompt) || !prompt.length || !prompt.every(isFields)) return previewOf(prompt);
  for (const message of [...prompt].reverse()) {
    const asked = PEOPLE.has(message.role) ? previewOf(message) : '';
    if (asked) return asked;
  }
  return previewOf(prompt.at(-1));
}

const folded = (text: string): string => text.split(/\s+/).filter(Boolean).join(' ');

/** The first so many characters; a pair of surrogates is one. */
function beginningOf(text: string, count: number): string {
  return text.length <= count ? text : Array.from(text.slice(0, count * 2)).slice(0, count).join('');
}

function characters(text: string): number {
  return text.length <= PREVIEW ? text.length : Array.from(text).length;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOpaque(part: Fields): boolean {
  return typeof part.type === 'string' && OPAQUE.has(part.type);
}

function* toolCalls(message: Fields): Generator<unknown> {
  for (const key of ['tool_calls', 'function_call', 'functionCall']) {
    const found = message[key];
    if (Array.isArray(found)) yield* found;
    else if (isSet(found)) yield found;
  }
  if (message.type === 'tool_use' || message.type === 'function_call') yield message;
}

function isSet(value: unknown): boolean {
  return isFields(value) ? Object.keys(value).length > 0 : Boolean(value);
}

function* callTexts(call: unknown): Generator<string> {
  if (!isFields(call)) return;
  const named = isFields(call.function) ? call.function : call;
  for (const key of ['name', 'arguments', 'input', 'args']) yield* scalars(named[key]);
}

function* scalars(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (Array.isArray(value)) for (const item of value) yield* scalars(item);
  else if (isFields(value)) for (const item of Object.values(value)) yield* scalars(item);
}
