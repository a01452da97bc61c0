/**
 * Prompts and responses as messages made of parts, whichever provider's shape they were recorded in. Nothing is dropped: what
 * is not understood stays as `other`. Pure, and safe on any JSON: it never runs, loads or trusts what it reads.
 */

import { attachmentOf } from './attachments';

export type Part =
  | { kind: 'text'; text: string }
  | { kind: 'reasoning'; text: string }
  | { kind: 'image'; src: string }
  | { kind: 'tool-call'; name: string; input: unknown }
  | { kind: 'tool-result'; name: string | null; output: unknown }
  | { kind: 'attachment'; name: string; line: string; value: unknown }
  | { kind: 'other'; value: unknown };

export interface Message {
  role: string;
  parts: Part[];
}

type Fields = Record<string, unknown>;

const IMAGE = /^data:image\/(png|jpe?g|gif|webp|avif|bmp);base64,[a-z0-9+/=\s]*$/i;
const BASE64 = /^[a-z0-9+/=\s]+$/i;

/** The messages of a prompt; a bare text is one of the user's. */
export function messagesOf(prompt: unknown): Message[] {
  return group(prompt, 'user');
}

/** The messages of a response; a bare text is one of the assistant's. */
export function answersOf(response: unknown): Message[] {
  return group(response, 'assistant');
}

/** What is new in a prompt: the messages after the model's own last one, without instructions, which are `setup`. */
export function newest(messages: readonly Message[]): { setup: Message[]; earlier: number; fresh: Message[] } {
  const setup = messages.filter((message) => isSetup(message.role));
  const said = messages.filter((message) => !isSetup(message.role));
  const last = said.findLastIndex((message) => message.role === 'assistant' || message.role === 'model');
  const fresh = said.slice(last + 1);
  return fresh.length ? { setup, earlier: last + 1, fresh } : { setup, earlier: 0, fresh: said };
}

/** The plain text of messages: what is copied, and what a response streams. */
export function plainText(messages: readonly Message[]): string {
  return messages
    .flatMap((message) => message.parts)
    .map((part) => (part.kind === 'text' ? part.text : ''))
    .filter(Boolean)
    .join('\n\n');
}

function isSetup(role: string): boolean {
  return role === 'system' || role === 'developer';
}

function group(content: unknown, role: string): Message[] {
  if (content == null) return [];
  if (!Array.isArray(content)) return isMessage(content) ? [message(content, role)] : [{ role, parts: partsOf(content) }];
  const messages: Message[] = [];
  let loose: Part[] | null = null;
  for (const item of content) {
    if (isMessage(item)) {
      messages.push(message(item, role));
      loose = null;
    } else {
      if (!loose) messages.push({ role, parts: (loose = []) });
      loose.push(...partsOf(item));
    }
  }
  return messages;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMessage(value: unknown): value is Fields {
  return isFields(value) && (typeof value.role === 'string' || isFields(value.message));
}

function message(given: Fields, role: string): Message {
  const fields = isFields(given.message) ? given.message : given;
  const said = typeof fields.role === 'string' ? fields.role : role;
  const body = fields.content ?? fields.parts ?? fields.text;
  if (said === 'tool' || said === 'function') {
    return { role: 'tool', parts: [{ kind: 'tool-result', name: text(fields.name), output: body }] };
  }
  return { role: said, parts: [...reasoning(fields), ...partsOf(body), ...callsOf(fields)] };
}

function reasoning(fields: Fields): Part[] {
  const thought = fields.reasoning_content ?? fields.reasoning;
  return typeof thought === 'string' && thought ? [{ kind: 'reasoning', text: thought }] : [];
}

function callsOf(fields: Fields): Part[] {
  const calls = fields.tool_calls ?? fields.toolCalls;
  const listed = Array.isArray(calls) ? calls : [];
  return [...listed, ...(isFields(fields.function_call) ? [fields.function_call] : [])].map(callOf);
}

function callOf(call: unknown): Part {
  if (!isFields(call)) return { kind: 'other', value: call };
  const inner = isFields(call.function) ? call.function : call;
  const input = inner.arguments ?? inner.args ?? inner.input ?? call.input ?? null;
  return { kind: 'tool-call', name: text(inner.name) ?? text(call.toolName) ?? 'tool', input: parsed(input) };
}

/** Arguments often travel as JSON in a string. */
function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function partsOf(content: unknown): Part[] {
  if (content == null || content === '') return [];
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  if (Array.isArray(content)) return content.flatMap(partsOf);
  return isFields(content) ? [partOf(content)] : [{ kind: 'other', value: content }];
}

function partOf(part: Fields): Part {
  const image = imageOf(part);
  if (image) return { kind: 'image', src: image };
  if (part.type === 'tool_use' || part.type === 'function_call' || part.type === 'tool-call') return callOf(part);
  if (isFields(part.functionCall)) return callOf(part.functionCall);
  if (part.type === 'tool_result' || part.type === 'function_call_output' || part.type === 'tool-result') {
    return { kind: 'tool-result', name: text(part.name), output: part.content ?? part.output ?? part.result ?? null };
  }
  if (part.type === 'thinking' || part.type === 'reasoning') {
    return { kind: 'reasoning', text: text(part.thinking) ?? text(part.text) ?? '' };
  }
  if (typeof part.text === 'string') return { kind: 'text', text: part.text };
  const attached = attachmentOf(part);
  if (attached) return { kind: 'attachment', ...attached, value: part };
  return { kind: 'other', value: part };
}

/** A picture, when the part carries its bytes; a picture elsewhere is never loaded and stays `other`. */
function imageOf(part: Fields): string | null {
  const url = isFields(part.image_url) ? part.image_url.url : (part.image_url ?? part.image ?? part.url);
  if (typeof url === 'string' && IMAGE.test(url)) return url;
  const source = [part.source, part.inline_data, part.inlineData].find(isFields);
  const kind = text(source?.media_type) ?? text(source?.mime_type) ?? text(source?.mimeType);
  const data = text(source?.data);
  if (!kind || !data || !BASE64.test(data)) return null;
  const src = `data:${kind};base64,${data}`;
  return IMAGE.test(src) ? src : null;
}

/** Beyond so many characters nobody reads a text as JSON. */
const LONGEST_JSON = 100_000;

/** A text that is a JSON object or list, with its lines indented; null when it is not. */
export function indented(text: string): string | null {
  if (!/^\s*[[{]/.test(text) || text.length > LONGEST_JSON) return null;
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  return laidOut(text);
}

/** The tokens of a JSON text: what is empty, strings, signs, and everything else. */
const TOKENS = /\{\s*\}|\[\s*\]|"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},:]|[^\s[\]{},:"]+/g;

/** Every token as it was recorded: a number that is parsed and written again may be another one. */
function laidOut(json: string): string {
  let lines = '';
  let deep = 0;
  const line = (): string => `\n${'  '.repeat(deep)}`;
  for (const [token] of json.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      deep++;
      lines += token + line();
    } else if (token === '}' || token === ']') {
      deep--;
      lines += line() + token;
    } else if (token === ',') lines += token + line();
    else lines += token === ':' ? ': ' : token;
  }
  return lines;
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value ? value : null;
}
