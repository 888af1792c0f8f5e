/** What every avatar of the overlay can do, whatever draws it. */

/** All channels of the rig at one instant: `get` gives the rest value (0) for what the frame does not carry. */
export interface Pose {
  /** Value of a face or body channel (`head_yaw`, `aa`, `happy`, ...), in the rig's unit. */
  get(channel: string): number;
  /** Every bone channel that moves now (`left_upper_arm_z`), in degrees from the resting pose; absent is 0. */
  readonly bones: ReadonlyMap<string, number>;
}

/** Something that is wrong with an avatar, in plain words, and what to do about it. */
export interface Problem {
  readonly message: string;
  readonly suggestion?: string;
}

/**
 * An avatar cannot be shown: what was expected, what came; `suggestion` is what to do.
 * Each bundle has its own copy of this class: tell it by its `name`, not by `instanceof`.
 */
export class AvatarError extends Error {
  override readonly name = "AvatarError";

  constructor(
    message: string,
    readonly suggestion = "",
  ) {
    super(message);
  }
}

/** An action that the avatar plays by itself (a VRMA clip). Times are on the page's own clock, in milliseconds. */
export interface Clip {
  readonly action: string;
  readonly url: string;
  readonly startsAt: number;
  readonly strength: number;
  /** Seconds to go on for; null plays the clip once. */
  readonly duration: number | null;
}

/** Where the camera stands. */
export type Framing = "full" | "half" | "face";

export interface Avatar {
  readonly kind: "vrm" | "svg" | "png" | "live2d";
  /** What it is called, for the studio. */
  readonly name: string;
  /** The element to put on the stage; it fills its parent. */
  readonly element: HTMLElement | SVGElement;
  /** What is missing or odd (no visemes, no arms): told to the studio, shown nowhere on stream. */
  readonly problems: readonly Problem[];
  /** Milliseconds that the last `draw` spent outside WebGL; absent where all of it is script. */
  readonly scriptMs?: number;
  /** Draw one frame; `seconds` since the one before, at most 0.1. */
  draw(pose: Pose, seconds: number): void;
  /** Fit the element's size in CSS pixels. */
  resize(width: number, height: number, pixelRatio: number): void;
  frame(framing: Framing): void;
  /** The names of clips this avatar can play, by action; empty where it cannot. */
  play(clip: Clip): void;
  /** End a clip that plays, or all without a name. */
  release(action?: string): void;
  dispose(): void;
}
