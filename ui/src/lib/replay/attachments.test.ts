import { describe, expect, it } from 'vitest';
import { attachmentOf } from './attachments';

describe('what is handed over beside the text', () => {
  it.each([
    [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }, 'Picture', 'not loaded: https://example.com/a.png'],
    [{ type: 'image_url', image_url: 'https://example.com/a.png' }, 'Picture', 'not loaded: https://example.com/a.png'],
    [{ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }, 'Picture', 'not loaded: https://example.com/a.png'],
    [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }, 'Sound', 'wav · 3 B'],
    [{ type: 'file', file: { filename: 'report.pdf', file_data: 'data:application/pdf;base64,AAAA' } }, 'File', 'report.pdf · application/pdf · 3 B'],
    [{ type: 'file', file: { file_id: 'file-1' } }, 'File', 'file-1'],
    [{ type: 'document', title: 'Lease', source: { type: 'base64', media_type: 'application/pdf', data: 'A'.repeat(8000) } }, 'File', 'Lease · application/pdf · 6.0 kB'],
    [{ inlineData: { mimeType: 'audio/mp3', data: 'AAAA' } }, 'Sound', 'audio/mp3 · 3 B'],
    [{ fileData: { mimeType: 'video/mp4', fileUri: 'gs://bucket/film.mp4' } }, 'Video', 'video/mp4 · not loaded: gs://bucket/film.mp4'],
  ])('%j is said in words', (part, name, line) => {
    expect(attachmentOf(part)).toEqual({ name, line });
  });

  it.each([{}, { type: 'refusal', refusal: 'no' }, { type: 'file' }, { type: 'json', data: '{}' }])('%j hands nothing over', (part) => {
    expect(attachmentOf(part)).toBeNull();
  });
});
