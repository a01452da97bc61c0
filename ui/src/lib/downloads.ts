/** Exports, as files that the browser saves. Owns the calls and the joining of several exports into one file. */
import { BASE, call } from './api';

export type BulkFormat = 'ndjson' | 'csv';

/** One session can be a page too, which plays it. */
export type SomeFormat = BulkFormat | 'html';

export interface ExportWish {
  format: SomeFormat;
  redact: boolean;
}

/** The address from which a browser saves one session as a file. */
export const exportAddress = (id: string, format: 'json' | 'ndjson' | 'csv' | 'html'): string =>
  `${BASE}/${encodeURIComponent(id)}/export?${new URLSearchParams({ format, download: '1' }).toString()}`;

/** Save every session that the filters match; the server streams them as one file. */
export async function exportMatching(filters: URLSearchParams, wish: ExportWish): Promise<void> {
  const query = filters.toString();
  const response = await call(`${BASE}/export${query ? `?${query}` : ''}`, { method: 'POST', body: wish });
  save(await response.blob(), `playhead-sessions.${wish.format}`);
}

/** Save some sessions as one file, asking for one after the other; `progress` hears how many are done. */
export async function exportSome(ids: string[], wish: ExportWish, progress: (done: number) => void): Promise<void> {
  const parts: BlobPart[] = [];
  for (const [index, id] of ids.entries()) {
    const path = `${BASE}/${encodeURIComponent(id)}/export`;
    const response = await call(path, { method: 'POST', body: wish });
    parts.push(wish.format === 'csv' && index > 0 ? withoutHead(await response.text()) : await response.blob());
    progress(index + 1);
  }
  const name = ids.length === 1 ? fileName(ids[0] ?? '') : 'playhead-sessions';
  save(new Blob(parts), `${name}.${wish.format}`);
}

/** A CSV without its first line. The head is column names, none of which holds a line break. */
export const withoutHead = (csv: string): string => csv.slice(csv.indexOf('\n') + 1);

/** A session id as a file name that no system minds. */
export const fileName = (id: string): string => id.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, 120);

/** Let the browser save a file under a name. */
export function save(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
