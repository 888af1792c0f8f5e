/** The mouth of an utterance over time. */

import { decodeBytes, VISEMES } from "../shared/protocol.js";
import type { EncodedMouth } from "../shared/protocol.js";

/** Openness and the five visemes, in this order. */
export const MOUTH_SIZE = 1 + VISEMES.length;

interface Stretch {
  readonly at: number;
  readonly rate: number;
  readonly open: Uint8Array;
  readonly shapes: Uint8Array;
}

/** Stretches of mouth curves on an utterance's time; between them the mouth is closed. */
export class Mouth {
  private readonly stretches: Stretch[] = [];
  private last = 0;

  /** Take in a stretch; another one that begins at the same time is replaced. */
  add(encoded: EncodedMouth): void {
    const open = decodeBytes(encoded.open);
    const shapes = decodeBytes(encoded.shapes);
    if (!(encoded.rate > 0) || shapes.length < open.length * VISEMES.length) return;
    const known = this.stretches.findIndex((stretch) => stretch.at === encoded.at);
    if (known >= 0) this.stretches.splice(known, 1);
    this.stretches.push({ at: encoded.at, rate: encoded.rate, open, shapes });
    this.stretches.sort((one, other) => one.at - other.at);
  }

  get empty(): boolean {
    return this.stretches.length === 0;
  }

  /** Write the mouth at `time` into `into` (MOUTH_SIZE numbers of 0..1), interpolated between the curve's samples. */
  sample(time: number, into: Float32Array): void {
    into.fill(0);
    const stretch = this.find(time);
    if (!stretch) return;
    const place = (time - stretch.at) * stretch.rate;
    const index = Math.floor(place);
    const count = stretch.open.length;
    if (index < -1 || index >= count) return;
    this.weigh(stretch, index, 1 - (place - index), into);
    this.weigh(stretch, index + 1, place - index, into);
  }

  private weigh(stretch: Stretch, index: number, weight: number, into: Float32Array): void {
    if (index < 0 || index >= stretch.open.length) return;
    const share = weight / 255;
    into[0] = (into[0] ?? 0) + share * (stretch.open[index] ?? 0);
    for (let shape = 1; shape < MOUTH_SIZE; shape += 1) {
      into[shape] = (into[shape] ?? 0) + share * (stretch.shapes[index * VISEMES.length + shape - 1] ?? 0);
    }
  }

  private find(time: number): Stretch | undefined {
    const near = this.stretches[this.last];
    const next = this.stretches[this.last + 1];
    if (!near || time < near.at || (next && time >= next.at)) {
      const found = this.stretches.findIndex((stretch, index) => {
        const after = this.stretches[index + 1];
        return time >= stretch.at && (!after || time < after.at);
      });
      this.last = Math.max(found, 0);
    }
    return this.stretches[this.last];
  }
}
