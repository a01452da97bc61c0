/**
 * What was handed over beside the text of a message and is not shown here: what it is, and what is known of it. Knows the
 * shapes of several providers; never loads anything. Pure.
 */

type Fields = Record<string, unknown>;

export interface Attachment {
  /** What it is: Picture, Sound, Video or File. */
  name: string;
  /** What is known of it, on one line: its file's name, its type, where it is, its size. */
  line: string;
}

const KINDS: readonly [RegExp, string][] = [
  [/image/, 'Picture'],
  [/audio/, 'Sound'],
  [/video/, 'Video'],
  [/file|document|pdf/, 'File'],
];
/** Where a part keeps what it hands over; the part itself comes last. */
const HOLDERS = ['image_url', 'input_audio', 'file', 'source', 'inline_data', 'inlineData', 'file_data', 'fileData', 'audio', 'video_url'];
const BASE64 = /^[a-z0-9+/=_\s-]+$/i;
const DATA = /^data:([a-z0-9.+/-]+)[;,]/i;

/** What a part of a message hands over; null when it hands over nothing that is known. */
export function attachmentOf(part: Fields): Attachment | null {
  const held = HOLDERS.map((name) => part[name]).filter((one) => one != null);
  const fields: Fields = Object.assign({}, part, ...held.filter(isFields)) as Fields;
  const content = first(fields, ['file_data', 'data', 'url', 'uri', 'file_uri', 'fileUri']) ?? held.find((one) => typeof one === 'string');
  const address = typeof content === 'string' ? content : '';
  const type = first(fields, ['media_type', 'mime_type', 'mimeType', 'format']) ?? DATA.exec(address)?.[1] ?? null;
  const hint = `${String(part.type ?? '')} ${type ?? ''}`.toLowerCase();
  const name = KINDS.find(([pattern]) => pattern.test(hint))?.[1];
  if (!name || (!held.length && !content)) return null;
  const title = first(fields, ['filename', 'file_name', 'title', 'name', 'file_id']);
  const elsewhere = address !== '' && !DATA.test(address) && !BASE64.test(address);
  const size = address && !elsewhere ? sizeOf(address) : null;
  return { name, line: [title, type, elsewhere ? `not loaded: ${address}` : null, size].filter(Boolean).join(' · ') };
}

function first(fields: Fields, names: readonly string[]): string | null {
  const found = names.map((name) => fields[name]).find((one) => typeof one === 'string' && one !== '');
  return (found as string | undefined) ?? null;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How many bytes a text in base64 stands for, as people read it. */
function sizeOf(text: string): string {
  const body = text.replace(DATA, '').replace(/^base64,/, '');
  const bytes = Math.floor((body.replace(/=+$/, '').length * 3) / 4);
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
}
