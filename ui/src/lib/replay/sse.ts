/** The text of an event stream taken apart (WHATWG HTML, "server-sent events"). Pure: it is fed pieces of text. */

export interface StreamMessage {
  event: string;
  data: string;
  id: string;
}

/** Feed it text as it arrives; it returns the messages that are complete. */
export class StreamReader {
  private rest = '';
  private event = '';
  private data: string[] = [];
  private id = '';

  feed(text: string): StreamMessage[] {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.line(line));
  }

  private line(line: string): StreamMessage[] {
    if (line === '') return this.dispatch();
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === 'event') this.event = value;
    else if (name === 'data') this.data.push(value);
    else if (name === 'id') this.id = value;
    return [];
  }

  private dispatch(): StreamMessage[] {
    const message = { event: this.event || 'message', data: this.data.join('\n'), id: this.id };
    const complete = this.data.length > 0 || this.event !== '';
    this.event = '';
    this.data = [];
    return complete ? [message] : [];
  }
}
