/** Time that goes on while something is waited for. Owns the timer; what happens at a beat is its owner's. */

const BEAT_MS = 1_000;
const SLOW_BEAT_MS = 10_000;

export class Beat {
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly wanted: () => boolean,
    private readonly slow: () => boolean,
    private readonly beat: () => void,
  ) {}

  /** Go on for as long as it is wanted; harmless while it goes already. */
  start(): void {
    if (this.timer || !this.wanted()) return;
    this.timer = setTimeout(() => this.go(), this.slow() ? SLOW_BEAT_MS : BEAT_MS);
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private go(): void {
    this.timer = null;
    if (!this.wanted()) return;
    this.beat();
    this.start();
  }
}
