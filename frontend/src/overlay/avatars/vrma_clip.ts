/** VRM animations (.vrma) as clips over the pose: read once, sampled by time, blended in and out. */

import type { VRMHumanBoneName } from "@pixiv/three-vrm";
import { VRMAnimation, VRMAnimationLoaderPlugin } from "@pixiv/three-vrm-animation";
import { type KeyframeTrack, Quaternion, Vector3 } from "three";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";

import { AvatarError, type Clip } from "../avatar.js";
import { fetchBytes, readGlb } from "./vrm_file.js";
import type { Face } from "./vrm_face.js";
import { OTHERWISE, type Skeleton } from "./vrm_skeleton.js";

const FADE_SECONDS = 0.2;
const MAKE_AGAIN = "Export the animation as .vrma, for VRM 1.0.";

/** Return the animation that a .vrma file holds; raises AvatarError for anything else. */
export async function readVrma(bytes: ArrayBuffer): Promise<VRMAnimation> {
  if (!("VRMC_vrm_animation" in (readGlb(bytes).extensions ?? {}))) {
    throw new AvatarError("expected a VRM animation (.vrma), got a file without one", MAKE_AGAIN);
  }
  const loader = new GLTFLoader();
  loader.register((parser) => new VRMAnimationLoaderPlugin(parser));
  const gltf = await loader.parseAsync(bytes, "").catch((error: unknown) => {
    throw new AvatarError(`expected a VRM animation, got one that cannot be read: ${String(error)}`, MAKE_AGAIN);
  });
  const [animation] = (gltf.userData["vrmAnimations"] ?? []) as VRMAnimation[];
  if (!animation || !(animation.duration > 0)) {
    throw new AvatarError("expected a VRM animation, got a file whose animation is empty", MAKE_AGAIN);
  }
  return animation;
}

/** The values of a keyframe track between two keys. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly share: number;
}

const span = { from: 0, to: 0, share: 0 };

/** Find the keys about `time`; offsets are into `track.values`. A cubic spline's tangents are left out. */
function keysAt(track: KeyframeTrack, time: number, size: number): Span {
  const { times, values } = track;
  const [stride, skip] = values.length === 3 * size * times.length ? [3 * size, size] : [size, 0];
  let [low, high] = [0, times.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= time) low = middle;
    else high = middle;
  }
  const [start, end] = [times[low] ?? 0, times[high] ?? 0];
  span.from = low * stride + skip;
  span.to = high * stride + skip;
  span.share = end > start ? Math.min(Math.max((time - start) / (end - start), 0), 1) : 0;
  return span;
}

const flat = [0, 0, 0, 1];
const turn = new Quaternion();
const place = new Vector3();
const other = new Vector3();

/** One clip that plays: its weight goes up and down over `FADE_SECONDS`, from whatever is shown. */
export class PlayingClip {
  private ramp = 0;
  private released = false;

  constructor(
    readonly clip: Clip,
    private readonly animation: VRMAnimation,
  ) {}

  release(): void {
    this.released = true;
  }

  /** Blend the clip over the pose at `now` (page clock, ms); false once nothing of it is left. */
  apply(skeleton: Skeleton, face: Face, now: number, seconds: number): boolean {
    const elapsed = (now - this.clip.startsAt) / 1000;
    if (elapsed < 0) return !this.released;
    const length = this.clip.duration ?? this.animation.duration;
    const going = !this.released && elapsed < length - FADE_SECONDS;
    this.ramp = Math.min(Math.max(this.ramp + (going ? seconds : -seconds) / FADE_SECONDS, 0), 1);
    if (this.ramp === 0) return going;
    const share = this.ramp * this.ramp * (3 - 2 * this.ramp) * Math.min(Math.max(this.clip.strength, 0), 1);
    const time = this.clip.duration === null ? Math.min(elapsed, this.animation.duration) : elapsed % this.animation.duration;
    this.pose(skeleton, time, share);
    this.express(face, time, share);
    return true;
  }

  private pose(skeleton: Skeleton, time: number, share: number): void {
    const { rotation, translation } = this.animation.humanoidTracks;
    for (const [name, track] of rotation) this.bend(skeleton, name, track, time, share);
    const hips = translation.get("hips");
    const standing = this.animation.restHipsPosition.y;
    if (!hips || !(standing > 0)) return;
    const { from, to, share: between } = keysAt(hips, time, 3);
    place.fromArray(hips.values, from).lerp(other.fromArray(hips.values, to), between);
    skeleton.hips.lerp(place.multiplyScalar(skeleton.hipsRest.y / standing), share);
  }

  private bend(skeleton: Skeleton, name: VRMHumanBoneName, track: KeyframeTrack, time: number, share: number): void {
    const own = skeleton.rotation(name);
    if (!own || (OTHERWISE.has(name) && name !== "head")) return;
    const { from, to, share: between } = keysAt(track, time, 4);
    const { values } = track;
    Quaternion.slerpFlat(flat, 0, values as unknown as number[], from, values as unknown as number[], to, between);
    turn.fromArray(flat);
    // The head goes on living under a clip: nods and glances are added to the clip's own.
    if (name === "head" || name === "neck") turn.multiply(own);
    own.slerp(turn, share);
  }

  private express(face: Face, time: number, share: number): void {
    const { preset, custom } = this.animation.expressionTracks;
    for (const tracks of [preset, custom] as ReadonlyMap<string, KeyframeTrack>[]) {
      for (const [name, track] of tracks) {
        const { from, to, share: between } = keysAt(track, time, 1);
        const [first, second] = [track.values[from] ?? 0, track.values[to] ?? 0];
        face.blend(name, first + (second - first) * between, share);
      }
    }
  }
}

/** The clips of one avatar: read on first use, kept, played over each other. */
export class Clips {
  private readonly known = new Map<string, Promise<VRMAnimation>>();
  private playing: PlayingClip[] = [];
  private readonly waiting = new Set<Clip>();

  constructor(private readonly failed: (clip: Clip, error: unknown) => void) {}

  /** Play a clip as soon as it is read; the same action's older clip fades out under it. */
  play(clip: Clip): void {
    let reading = this.known.get(clip.url);
    if (!reading) {
      reading = fetchBytes(clip.url, `The animation of “${clip.action}”`).then(readVrma);
      this.known.set(clip.url, reading);
    }
    this.waiting.add(clip);
    reading
      .then((animation) => {
        if (this.waiting.has(clip)) this.start(new PlayingClip(clip, animation));
      })
      .catch((error: unknown) => {
        this.known.delete(clip.url);
        this.failed(clip, error);
      })
      .finally(() => this.waiting.delete(clip));
  }

  release(action?: string): void {
    for (const clip of this.waiting) if (action === undefined || clip.action === action) this.waiting.delete(clip);
    for (const one of this.playing) if (action === undefined || one.clip.action === action) one.release();
  }

  apply(skeleton: Skeleton, face: Face, now: number, seconds: number): void {
    this.playing = this.playing.filter((one) => one.apply(skeleton, face, now, seconds));
  }

  private start(one: PlayingClip): void {
    for (const older of this.playing) if (older.clip.action === one.clip.action) older.release();
    this.playing.push(one);
  }
}
