/** What the studio knows of the last utterances, laid on one axis of seconds that only ever grows. */

import { decodeBytes, VISEMES } from "../shared/protocol.js";
import type { Caption, ClockMessage, CueTime, FiredMessage, SegmentMessage, ServerMessage } from "../shared/protocol.js";

const KEPT = 12;
const GAP = 0.8;

/** A segment with its curves decoded; values 0 to 255. */
export interface SegmentView {
  readonly source: SegmentMessage;
  readonly open: Uint8Array;
  readonly shapes: Uint8Array;
  readonly peaks: Uint8Array;
  readonly peakRate: number;
}

export interface Fired {
  readonly action: string;
  readonly driver: string;
  readonly due: number;
  readonly lateMs: number;
}

/** One utterance; its times count from its first audio sample, `origin` is where that stands on the axis. */
export interface Performed {
  readonly number: number;
  readonly origin: number;
  readonly segments: SegmentView[];
  cues: readonly CueTime[];
  captions: Caption[];
  readonly fired: Fired[];
  heard: number;
  duration: number;
  over: "" | "spoken out" | "interrupted";
}

export class Performances {
  readonly list: Performed[] = [];
  private clock: ClockMessage | null = null;
  private furthest = 0;

  /** The utterance that is being spoken, or the last one. */
  get latest(): Performed | undefined {
    return this.list[this.list.length - 1];
  }

  get speaking(): boolean {
    return this.latest !== undefined && !this.latest.over;
  }

  /** Forget what is unfinished: the connection is gone, and another bridge counts anew. */
  disconnected(): void {
    const last = this.latest;
    if (last && !last.over) this.finish(last, last.heard, false);
    this.clock = null;
  }

  /** Take in a message of the speech stream or a `fired`; anything else is ignored. */
  receive(message: ServerMessage): void {
    if (message.type === "utterance") {
      this.begin(message.utterance);
      return;
    }
    const one = this.latest;
    if (!one || !("utterance" in message) || message.utterance !== one.number) return;
    if (message.type === "segment" || message.type === "corrected") this.place(one, message);
    else if (message.type === "cues") one.cues = message.cues;
    else if (message.type === "captions") one.captions = [...one.captions.slice(0, message.from), ...message.captions];
    else if (message.type === "clock") this.clock = message;
    else if (message.type === "closed") one.duration = message.duration;
    else if (message.type === "fired") this.fire(one, message);
    else if (message.type === "ended") this.finish(one, message.heard, message.complete);
  }

  /** Where the playhead stands on the axis at `now` seconds of the bridge's clock. */
  playhead(now: number): number {
    const one = this.latest;
    if (one && !one.over && this.clock?.utterance === one.number) {
      const { heard, running } = this.clock;
      one.heard = Math.max(one.heard, heard + (running ? Math.min(Math.max(now - this.clock.now, 0), 1) : 0));
      this.furthest = Math.max(this.furthest, one.origin + one.heard);
    }
    return this.furthest;
  }

  private begin(number: number): void {
    const last = this.latest;
    if (last && !last.over) this.finish(last, last.heard, false);
    const again = last?.number === number;
    if (again) this.list.pop();
    const origin = again ? last.origin : last ? Math.max(last.origin + endOf(last), this.furthest) + GAP : 0;
    this.list.push({ number, origin, segments: [], cues: [], captions: [], fired: [], heard: 0, duration: 0, over: "" });
    if (this.list.length > KEPT) this.list.shift();
    this.clock = null;
  }

  private place(one: Performed, source: SegmentMessage): void {
    const view = {
      source,
      open: decodeBytes(source.mouth.open),
      shapes: decodeBytes(source.mouth.shapes),
      peaks: decodeBytes(source.waveform?.peaks ?? ""),
      peakRate: source.waveform?.rate ?? 50,
    };
    const index = one.segments.findIndex((each) => each.source.index === source.index);
    if (index < 0) one.segments.push(view);
    else one.segments[index] = view;
    one.duration = Math.max(one.duration, source.at + source.duration);
  }

  private fire(one: Performed, message: FiredMessage): void {
    one.fired.push({ action: message.action, driver: message.driver, due: message.due, lateMs: message.late_ms });
  }

  private finish(one: Performed, heard: number, complete: boolean): void {
    one.heard = complete ? Math.max(one.duration, heard) : heard;
    one.over = complete ? "spoken out" : "interrupted";
    this.furthest = Math.max(this.furthest, one.origin + Math.max(one.heard, 0));
  }
}

/** Where an utterance ends in its own time: an interrupted one at the last thing heard. */
export function endOf(one: Performed): number {
  return one.over === "interrupted" ? Math.max(one.heard, 0) : Math.max(one.duration, one.heard);
}

/** The caption that shows at `at` seconds of the utterance. */
export function captionAt(one: Performed, at: number): Caption | undefined {
  const begun = one.captions.filter((caption) => caption.at <= at);
  const last = begun[begun.length - 1];
  return last && at < last.end + 0.4 ? last : undefined;
}

/** The strongest viseme of a row of five weights, with its weight from 0 to 1; null where the mouth is shut. */
export function strongest(shapes: Uint8Array, row: number): { readonly index: number; readonly weight: number } | null {
  let index = 0;
  for (let column = 1; column < VISEMES.length; column += 1) {
    if ((shapes[row * 5 + column] ?? 0) > (shapes[row * 5 + index] ?? 0)) index = column;
  }
  const weight = (shapes[row * 5 + index] ?? 0) / 255;
  return weight > 0.03 ? { index, weight } : null;
}

/** What really happened to a cue: the sending that stands nearest to its plan, by each driver. */
export function sendings(one: Performed, cue: CueTime): Fired[] {
  const nearest = new Map<string, Fired>();
  for (const fired of one.fired) {
    if (fired.action !== cue.name || Math.abs(fired.due - cue.start) > 0.75) continue;
    const before = nearest.get(fired.driver);
    if (!before || Math.abs(fired.due - cue.start) < Math.abs(before.due - cue.start)) nearest.set(fired.driver, fired);
  }
  return [...nearest.values()];
}
