/** From the rig's channels to Live2D's standard parameters, as far as a model has them. */

import type { Pose, Problem } from "../avatar.js";
import type { Live2dFiles, ModelExpression } from "./live2d_model.js";

const EMOTIONS = ["happy", "angry", "sad", "relaxed", "surprised"] as const;
type Emotion = (typeof EMOTIONS)[number];

/** Names that models give the expression files of an emotion. */
const NAMES: Readonly<Record<Emotion, RegExp>> = {
  happy: /^(happy|joy|smile|fun|笑|笑顔|开心|微笑)/i,
  angry: /^(angry|anger|怒|生气)/i,
  sad: /^(sad|sorrow|cry|悲|难过|伤心)/i,
  relaxed: /^(relax|calm|gentle|放松)/i,
  surprised: /^(surpris|shock|驚|惊)/i,
};

/** What an emotion does to a model without a file for it: shares of each parameter's way to its end. */
const LIKENESS: Readonly<Record<Emotion, Readonly<Record<string, number>>>> = {
  happy: { ParamEyeLSmile: 0.9, ParamEyeRSmile: 0.9, ParamMouthForm: 0.9, ParamBrowLY: 0.3, ParamBrowRY: 0.3, ParamCheek: 0.4 },
  angry: { ParamBrowLAngle: -0.9, ParamBrowRAngle: -0.9, ParamBrowLForm: -0.7, ParamBrowRForm: -0.7, ParamBrowLY: -0.5, ParamBrowRY: -0.5, ParamMouthForm: -0.5 },
  sad: { ParamBrowLAngle: 0.6, ParamBrowRAngle: 0.6, ParamBrowLForm: -0.6, ParamBrowRForm: -0.6, ParamMouthForm: -0.7, ParamEyeLOpen: -0.2, ParamEyeROpen: -0.2 },
  relaxed: { ParamEyeLSmile: 0.4, ParamEyeRSmile: 0.4, ParamMouthForm: 0.4, ParamEyeLOpen: -0.15, ParamEyeROpen: -0.15 },
  surprised: { ParamBrowLY: 0.9, ParamBrowRY: 0.9, ParamEyeLOpen: 0.8, ParamEyeROpen: 0.8, ParamMouthForm: -0.2 },
};

/** Parameter, channel, and the channel's value at which the parameter is at its end. */
const DIRECT: readonly (readonly [id: string, channel: string, end: number])[] = [
  ["ParamAngleX", "head_yaw", 30],
  ["ParamAngleY", "head_pitch", 30],
  ["ParamAngleZ", "head_roll", 30],
  ["ParamBodyAngleX", "body_yaw", 30],
  ["ParamBodyAngleY", "body_pitch", 30],
  ["ParamBodyAngleZ", "body_roll", 30],
  ["ParamEyeBallX", "gaze_x", 1],
  ["ParamEyeBallY", "gaze_y", 1],
  ["ParamBrowLY", "brow_left", 1],
  ["ParamBrowRY", "brow_right", 1],
  ["ParamEyeLSmile", "eye_smile", 1],
  ["ParamEyeRSmile", "eye_smile", 1],
  ["ParamMouthForm", "mouth_smile", 1],
  ["ParamMouthX", "mouth_x", 1],
  ["ParamCheek", "cheek", 1],
  ["ParamCheekPuff", "cheek_puff", 1],
  ["ParamTongue", "tongue_out", 1],
  ["ParamTongueOut", "tongue_out", 1],
  ["ParamBreath", "breath", 1],
  ["ParamA", "aa", 1],
  ["ParamI", "ih", 1],
  ["ParamU", "ou", 1],
  ["ParamE", "ee", 1],
  ["ParamO", "oh", 1],
];
/** How far each mouth shape spreads (+) or rounds (-) a mouth that has only a form. */
const SPREAD = { ih: 0.4, ee: 0.6, ou: -0.7, oh: -0.4 } as const;

/** Sets a model's parameters from the channels. */
export class Live2dParameters {
  private readonly index = new Map<string, number>();
  private readonly eyes: readonly [left: readonly string[], right: readonly string[]];
  private readonly mouth: readonly string[];
  private readonly expressions = new Map<Emotion, ModelExpression>();

  constructor(private readonly files: Live2dFiles) {
    files.model.parameters.ids.forEach((id, index) => this.index.set(id, index));
    const [left, right] = files.eyeIds.length === 2 ? files.eyeIds : ["ParamEyeLOpen", "ParamEyeROpen"];
    this.eyes = [[left ?? ""], [right ?? ""]];
    this.mouth = files.mouthIds.length ? files.mouthIds : ["ParamMouthOpenY"];
    for (const emotion of EMOTIONS) {
      const own = files.expressions.find(({ name }) => NAMES[emotion].test(name));
      if (own) this.expressions.set(emotion, own);
    }
  }

  problems(): Problem[] {
    const found: Problem[] = [];
    const lacks = (ids: readonly string[]): boolean => !ids.some((id) => this.index.has(id));
    if (lacks(this.mouth)) {
      found.push({ message: `The model has no ${this.mouth.join(", ")}: its mouth does not move.`, suggestion: "Name the mouth's parameter in the LipSync group of the model, in the Cubism Editor." });
    }
    if (lacks([...this.eyes[0], ...this.eyes[1]])) found.push({ message: "The model has no parameters to close its eyes: it does not blink.", suggestion: "Name them in the EyeBlink group of the model, in the Cubism Editor." });
    if (lacks(["ParamAngleX", "ParamAngleY", "ParamAngleZ"])) found.push({ message: "The model has no ParamAngleX, Y, Z: its head does not turn.", suggestion: "Use Live2D's standard parameter names." });
    if (this.files.hasPhysics) found.push({ message: "The overlay does not run Live2D's physics: hair and clothes move with the head only.", suggestion: "For physics let VTube Studio show the model." });
    return found;
  }

  apply(pose: Pose): void {
    const { values, defaultValues } = this.files.model.parameters;
    values.set(defaultValues);
    for (const [id, channel, end] of DIRECT) this.move(id, pose.get(channel) / end);
    this.speak(pose);
    for (const emotion of EMOTIONS) this.emote(emotion, Math.min(pose.get(emotion), 1));
    this.lids(pose);
    const { parts } = this.files.model;
    for (const id of this.files.hiddenParts) {
      const part = parts.ids.indexOf(id);
      if (part >= 0) parts.opacities[part] = 0;
    }
  }

  /** Move a parameter by a share of the way from its default to its end, where a negative share goes to the other end. */
  private move(id: string, share: number): void {
    const index = this.index.get(id);
    if (index === undefined || share === 0) return;
    const { minimumValues, maximumValues, defaultValues, values } = this.files.model.parameters;
    const rest = defaultValues[index] ?? 0;
    const end = (share > 0 ? maximumValues[index] : minimumValues[index]) ?? rest;
    this.set(index, (values[index] ?? 0) + Math.abs(share) * (end - rest));
  }

  private set(index: number, value: number): void {
    const { minimumValues, maximumValues, values } = this.files.model.parameters;
    values[index] = Math.min(Math.max(value, minimumValues[index] ?? value), maximumValues[index] ?? value);
  }

  private speak(pose: Pose): void {
    for (const id of this.mouth) this.move(id, pose.get("mouth_open"));
    let spread = 0;
    for (const [viseme, amount] of Object.entries(SPREAD)) spread += amount * pose.get(viseme);
    this.move("ParamMouthForm", spread);
  }

  private emote(emotion: Emotion, weight: number): void {
    if (weight <= 0) return;
    const own = this.expressions.get(emotion);
    if (!own) {
      for (const [id, share] of Object.entries(LIKENESS[emotion])) this.move(id, share * weight);
      return;
    }
    const { values } = this.files.model.parameters;
    for (const { id, value, blend } of own.parameters) {
      const index = this.index.get(id);
      if (index === undefined) continue;
      const now = values[index] ?? 0;
      if (blend === "Add") this.set(index, now + value * weight);
      else if (blend === "Multiply") this.set(index, now * (1 + (value - 1) * weight));
      else this.set(index, now + (value - now) * weight);
    }
  }

  /** Lids last: a blink closes whatever an emotion left open. */
  private lids(pose: Pose): void {
    const { values, minimumValues } = this.files.model.parameters;
    [pose.get("blink_left"), pose.get("blink_right")].forEach((blink, side) => {
      for (const id of this.eyes[side] ?? []) {
        this.move(id, pose.get("eye_wide"));
        const index = this.index.get(id);
        if (index === undefined) continue;
        const [open, shut] = [values[index] ?? 1, minimumValues[index] ?? 0];
        this.set(index, open + (shut - open) * blink);
      }
    });
  }
}
