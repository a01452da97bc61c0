/**
 * A recording that is at hand as text: what an NDJSON export holds, read a part at a time, in the shapes that the server
 * answers with. Asks nobody for anything. The first line is the session, the others its notes and events, in time order.
 */
import type { Note } from './player/notesApi';
import type { EventsWanted, Source } from './player/source';
import { markOf } from './replay/marking';
import type { AnyEvent, EventsAnswer, EventType, Lane, Mark, PlayerData, SessionItem, Timeline } from './types';

/** Events that are read before the page is drawn, and between two drawings after that. */
const FIRST = 2_000;
const PART = 10_000;

interface Line {
  from: number;
  until: number;
  type: EventType;
}

const LISTS: Record<Exclude<EventType, 'code_context'>, keyof Timeline> = {
  interaction: 'aiInteractions',
  step: 'steps',
  user_action: 'userActions',
  system_metrics: 'systemMetrics',
  feedback: 'feedback',
  workspace_state: 'workspaceStates',
  gap: 'gaps',
};

/** The text cannot be read as a recording. */
export class UnreadableRecording extends Error {}

export class Recorded {
  readonly session: SessionItem;
  /** Whether the session was still being recorded when it was exported; here it is over. */
  readonly wasActive: boolean;
  /** What people wrote beside the session. */
  readonly notes: Note[] = [];
  private readonly lines: Line[] = [];
  private readonly places = new Map<number, number>();
  private readonly startedAt: number;
  private at = 0;

  /** Raises UnreadableRecording when the first line is no session. */
  constructor(private readonly text: string) {
    const first = this.read() as ({ type?: string } & SessionItem) | null;
    if (first?.type !== 'session') throw new UnreadableRecording('The first line is no session.');
    this.session = { ...first, status: first.status === 'active' ? 'completed' : first.status };
    this.wasActive = first.status === 'active';
    this.startedAt = Date.parse(first.startedAt);
    this.readNotes();
  }

  /** What the player loads first, or the part behind a number of lines. */
  part(after = 0): PlayerData {
    const marks = this.marks(after === 0 ? FIRST : PART);
    const done = this.peek() === null;
    const { session } = this;
    return {
      session,
      summary: session.summary,
      duration: session.duration,
      timeline: timelineOf(marks),
      codeSnapshots: marks.filter((mark) => mark.type === 'code_context'),
      idleSpans: [],
      lanes: lanesOf(marks),
      latencies: [],
      lastSeq: session.summary.totalEvents,
      changes: 0,
      elapsed: session.duration,
      next: done ? null : this.lines.length,
    };
  }

  /** Whole events in time order from behind a seq. */
  events({ after, limit, types }: EventsWanted): EventsAnswer {
    const found: AnyEvent[] = [];
    const first = after === 0 ? 0 : (this.places.get(after) ?? this.lines.length) + 1;
    for (let place = first; place < this.lines.length; place += 1) {
      const line = this.lines[place];
      if (!line || (types.length && !types.includes(line.type))) continue;
      const event = JSON.parse(this.text.slice(line.from, line.until)) as AnyEvent & { sessionId?: string };
      delete event.sessionId;
      found.push(event);
      if (found.length === limit) return { success: true, data: found, next: place + 1 < this.lines.length ? event.seq : null };
    }
    return { success: true, data: found, next: null };
  }

  /** Notes stand between the session and its events. */
  private readNotes(): void {
    for (let from = this.peek(); from !== null; from = this.peek()) {
      const line = this.read() as ({ type?: string } & Note) | null;
      if (line?.type !== 'note') {
        this.at = from;
        return;
      }
      this.notes.push(line);
    }
  }

  private marks(most: number): Mark[] {
    const marks: Mark[] = [];
    while (marks.length < most) {
      const from = this.peek();
      if (from === null) break;
      const event = this.read() as AnyEvent | null;
      if (!event) continue;
      this.places.set(event.seq, this.lines.length);
      this.lines.push({ from, until: this.at, type: event.type });
      marks.push(markOf(event, this.startedAt));
    }
    return marks;
  }

  /** Where the next line begins, or null at the end. */
  private peek(): number | null {
    while (this.text[this.at] === '\n') this.at += 1;
    return this.at < this.text.length ? this.at : null;
  }

  private read(): unknown {
    const from = this.peek();
    if (from === null) return null;
    const end = this.text.indexOf('\n', from);
    this.at = end < 0 ? this.text.length : end;
    try {
      return JSON.parse(this.text.slice(from, this.at)) as unknown;
    } catch {
      throw new UnreadableRecording('A line is not valid JSON.');
    }
  }
}

/** The recording as a player takes it. Nothing can be shared from it, and nothing arrives live. */
export function recordedSource(recorded: Recorded): Source {
  return {
    sessionId: null,
    live: '',
    // Parts after the first wait for a turn of the page, so that it is drawn and answers meanwhile.
    player: async (wanted) => {
      if (wanted !== undefined) await new Promise((resolve) => setTimeout(resolve));
      return recorded.part(wanted?.after);
    },
    events: (wanted) => Promise.resolve(recorded.events(wanted)),
    ...(recorded.notes.length && { notes: () => Promise.resolve(recorded.notes) }),
  };
}

function timelineOf(marks: readonly Mark[]): Timeline {
  const timeline: Timeline = {
    aiInteractions: [],
    steps: [],
    userActions: [],
    systemMetrics: [],
    feedback: [],
    workspaceStates: [],
    gaps: [],
  };
  for (const mark of marks) if (mark.type !== 'code_context') timeline[LISTS[mark.type]].push(mark);
  return timeline;
}

function lanesOf(marks: readonly Mark[]): Lane[] {
  const lanes = new Map<string, Lane>();
  for (const mark of marks) {
    const lane = lanes.get(mark.type) ?? { key: mark.type, count: 0, errors: 0 };
    lane.count += 1;
    if (mark.error) lane.errors += 1;
    lanes.set(mark.type, lane);
  }
  return [...lanes.values()];
}
