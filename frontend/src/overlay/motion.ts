/** Frames of the rig from the bridge, as the pose of this instant. */

import { VISEMES } from "../shared/protocol.js";
import type { MotionFrame } from "../shared/protocol.js";
import type { Pose } from "./avatar.js";
import { MOUTH_SIZE } from "./mouth.js";

const KEPT = 128;
/** Without frames for this long the bridge is gone, and the body goes to rest with this time constant (seconds). */
const PATIENCE = 1.0;
const RELAX = 0.35;
/** The mouth closes from wide open in this time (seconds) when an utterance is cut off. */
const CLOSE = 0.05;
/** Frames that were made before the bridge stopped may still hold an open mouth for this long (seconds). */
const STALE = 0.15;

/** Interpolates between frames at the time they are to be seen; the mouth may be given by the utterance instead. */
export class Motion implements Pose {
  readonly bones = new Map<string, number>();
  private readonly places = new Map<string, number>();
  private readonly frames: MotionFrame[] = [];
  private boneNames: readonly string[] = [];
  private values = new Float32Array(0);
  private turned = new Float32Array(0);
  private moved = new Uint8Array(0);
  private readonly mouthPlaces = new Int16Array(MOUTH_SIZE).fill(-1);
  private readonly shown = new Float32Array(MOUTH_SIZE);
  private held: Readonly<Record<string, number>> | null = null;
  private shutUntil = -Infinity;
  private lastAt = 0;

  /** Learn what the frames' numbers mean; a new bridge starts afresh. */
  learn(channels: readonly string[], bones: readonly string[]): void {
    this.frames.length = 0;
    this.places.clear();
    channels.forEach((name, index) => this.places.set(name, index));
    this.boneNames = bones;
    this.bones.clear();
    this.values = new Float32Array(channels.length);
    this.turned = new Float32Array(bones.length);
    this.moved = new Uint8Array(bones.length);
    ["mouth_open", ...VISEMES].forEach((name, index) => {
      this.mouthPlaces[index] = this.places.get(name) ?? -1;
    });
  }

  /** Take in a frame; one that came out of order is dropped, a jump back of more than a second is a new bridge. */
  add(frame: MotionFrame): void {
    const last = this.frames.at(-1);
    if (last && frame.at < last.at - 1) this.frames.length = 0;
    else if (last && frame.at <= last.at) return;
    this.frames.push(frame);
    if (this.frames.length > KEPT) this.frames.shift();
  }

  get(channel: string): number {
    if (this.held) return this.held[channel] ?? 0;
    const place = this.places.get(channel);
    return place === undefined ? 0 : (this.values[place] ?? 0);
  }

  /** Freeze the pose with these channels (bones too), for trying an avatar; null lets it move again. */
  hold(channels: Readonly<Record<string, number>> | null): void {
    this.held = channels;
    this.bones.clear();
    if (!channels) return;
    for (const name of this.boneNames) if (channels[name]) this.bones.set(name, channels[name]);
  }

  /** Every channel and bone that is not at rest now, by name. */
  moving(): Record<string, number> {
    const found: Record<string, number> = Object.fromEntries(this.bones);
    for (const name of this.places.keys()) if (this.get(name)) found[name] = this.get(name);
    return found;
  }

  /** The mouth is cut off at bridge clock `at`: frames on their way may still speak. */
  shut(at: number): void {
    this.shutUntil = at + STALE;
  }

  /** Move to bridge clock `at`. `mouth` is the utterance's own mouth, null where nothing is spoken. */
  move(at: number, mouth: Float32Array | null): void {
    const seconds = Math.min(Math.max(at - this.lastAt, 0), 0.1);
    this.lastAt = at;
    if (this.held) return;
    this.values.fill(0);
    this.moved.fill(0);
    this.turned.fill(0);
    this.blend(at);
    this.rename();
    this.speak(at, seconds, mouth);
  }

  private blend(at: number): void {
    const { frames } = this;
    let next = frames.length - 1;
    while (next > 0 && (frames[next - 1]?.at ?? -Infinity) > at) next -= 1;
    const after = frames[next];
    if (!after) return;
    const before = frames[next - 1];
    if (!before || after.at <= at) {
      const silent = at - after.at - PATIENCE;
      this.weigh(after, silent > 0 ? Math.exp(-silent / RELAX) : 1);
      return;
    }
    const share = (at - before.at) / (after.at - before.at);
    this.weigh(before, 1 - share);
    this.weigh(after, share);
  }

  private weigh(frame: MotionFrame, share: number): void {
    const { values, turned } = this;
    for (let index = 0; index < values.length; index += 1) values[index] = (values[index] ?? 0) + share * (frame.channels[index] ?? 0);
    for (let place = 0; place < frame.boneIndices.length; place += 1) {
      const index = frame.boneIndices[place] ?? -1;
      if (index >= turned.length) continue;
      turned[index] = (turned[index] ?? 0) + share * (frame.boneValues[place] ?? 0);
      this.moved[index] = 1;
    }
  }

  private rename(): void {
    for (let index = 0; index < this.boneNames.length; index += 1) {
      const name = this.boneNames[index] ?? "";
      if (this.moved[index]) this.bones.set(name, this.turned[index] ?? 0);
      else if (this.bones.size) this.bones.delete(name);
    }
  }

  /** The utterance's mouth, else the frames'; after a cut neither, and never from open to shut at a blow. */
  private speak(at: number, seconds: number, mouth: Float32Array | null): void {
    for (let index = 0; index < MOUTH_SIZE; index += 1) {
      const place = this.mouthPlaces[index] ?? -1;
      if (place < 0) continue;
      let wanted = this.values[place] ?? 0;
      if (mouth) wanted = mouth[index] ?? 0;
      else if (at < this.shutUntil) wanted = 0;
      const least = mouth ? 0 : (this.shown[index] ?? 0) - seconds / CLOSE;
      const value = Math.max(wanted, least);
      this.shown[index] = value;
      this.values[place] = value;
    }
  }
}
