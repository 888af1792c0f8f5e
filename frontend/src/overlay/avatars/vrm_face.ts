/** From the rig's channels to the expressions of a model: visemes, lids, emotions, gaze and what else its face has. */

import type { VRM, VRMExpression, VRMLookAtRangeMap } from "@pixiv/three-vrm";
import { VRMLookAtBoneApplier, VRMLookAtExpressionApplier } from "@pixiv/three-vrm";
import { MathUtils } from "three";

import type { Pose, Problem } from "../avatar.js";
import { FEATURES, findFeatures } from "./vrm_morphs.js";
import type { Skeleton } from "./vrm_skeleton.js";

const VISEMES = ["aa", "ih", "ou", "ee", "oh"] as const;
const EMOTIONS = ["happy", "angry", "sad", "relaxed", "surprised"] as const;
/** Old models (VRM 0.x) cannot say that an emotion closes the eyes or opens the mouth; these do as a rule. */
const OLD_LIDS: Readonly<Record<string, number>> = { happy: 0.9, relaxed: 0.4, sad: 0.2 };
const OLD_MOUTH = 0.5;
/** A blocking emotion has blocked all at this weight: at once, as VRM words it, would be a snap. */
const BLOCKED_AT = 0.25;
/** How far eyes that have no smile of their own close for one. */
const SMILING_LID = 0.5;
const JAW_DEGREES = 16;
/** Most that an eyeball turns: models made for wide look-at ranges would show only white. */
const EYE_DEGREES = 14;
const LOOK_SHARE = 0.9;

type Part = "blink" | "mouth" | "lookAt";
const OVERRIDES = { blink: "overrideBlink", mouth: "overrideMouth", lookAt: "overrideLookAt" } as const;

interface Block {
  readonly expression: VRMExpression;
  readonly part: Part;
}

/** Expressions that a channel moves, upwards or downwards from 0, and by how much. */
interface Way {
  readonly channel: string;
  readonly sign: number;
  readonly names: readonly string[];
  readonly amount: number;
}

/** The face of one model. */
export class Face {
  private readonly weights = new Map<string, number>();
  private readonly features: Map<string, readonly string[]>;
  private readonly blocks: Block[] = [];
  private readonly visemes: readonly string[];
  private readonly emotions = new Map<string, string>();
  private readonly parts: readonly Way[];
  private readonly old: boolean;

  constructor(
    private readonly vrm: VRM,
    private readonly skeleton: Skeleton,
  ) {
    this.features = findFeatures(vrm);
    this.old = vrm.meta.metaVersion === "0";
    this.visemes = VISEMES.filter((name) => this.has(name));
    const names = (vrm.expressionManager?.expressions ?? []).map((expression) => expression.expressionName);
    for (const emotion of EMOTIONS) {
      const name = names.find((candidate) => candidate.toLowerCase() === emotion);
      if (name) this.emotions.set(emotion, name);
    }
    this.soften();
    this.parts = this.ways();
  }

  /** What the model's face lacks. */
  problems(): Problem[] {
    const found: Problem[] = [];
    const lacks = (message: string, suggestion: string): void => void found.push({ message, suggestion });
    const lesser = this.has("aa") ? "it only opens and closes" : this.canOpen() ? "only its jaw moves" : "its mouth does not move";
    if (this.visemes.length < VISEMES.length) {
      const lacking = VISEMES.filter((name) => !this.visemes.includes(name));
      const spoken = this.visemes.length > 1 ? "the others stand in for them" : lesser;
      lacks(`The model lacks the mouth shapes ${lacking.join(", ")}: ${spoken}.`, "Assign the expressions aa, ih, ou, ee and oh (VRM 0.x: A, I, U, E, O) and export it again.");
    }
    if (!this.has("blink") && !(this.has("blinkLeft") && this.has("blinkRight"))) {
      lacks("The model has no blink: its eyes stay open.", "Assign the expression blink and export it again.");
    }
    const without = EMOTIONS.filter((name) => !this.emotions.has(name) && !(this.old && name === "surprised"));
    if (without.length) lacks(`The model lacks the expressions ${without.join(", ")}.`, "Cues for them move the rest of the body only.");
    if (!this.vrm.lookAt) lacks("The model has no look-at: its eyes do not follow.", "Set up eye bones or the lookUp, lookDown, lookLeft and lookRight expressions.");
    return found;
  }

  /** Set all expressions and the eyes from the channels; what clips add comes through `add` afterwards. */
  apply(pose: Pose): void {
    this.weights.clear();
    const emotions = this.emote(pose);
    this.speak(pose, this.left("mouth") * (this.old ? 1 - OLD_MOUTH * Math.min(emotions, 1) : 1));
    this.lids(pose);
    for (const { channel, sign, names, amount } of this.parts) {
      const weight = sign * pose.get(channel) * amount;
      if (weight > 0) for (const name of names) this.add(name, weight);
    }
    this.look(pose.get("gaze_x"), pose.get("gaze_y"));
  }

  /** Blend an expression towards a weight (0..1) by a share: a clip's own face. */
  blend(name: string, weight: number, share: number): void {
    const own = this.weights.get(name) ?? 0;
    this.weights.set(name, own + (weight - own) * share);
  }

  /** Give the weights to the model. */
  write(): void {
    const manager = this.vrm.expressionManager;
    if (!manager) return;
    for (const { expressionName } of manager.expressions) manager.setValue(expressionName, this.weights.get(expressionName) ?? 0);
  }

  private has(name: string): boolean {
    return !!this.vrm.expressionManager?.getExpression(name);
  }

  private canOpen(): boolean {
    return this.features.has("jaw") || this.skeleton.bones.has("jaw");
  }

  private add(name: string, weight: number): void {
    if (weight > 0) this.weights.set(name, Math.min((this.weights.get(name) ?? 0) + weight, 1));
  }

  /** Take the blocks of emotions over from the library: it blocks at the first trace of an emotion, which snaps. */
  private soften(): void {
    for (const expression of this.vrm.expressionManager?.expressions ?? []) {
      for (const part of Object.keys(OVERRIDES) as Part[]) {
        if (expression[OVERRIDES[part]] !== "block" || expression.isBinary) continue;
        expression[OVERRIDES[part]] = "none";
        this.blocks.push({ expression, part });
      }
    }
  }

  /** What blocking expressions leave of a part's weights, 1 to 0. */
  private left(part: Part): number {
    let share = 1;
    for (const block of this.blocks) {
      if (block.part === part) share -= (this.weights.get(block.expression.expressionName) ?? 0) / BLOCKED_AT;
    }
    return Math.max(share, 0);
  }

  private emote(pose: Pose): number {
    let sum = 0;
    for (const emotion of EMOTIONS) sum += pose.get(emotion);
    for (const emotion of EMOTIONS) {
      const name = this.emotions.get(emotion);
      if (name) this.add(name, pose.get(emotion) / Math.max(sum, 1));
    }
    return sum;
  }

  /** Visemes as the curve has them; what the mouth opens beyond them (a yawn, a laugh) is an aa. */
  private speak(pose: Pose, share: number): void {
    const open = pose.get("mouth_open");
    let sum = 0;
    for (const viseme of VISEMES) sum += pose.get(viseme);
    if (this.visemes.length > 1) {
      for (const viseme of this.visemes) this.add(viseme, pose.get(viseme) * share);
      const lacking = sum - this.visemes.reduce((all, viseme) => all + pose.get(viseme), 0);
      this.add("aa", Math.max(open - sum, Math.min(lacking, open), 0) * share);
    } else if (this.has("aa")) {
      this.add("aa", open * share);
    } else {
      for (const name of this.features.get("jaw") ?? []) this.add(name, open * share);
    }
    const jaw = this.visemes.length ? undefined : this.skeleton.rotation("jaw");
    const half = 0.5 * JAW_DEGREES * open * share * MathUtils.DEG2RAD;
    jaw?.set(Math.sin(half), 0, 0, Math.cos(half));
  }

  private lids(pose: Pose): void {
    let share = this.left("blink");
    if (this.old) for (const [emotion, amount] of Object.entries(OLD_LIDS)) share *= 1 - amount * Math.min(pose.get(emotion), 1);
    const smile = this.features.has("eye_smile") ? 0 : SMILING_LID * pose.get("eye_smile");
    const left = Math.max(pose.get("blink_left"), smile) * share;
    const right = Math.max(pose.get("blink_right"), smile) * share;
    if (this.has("blinkLeft") && this.has("blinkRight")) {
      this.add("blinkLeft", left);
      this.add("blinkRight", right);
    } else {
      this.add("blink", Math.max(left, right));
    }
  }

  /** How each part of the face is shown on this model: by its own expressions, else by an emotion that looks alike. */
  private ways(): Way[] {
    const found: Way[] = [];
    for (const [part, { likeness }] of Object.entries(FEATURES)) {
      if (part === "jaw") continue;
      const half = part.endsWith("+") ? 1 : part.endsWith("-") ? -1 : 0;
      const channel = half ? part.slice(0, -1) : part;
      const names = this.features.get(part);
      // One expression for both brows is moved by both channels: each gives its half.
      const twin = part.includes("left") ? part.replace("left", "right") : part.replace("right", "left");
      const shared = twin !== part && names?.length === 1 && names[0] === this.features.get(twin)?.[0];
      if (names) found.push({ channel, sign: half || 1, names, amount: shared ? 0.5 : 1 });
      const alike = likeness && !names ? this.alike(likeness[0]) : undefined;
      if (likeness && alike) found.push({ channel, sign: half || 1, names: [alike], amount: likeness[1] });
    }
    return found;
  }

  /** The model's expression for an emotion, where it leaves eyelids and mouth alone. */
  private alike(emotion: string): string | undefined {
    const name = this.emotions.get(emotion);
    const expression = name ? this.vrm.expressionManager?.getExpression(name) : null;
    if (!expression || expression.isBinary || this.blocks.some((block) => block.expression === expression)) return undefined;
    return expression.overrideBlink === "none" && expression.overrideMouth === "none" ? name : undefined;
  }

  private look(x: number, y: number): void {
    const { lookAt } = this.vrm;
    if (!lookAt) return;
    const share = this.left("lookAt");
    const { applier } = lookAt;
    if (!(applier instanceof VRMLookAtBoneApplier) && !(applier instanceof VRMLookAtExpressionApplier)) return;
    const bones = applier instanceof VRMLookAtBoneApplier;
    const angle = (map: VRMLookAtRangeMap): number => {
      const most = bones && map.outputScale > EYE_DEGREES ? EYE_DEGREES / map.outputScale : 1;
      return LOOK_SHARE * map.inputMaxValue * most * share;
    };
    // three-vrm: yaw + to the model's left, which is screen right; pitch + down.
    lookAt.yaw = x * angle(applier.rangeMapHorizontalOuter);
    lookAt.pitch = -y * angle(y > 0 ? applier.rangeMapVerticalUp : applier.rangeMapVerticalDown);
  }
}
