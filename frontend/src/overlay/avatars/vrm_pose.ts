/** From the rig's channels to the bones of a humanoid. Angles are the rig's: degrees, yaw + to screen right, pitch + up, roll + to screen right. */

import type { VRMHumanBoneName } from "@pixiv/three-vrm";
import { Euler, MathUtils, Quaternion } from "three";

import type { Pose } from "../avatar.js";
import { Legs } from "./vrm_legs.js";
import { type Bone, OTHERWISE, type Skeleton, rigName } from "./vrm_skeleton.js";
import { Spring } from "./vrm_spring.js";

const HEAD_SHARE = 0.6;
/** How much of a turn, a bow and a tilt of the body each bone takes; a bone that lacks leaves its share to the one below. */
const SPINE: readonly (readonly [VRMHumanBoneName, yaw: number, pitch: number, roll: number])[] = [
  ["upperChest", 0.2, 0.15, 0.15],
  ["chest", 0.3, 0.25, 0.25],
  ["spine", 0.3, 0.3, 0.35],
  ["hips", 0.2, 0.3, 0.25],
];
/** Metres that a full position channel moves the hips, as shares of their height. */
const REACH = { x: 0.2, y: 0.15, z: 0.06 };
/** Degrees that a full lean (position_z) bends the body forward. */
const LEAN = 12;
/** Hips go back this share of the leg in a bow of 90 degrees: so a body keeps its balance. */
const BALANCE = 0.3;
const BODY_HERTZ = 1.3;
/** Channels of an arm beyond this many degrees have it for themselves: no swing is added. */
const BUSY = 30;

interface Driven {
  readonly bone: Bone;
  readonly keys: readonly [string, string, string];
  readonly rest: readonly [number, number, number];
}

/** Puts a pose's channels on a skeleton, frame by frame. */
export class BodyPose {
  private readonly driven: Driven[] = [];
  private readonly legs: Legs;
  private readonly shares: (readonly [Bone, number, number, number])[] = [];
  private readonly yawSpring = new Spring(BODY_HERTZ);
  private readonly pitchSpring = new Spring(BODY_HERTZ);
  private readonly rollSpring = new Spring(BODY_HERTZ);
  private readonly swaySpring = new Spring(BODY_HERTZ);
  private readonly euler = new Euler();
  private readonly turn = new Quaternion();

  constructor(
    private readonly skeleton: Skeleton,
    restingPose: Readonly<Record<string, number>>,
  ) {
    for (const bone of skeleton.bones.values()) {
      if (OTHERWISE.has(bone.name)) continue;
      const name = rigName(bone.name);
      const keys = [`${name}_x`, `${name}_y`, `${name}_z`] as const;
      const rest = keys.map((key) => restingPose[key] ?? 0) as [number, number, number];
      this.driven.push({ bone, keys, rest });
    }
    this.legs = new Legs(skeleton);
    this.share();
  }

  apply(pose: Pose, seconds: number): void {
    this.skeleton.rotation("head")?.identity();
    for (const { bone, keys, rest } of this.driven) {
      const x = rest[0] + (pose.bones.get(keys[0]) ?? 0);
      const y = rest[1] + (pose.bones.get(keys[1]) ?? 0);
      const z = rest[2] + (pose.bones.get(keys[2]) ?? 0);
      this.euler.set(x * MathUtils.DEG2RAD, y * MathUtils.DEG2RAD, z * MathUtils.DEG2RAD, "YZX");
      bone.rotation.setFromEuler(this.euler);
    }
    this.body(pose);
    this.breathe(pose.get("breath"));
    this.follow(pose, seconds);
    this.head(pose);
    this.legs.stand(Math.max(pose.get("position_y"), 0) * REACH.y * this.skeleton.hipsRest.y);
  }

  /** Rotate a bone in its parent's frame, before its own channels: degrees of yaw, pitch and roll. */
  private rotate(name: VRMHumanBoneName, yaw: number, pitch: number, roll: number): void {
    const rotation = this.skeleton.rotation(name);
    if (!rotation) return;
    this.euler.set(-pitch * MathUtils.DEG2RAD, yaw * MathUtils.DEG2RAD, -roll * MathUtils.DEG2RAD, "YXZ");
    rotation.premultiply(this.turn.setFromEuler(this.euler));
  }

  private share(): void {
    let [yaw, pitch, roll] = [0, 0, 0];
    for (const [name, ofYaw, ofPitch, ofRoll] of SPINE) {
      [yaw, pitch, roll] = [yaw + ofYaw, pitch + ofPitch, roll + ofRoll];
      const bone = this.skeleton.bones.get(name);
      if (!bone) continue;
      this.shares.push([bone, yaw, pitch, roll]);
      [yaw, pitch, roll] = [0, 0, 0];
    }
  }

  private body(pose: Pose): void {
    const lean = pose.get("position_z");
    const [yaw, pitch, roll] = [pose.get("body_yaw"), pose.get("body_pitch") - LEAN * lean, pose.get("body_roll")];
    for (const [bone, ofYaw, ofPitch, ofRoll] of this.shares) {
      this.rotate(bone.name, yaw * ofYaw, pitch * ofPitch, roll * ofRoll);
    }
    const { hips, hipsRest } = this.skeleton;
    const leg = this.legs.length;
    hips.copy(hipsRest);
    hips.x += pose.get("position_x") * REACH.x * hipsRest.y;
    hips.y += Math.min(pose.get("position_y"), 0) * REACH.y * hipsRest.y;
    hips.z += lean * REACH.z * hipsRest.y + BALANCE * leg * Math.sin(Math.min(pitch, 0) * MathUtils.DEG2RAD) * 0.5;
  }

  private breathe(breath: number): void {
    if (breath === 0) return;
    this.rotate("chest", 0, 1.6 * breath, 0);
    this.rotate("neck", 0, -0.9 * breath, 0);
    this.rotate("leftShoulder", 0, 0, -2.2 * breath);
    this.rotate("rightShoulder", 0, 0, 2.2 * breath);
    this.rotate("leftUpperArm", 0, 0, 1.2 * breath);
    this.rotate("rightUpperArm", 0, 0, -1.2 * breath);
  }

  /** Arms that hang lag behind the body, and hang straight while it leans. */
  private follow(pose: Pose, seconds: number): void {
    const [yaw, pitch, roll] = [pose.get("body_yaw"), pose.get("body_pitch"), pose.get("body_roll")];
    const sway = 20 * pose.get("position_x");
    const lag = this.yawSpring.follow(yaw, seconds) - yaw;
    const lean = this.pitchSpring.follow(pitch, seconds);
    const tilt = this.rollSpring.follow(roll, seconds) + this.swaySpring.follow(sway, seconds) - sway;
    for (const side of ["left", "right"] as const) {
      const free = 1 - Math.min(this.effort(pose, `${side}_upper_arm`) / BUSY, 1);
      if (free <= 0) continue;
      this.rotate(`${side}UpperArm`, 0.4 * lag * free, -0.6 * lean * free, -0.45 * tilt * free);
      this.rotate(`${side}LowerArm`, 0.25 * lag * free, 0, 0);
    }
  }

  private effort(pose: Pose, bone: string): number {
    let most = 0;
    for (const axis of ["_x", "_y", "_z"]) most = Math.max(most, Math.abs(pose.bones.get(bone + axis) ?? 0));
    return most;
  }

  private head(pose: Pose): void {
    const neck = this.skeleton.bones.has("neck") ? 1 - HEAD_SHARE : 0;
    for (const [name, part] of [["neck", neck], ["head", 1 - neck]] as const) {
      this.rotate(name, part * pose.get("head_yaw"), part * pose.get("head_pitch"), part * pose.get("head_roll"));
    }
  }
}
