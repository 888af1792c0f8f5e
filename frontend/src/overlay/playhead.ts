/** Where in the utterance we are now: by the sound this page plays, else by what the bridge says. */

import type { BridgeClock } from "../shared/clock.js";
import type { ClockMessage } from "../shared/protocol.js";

/** What can tell how far the sound of an utterance was heard at a time of `performance.now()`; null where it plays none of it. */
export interface HeardSound {
  position(utterance: number, pageMs: number): number | null;
}

const JUMP = 0.12;
const SLEW = 0.04;
const PATIENCE = 1.0;

/**
 * The playhead of a page.
 *
 * Between two clock messages it runs on; what they correct is made good at 4 % of time's pace, and only more than 120 ms at once.
 */
export class Playhead {
  private utterance = -1;
  private running = false;
  private standing = 0;
  private start = 0;
  private goal = 0;
  private saidAt = 0;
  private askedMs = 0;

  constructor(
    private readonly clock: BridgeClock,
    private readonly sound: HeardSound,
  ) {}

  /** A new utterance begins; nothing of it was heard yet. */
  begin(utterance: number): void {
    this.utterance = utterance;
    this.running = false;
    this.standing = -Infinity;
  }

  /** Take in what the bridge says of its playhead. */
  follow(message: ClockMessage): void {
    if (message.utterance !== this.utterance) return;
    const start = message.now - message.heard;
    if (!this.running || Math.abs(start - this.start) > JUMP) this.start = start;
    this.goal = start;
    this.running = message.running;
    this.standing = message.heard;
    this.saidAt = message.now;
  }

  /** The utterance is over at `heard`. Spoken out, the playhead runs on, past the end; cut off, it stands there. */
  end(heard: number, complete: boolean): void {
    if (!complete) this.running = false;
    if (!this.running) this.standing = heard;
  }

  /** Seconds of the current utterance that are heard at `pageMs`; -Infinity while it has not begun. */
  at(pageMs: number): number {
    return this.sound.position(this.utterance, pageMs) ?? this.told(pageMs);
  }

  /** True where the position comes from this page's own sound. */
  ownSound(pageMs: number): boolean {
    return this.sound.position(this.utterance, pageMs) !== null;
  }

  private told(pageMs: number): number {
    if (!this.running) return this.standing;
    const elapsed = Math.max(0, pageMs - this.askedMs) / 1000;
    this.askedMs = pageMs;
    const most = elapsed * SLEW;
    this.start += Math.min(Math.max(this.goal - this.start, -most), most);
    const now = Math.min(this.clock.toBridge(pageMs), this.saidAt + PATIENCE);
    return now - this.start;
  }
}
