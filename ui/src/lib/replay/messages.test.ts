import { describe, expect, test } from 'vitest';
import { answersOf, indented, messagesOf, newest, plainText } from './messages';
import { seeded } from './making';

describe('messages', () => {
  test('are read from a bare text', () => {
    expect(messagesOf('Hello')).toEqual([{ role: 'user', parts: [{ kind: 'text', text: 'Hello' }] }]);
    expect(answersOf('Hi')[0]?.role).toBe('assistant');
  });

  test('are read from the shape of OpenAI', () => {
    const messages = messagesOf([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'What is it?' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] },
      { role: 'assistant', content: null, tool_calls: [{ id: 'c', function: { name: 'look', arguments: '{"at":1}' } }] },
      { role: 'tool', name: 'look', content: 'a cat' },
    ]);
    expect(messages[1]?.parts[1]).toEqual({ kind: 'image', src: 'data:image/png;base64,AAAA' });
    expect(messages[2]?.parts).toEqual([{ kind: 'tool-call', name: 'look', input: { at: 1 } }]);
    expect(messages[3]?.parts).toEqual([{ kind: 'tool-result', name: 'look', output: 'a cat' }]);
  });

  test('are read from the shapes of Anthropic and Google', () => {
    const answer = answersOf([{ type: 'thinking', thinking: 'Hm.' }, { type: 'text', text: 'Yes.' }, { type: 'tool_use', name: 'go', input: { x: 1 } }]);
    expect(answer).toEqual([
      {
        role: 'assistant',
        parts: [
          { kind: 'reasoning', text: 'Hm.' },
          { kind: 'text', text: 'Yes.' },
          { kind: 'tool-call', name: 'go', input: { x: 1 } },
        ],
      },
    ]);
    expect(messagesOf([{ role: 'user', parts: [{ text: 'Hello' }] }])[0]?.parts).toEqual([{ kind: 'text', text: 'Hello' }]);
  });

  test('never make a picture of an address elsewhere, nor of a document', () => {
    for (const url of ['https://evil.example/x.png', '//evil.example/x.png', 'data:image/svg+xml;base64,AAAA', 'data:text/html;base64,AAAA', 'javascript:alert(1)']) {
      const [message] = messagesOf([{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }]);
      expect(message?.parts[0]?.kind).toBe('attachment');
    }
  });

  test('that are JSON are known from texts that only look so', () => {
    expect(indented(' {"a": [1, 2]} ')).toBe('{\n  "a": [\n    1,\n    2\n  ]\n}');
    for (const value of [{}, [], [{}], { a: [], b: { c: '} , \\" : [' } }, [[1, -2.5, true, null], 'x']]) {
      expect(indented(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
    }
    expect(indented('{"id":12345678901234567890,"share":1.0}')).toBe('{\n  "id": 12345678901234567890,\n  "share": 1.0\n}');
    for (const text of ['[a link](there)', '{curly}', '12', '"quoted"', '']) expect(indented(text)).toBeNull();
  });

  test('that are new are those after the last answer', () => {
    const { setup, earlier, fresh } = newest(
      messagesOf([
        { role: 'system', content: 'S' },
        { role: 'user', content: 'one' },
        { role: 'assistant', content: 'two' },
        { role: 'user', content: 'three' },
      ]),
    );
    expect(setup).toHaveLength(1);
    expect(earlier).toBe(2);
    expect(plainText(fresh)).toBe('three');
  });

  test('survive any JSON whatever', () => {
    const random = seeded(31);
    const names = ['role', 'content', 'parts', 'type', 'text', 'tool_calls', 'function', 'source', 'data', 'message', 'image_url', 'x'];
    const values = ['user', 'tool', 'tool_use', '', 0, null, true, 'data:image/png;base64,AA', -1];
    const any = (depth: number): unknown => {
      const kind = depth > 4 ? 0 : random();
      if (kind < 0.4) return values[Math.floor(random() * values.length)];
      if (kind < 0.6) return Array.from({ length: Math.floor(random() * 4) }, () => any(depth + 1));
      return Object.fromEntries(Array.from({ length: Math.floor(random() * 4) }, () => [names[Math.floor(random() * names.length)], any(depth + 1)]));
    };
    for (let i = 0; i < 3000; i++) {
      const messages = [...messagesOf(any(0)), ...answersOf(any(0))];
      newest(messages);
      expect(typeof plainText(messages)).toBe('string');
    }
  });
});
