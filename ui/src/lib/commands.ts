/** The commands of the palette: which there are, and which of them a typed text means. Pure. */

export interface Command {
  id: string;
  group: 'Pages' | 'Views' | 'Sessions' | 'Actions';
  name: string;
  /** What else it is found by. */
  also?: string;
  /** Said beside the name. */
  hint?: string;
  run: () => void;
}

/** The commands that hold every word of a text, in their name or beside it; those whose name begins with it come first. */
export function matching(commands: readonly Command[], text: string): Command[] {
  const wanted = text.toLowerCase().trim();
  const words = wanted.split(/\s+/).filter(Boolean);
  const found = commands.filter(({ name, also = '' }) => {
    const searched = `${name} ${also}`.toLowerCase();
    return words.every((word) => searched.includes(word));
  });
  const begins = (command: Command): number => (command.name.toLowerCase().startsWith(wanted) ? 0 : 1);
  return found.sort((a, b) => begins(a) - begins(b));
}

/** The place after a step through a list that has no end on either side; 0 of an empty list. */
export const around = (place: number, step: number, length: number): number => (length ? (place + step + length) % length : 0);
