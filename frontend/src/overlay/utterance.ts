/** What is known of the utterance that is being spoken. */

import type { Caption, CaptionWord, SegmentMessage } from "../shared/protocol.js";
import { Mouth } from "./mouth.js";

export class Utterance {
  readonly mouth = new Mouth();
  captions: readonly Caption[] = [];
  /** Seconds of audio placed so far, or of the whole once it is closed. */
  duration = 0;
  closed = false;
  /** Set when it is over: how much of it was heard. */
  heard: number | null = null;
  complete = false;
  private readonly seen = new Set<number>();

  constructor(readonly number: number) {}

  get over(): boolean {
    return this.heard !== null;
  }

  place(segment: SegmentMessage): void {
    this.duration = Math.max(this.duration, segment.at + segment.duration);
    if (segment.type === "segment" && this.seen.has(segment.index)) return;
    this.seen.add(segment.index);
    this.mouth.add(segment.mouth);
  }

  close(duration: number): void {
    this.closed = true;
    this.duration = duration;
  }

  /** Take in captions that replace those from index `from` on. */
  caption(from: number, captions: readonly Caption[]): void {
    this.captions = [...this.captions.slice(0, from), ...captions];
  }

  end(heard: number, complete: boolean): void {
    this.heard = heard;
    this.complete = complete;
  }

  /** Index of the caption that stands at `time`: the last that has begun; -1 before the first. */
  captionAt(time: number): number {
    let low = 0;
    let high = this.captions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const caption = this.captions[middle];
      if (caption && caption.at <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** The words of a caption in reading order. */
export function wordsOf(caption: Caption): readonly CaptionWord[] {
  return caption.lines.flat();
}
