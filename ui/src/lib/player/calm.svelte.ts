/**
 * The moment that is read while the playhead is dragged: it follows in steps that an eye can take in, and stands where the
 * playhead stands as soon as that rests. Drawing every moment that is dragged over would cost frames and be read by nobody.
 */

const STEP_MS = 80;
/** A drag that pauses so long is at rest. */
const REST_MS = 120;

export class Calm {
  /** False again once the playhead rests, so that what is there is worth loading. */
  dragging = $state(false);
  private held = $state<number | null>(null);
  private drawnAt = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private resting: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly t: () => number) {}

  /** The moment to be read, in ms from the session's start. */
  get now(): number {
    return this.held ?? this.t();
  }

  /** Move the playhead by `move`, one of many such moves. */
  drag(move: () => void): void {
    const shown = this.now;
    move();
    this.dragging = true;
    if (this.resting) clearTimeout(this.resting);
    this.resting = setTimeout(() => (this.dragging = false), REST_MS);
    const left = this.drawnAt + STEP_MS - performance.now();
    if (left <= 0) return this.draw();
    this.held = shown;
    this.timer ??= setTimeout(() => this.draw(), left);
  }

  /** The drag is over. */
  stop(): void {
    if (this.resting) clearTimeout(this.resting);
    this.dragging = false;
    this.draw();
  }

  private draw(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.held = null;
    this.drawnAt = performance.now();
  }
}
