/** A drawn face and bust with every face channel: for browsers without WebGL, and for who likes it light. */

import type { Avatar, Framing, Pose, Problem } from "../avatar.js";
import { drawCharacter } from "./svg_drawing.js";
import type { Drawing, EyeParts } from "./svg_drawing.js";
import { browPath, eyePaths, mouthPaths } from "./svg_paths.js";

const VIEWS: Readonly<Record<Framing, string>> = {
  full: "-300 -326 600 640",
  half: "-215 -178 430 488",
  face: "-150 -170 300 312",
};
/** Units that a full turn of the head (45 degrees) moves what lies deepest and what lies foremost. */
const DEPTH = { back: -9, skull: 9, locks: 11, bangs: 18, features: 31, nose: 40 };

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

function set(element: SVGElement, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function fixed(value: number): string {
  return value.toFixed(2);
}

/** Of every emotion, what it does to this part. */
function feeling(pose: Pose, weights: Readonly<Record<string, number>>): number {
  let sum = 0;
  for (const name in weights) sum += (weights[name] ?? 0) * pose.get(name);
  return sum;
}

/** A value that follows another softly: critically damped, whatever the frame rate. */
class Follower {
  value = 0;
  private speed = 0;

  constructor(private readonly stiffness: number) {}

  follow(target: number, seconds: number): number {
    const { stiffness } = this;
    const decay = Math.exp(-stiffness * seconds);
    const gap = this.value - target;
    const push = (this.speed + stiffness * gap) * seconds;
    this.value = target + (gap + push) * decay;
    this.speed = (this.speed - stiffness * push) * decay;
    return this.value;
  }
}

export class SvgAvatar implements Avatar {
  readonly kind = "svg";
  readonly problems: readonly Problem[] = [];
  readonly element: SVGSVGElement;
  private readonly parts: Drawing;
  private readonly sway = new Follower(9);
  private readonly bob = new Follower(9);
  private readonly tilt = new Follower(7);

  constructor(readonly name: string) {
    this.parts = drawCharacter(name);
    this.element = this.parts.root;
    this.frame("half");
  }

  draw(pose: Pose, seconds: number): void {
    this.turn(pose, seconds);
    this.look(pose);
    this.talk(pose);
    const blush = clamp(0.22 + 0.7 * pose.get("cheek") + feeling(pose, { happy: 0.3, relaxed: 0.15 }), 0, 1);
    set(this.parts.blush, "opacity", fixed(blush));
    set(this.parts.puffs, "opacity", fixed(clamp(pose.get("cheek_puff"), 0, 1)));
  }

  resize(): void {
    // An SVG fits by its view box.
  }

  frame(framing: Framing): void {
    this.element.setAttribute("viewBox", VIEWS[framing]);
  }

  play(): void {
    // A drawing plays no clips.
  }

  release(): void {
    // Nothing plays.
  }

  dispose(): void {
    this.element.remove();
  }

  /** Head and body: layers shifted by their depth. */
  private turn(pose: Pose, seconds: number): void {
    const { parts } = this;
    const yaw = Math.sin((pose.get("head_yaw") * Math.PI) / 180) / Math.SQRT1_2;
    const pitch = Math.sin((pose.get("head_pitch") * Math.PI) / 180) / Math.SQRT1_2;
    const roll = pose.get("head_roll") * 0.85;
    const bodyX = 46 * pose.get("position_x") + 0.9 * pose.get("body_yaw");
    const bodyY = -40 * pose.get("position_y") - 0.5 * pose.get("body_pitch");
    const breath = pose.get("breath");
    const lean = 1 + 0.06 * pose.get("position_z") - 0.0016 * pose.get("body_pitch");
    const bodyRoll = pose.get("body_roll") * 0.6;
    set(parts.body, "transform", `translate(${fixed(bodyX)} ${fixed(bodyY - 12)}) rotate(${fixed(bodyRoll)} 0 330) scale(${lean.toFixed(4)})`);
    set(parts.chest, "transform", `translate(0 ${fixed(-2.2 * breath)}) scale(${(1 + 0.008 * breath).toFixed(4)} ${(1 + 0.006 * breath).toFixed(4)})`);
    const carried = (bodyRoll * Math.PI) / 180;
    const headX = bodyX + Math.sin(carried) * 230 + 6 * yaw;
    const headY = bodyY - 3 * breath - 7 * pitch;
    const place = `translate(${fixed(headX)} ${fixed(headY)}) rotate(${fixed(roll + bodyRoll)} 0 118) scale(${lean.toFixed(4)})`;
    set(parts.head, "transform", place);
    this.layer(parts.skull, DEPTH.skull, yaw, pitch);
    this.layer(parts.ears, 2, yaw, pitch);
    this.layer(parts.shadow, DEPTH.skull + 4, yaw, pitch - 0.1);
    this.layer(parts.features, DEPTH.features, yaw, pitch, 1 - 0.1 * yaw * yaw);
    this.layer(parts.brows, DEPTH.features - 3, yaw, pitch, 1 - 0.1 * yaw * yaw);
    this.layer(parts.nose, DEPTH.nose - DEPTH.features, yaw, pitch);
    this.hair(yaw, pitch, place, seconds);
  }

  private hair(yaw: number, pitch: number, place: string, seconds: number): void {
    const { parts } = this;
    const sway = this.sway.follow(yaw, seconds);
    const bob = this.bob.follow(pitch, seconds);
    const lag = this.tilt.follow(18 * (sway - yaw), seconds);
    this.layer(parts.bangs, DEPTH.bangs, yaw, pitch * 0.8);
    set(parts.locks, "transform", `translate(${fixed(DEPTH.locks * sway)} ${fixed(-6 * bob)}) rotate(${fixed(0.35 * lag)} 0 -60)`);
    set(parts.backHair, "transform", `${place} translate(${fixed(DEPTH.back * sway)} ${fixed(9 * bob)}) rotate(${fixed(0.25 * lag)} 0 -60)`);
    set(parts.sprout, "transform", `rotate(${fixed(lag * 1.4 + 10 * (bob - pitch))} 4 -112)`);
  }

  private layer(element: SVGElement, depth: number, yaw: number, pitch: number, squeeze = 1): void {
    set(element, "transform", `translate(${fixed(depth * yaw)} ${fixed(-0.72 * depth * pitch)}) scale(${squeeze.toFixed(3)} 1)`);
  }

  private look(pose: Pose): void {
    const wide = clamp(pose.get("eye_wide") + feeling(pose, { surprised: 1 }), 0, 1);
    const smile = clamp(pose.get("eye_smile") + feeling(pose, { happy: 0.55, relaxed: 0.3 }), 0, 1);
    const heavy = feeling(pose, { relaxed: 0.22, sad: 0.2, angry: 0.14 });
    const slant = feeling(pose, { sad: 7, angry: -7, relaxed: 3 });
    const inner = feeling(pose, { sad: 8, angry: -9, surprised: 1.5, happy: 1 });
    const lift = feeling(pose, { surprised: 0.9, happy: 0.3, sad: 0.15, angry: -0.7 });
    const { left, right, leftBrow, rightBrow } = this.parts;
    // The rig names the character's own sides: its left eye is on screen right.
    for (const [eye, brow, side, own] of [[left, leftBrow, -1, "right"], [right, rightBrow, 1, "left"]] as const) {
      const blink = clamp(pose.get(`blink_${own}`), 0, 1);
      const shut = clamp(Math.max(blink, heavy * (1 - blink) + blink), 0, 1);
      this.eye(eye, side, shut, wide, smile, slant, pose);
      const raise = clamp(pose.get(`brow_${own}`) + lift, -1.4, 1.4);
      set(brow, "d", browPath(side, raise, inner));
      set(brow, "transform", `translate(${side * 46} ${fixed(-30 - 9 * raise - 2 * wide)})`);
    }
  }

  private eye(eye: EyeParts, side: number, shut: number, wide: number, smile: number, slant: number, pose: Pose): void {
    const paths = eyePaths(side, shut, wide * (1 - shut), smile, slant);
    set(eye.opening, "d", paths.opening);
    set(eye.lash, "d", paths.lash);
    set(eye.crease, "d", paths.crease);
    const x = 8.5 * pose.get("gaze_x");
    const y = -8 * pose.get("gaze_y");
    const size = 1 - 0.12 * wide;
    set(eye.iris, "transform", `translate(${fixed(x)} ${fixed(y)}) scale(${fixed(size)})`);
  }

  private talk(pose: Pose): void {
    const { parts } = this;
    const mood = clamp(pose.get("mouth_smile") + feeling(pose, { happy: 0.8, relaxed: 0.35, sad: -0.75, angry: -0.5 }) + 0.16, -1, 1);
    const gasp = feeling(pose, { surprised: 0.34 });
    const open = clamp(Math.max(pose.get("mouth_open"), gasp), 0, 1);
    const round = clamp(0.95 * pose.get("ou") + 0.62 * pose.get("oh") + gasp * 1.2, 0, 1);
    const wide = clamp(0.85 * pose.get("ee") + 0.5 * pose.get("ih"), 0, 1);
    const paths = mouthPaths({ open, smile: mood, round, wide });
    set(parts.mouthOutline, "d", paths.outline);
    set(parts.mouthClip, "d", paths.outline);
    set(parts.mouth, "transform", `translate(${fixed(9 * pose.get("mouth_x"))} ${fixed(76 - 1.5 * open)})`);
    set(parts.teeth, "transform", `translate(0 ${fixed(paths.top + 3.5 + 2 * wide)})`);
    set(parts.teeth, "opacity", fixed(clamp((open - 0.18) * 4, 0, 1) * (1 - round)));
    set(parts.tongue, "transform", `translate(0 ${fixed(paths.bottom - 3 + 5 * round)})`);
    const out = clamp(pose.get("tongue_out"), 0, 1);
    set(parts.lolling, "transform", `translate(0 ${fixed((paths.top + paths.bottom) / 2)}) scale(1 ${fixed(out)})`);
    set(parts.lolling, "opacity", out > 0.02 ? "1" : "0");
  }
}
