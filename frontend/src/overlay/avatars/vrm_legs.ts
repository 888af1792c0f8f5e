/** Legs that stand: feet stay where they are while the hips move, and channels of the leg bones move the feet. */

import type { VRMHumanBoneName } from "@pixiv/three-vrm";
import { Quaternion, Vector3 } from "three";

import type { Bone, Skeleton } from "./vrm_skeleton.js";

/** The most a leg stretches, of its length; and what a standing one does, so that its knees have play. */
const STRAIGHTEST = 0.9995;
const STRAIGHT = 0.995;
const TIPTOE = 0.8;

/**
 * One leg by two-bone inverse kinematics (law of cosines). The foot's goal is where the leg's own channels would put
 * it were the hips at rest; so hips and legs may move together and a planted foot stays planted.
 */
class Leg {
  private readonly thigh: number;
  private readonly shin: number;
  private readonly foot: number;
  private readonly hip = new Vector3();
  private readonly knee = new Vector3();
  private readonly ankle = new Vector3();
  private readonly reach = new Vector3();
  private readonly pole = new Vector3();
  private readonly along = new Vector3();
  private readonly from = new Vector3();
  private readonly upperWorld = new Quaternion();
  private readonly lowerWorld = new Quaternion();
  private readonly footWorld = new Quaternion();
  private readonly swing = new Quaternion();

  constructor(
    private readonly skeleton: Skeleton,
    private readonly upper: Bone,
    private readonly lower: Bone,
    private readonly end: Bone,
    toes: Bone | undefined,
  ) {
    this.thigh = lower.offset.length();
    this.shin = end.offset.length();
    this.foot = toes ? Math.max(toes.offset.length(), 0.03) : 0.3 * this.shin;
  }

  get length(): number {
    return this.thigh + this.shin;
  }

  /** How high the hips may be, where they are now, for the foot to reach its goal; `aim` comes before. */
  highest(hipsRotation: Quaternion): number {
    const { hip, ankle } = this;
    hip.copy(this.upper.offset).applyQuaternion(hipsRotation);
    const aside = Math.hypot(this.skeleton.hips.x + hip.x - ankle.x, this.skeleton.hips.z + hip.z - ankle.z);
    return ankle.y + Math.sqrt(Math.max((STRAIGHT * this.length) ** 2 - aside ** 2, 0)) - hip.y;
  }

  solve(hipsRotation: Quaternion): void {
    const { hip, reach, pole, knee, along } = this;
    hip.copy(this.upper.offset).applyQuaternion(hipsRotation).add(this.skeleton.hips);
    reach.copy(this.ankle).sub(hip);
    const wanted = Math.max(reach.length(), 1e-4);
    const distance = Math.min(Math.max(wanted, Math.abs(this.thigh - this.shin) * 1.001), this.length * STRAIGHTEST);
    reach.divideScalar(wanted);
    pole.addScaledVector(reach, -pole.dot(reach)).normalize();
    const cosine = (this.thigh ** 2 + distance ** 2 - this.shin ** 2) / (2 * this.thigh * distance);
    const bend = Math.acos(Math.min(Math.max(cosine, -1), 1));
    knee.copy(hip).addScaledVector(reach, Math.cos(bend) * this.thigh).addScaledVector(pole, Math.sin(bend) * this.thigh);
    this.turn(this.upperWorld, this.lower.offset, along.copy(knee).sub(hip));
    this.lowerWorld.premultiply(this.swing);
    this.turn(this.lowerWorld, this.end.offset, along.copy(hip).addScaledVector(reach, distance).sub(knee));
    this.tiptoe(wanted - distance);
    this.finish(hipsRotation);
  }

  /** Find the foot's goal, the knee's direction and the world rotations of a leg whose hips are at rest. */
  aim(): void {
    const { upperWorld, lowerWorld, hip, knee, ankle, pole } = this;
    upperWorld.copy(this.upper.rotation);
    lowerWorld.copy(upperWorld).multiply(this.lower.rotation);
    this.footWorld.copy(lowerWorld).multiply(this.end.rotation);
    hip.copy(this.skeleton.hipsRest).add(this.upper.offset);
    knee.copy(this.lower.offset).applyQuaternion(upperWorld).add(hip);
    ankle.copy(this.end.offset).applyQuaternion(lowerWorld).add(knee);
    pole.copy(hip).add(ankle).multiplyScalar(-0.5).add(knee).multiplyScalar(4 / this.length);
    pole.add(this.along.set(0, 0, 0.5).applyQuaternion(upperWorld));
  }

  /** Turn a bone's world rotation the shortest way so that it points along `goal`. */
  private turn(world: Quaternion, offset: Vector3, goal: Vector3): void {
    const from = this.from.copy(offset).applyQuaternion(world).normalize();
    this.swing.setFromUnitVectors(from, goal.normalize());
    world.premultiply(this.swing);
  }

  /** Raise the heel where the hips are higher than the leg is long. */
  private tiptoe(short: number): void {
    if (short <= 0) return;
    const angle = Math.asin(TIPTOE * Math.min(short / (TIPTOE * this.foot), 1));
    this.footWorld.multiply(this.swing.set(Math.sin(angle / 2), 0, 0, Math.cos(angle / 2)));
  }

  private finish(hipsRotation: Quaternion): void {
    this.upper.rotation.copy(hipsRotation).invert().multiply(this.upperWorld);
    this.end.rotation.copy(this.lowerWorld).invert().multiply(this.footWorld);
    this.lower.rotation.copy(this.upperWorld).invert().multiply(this.lowerWorld);
  }
}

/** Both legs, or none where the model has not all their bones. */
export class Legs {
  private readonly legs: Leg[] = [];

  constructor(private readonly skeleton: Skeleton) {
    for (const side of ["left", "right"] as const) {
      const bone = (part: string): Bone | undefined => skeleton.bones.get(`${side}${part}` as VRMHumanBoneName);
      const [upper, lower, foot] = [bone("UpperLeg"), bone("LowerLeg"), bone("Foot")];
      if (!upper || !lower || !foot || lower.offset.length() < 1e-3 || foot.offset.length() < 1e-3) continue;
      this.legs.push(new Leg(skeleton, upper, lower, foot, bone("Toes")));
    }
  }

  /** Metres of the longer leg; 0 where there is none. */
  get length(): number {
    return Math.max(0, ...this.legs.map((leg) => leg.length));
  }

  /** Lower the hips as far as both feet need, raise them by `rise` metres, and bend the legs to that place. */
  stand(rise: number): void {
    const { hips } = this.skeleton;
    const turn = this.skeleton.rotation("hips");
    if (!turn) return;
    for (const leg of this.legs) {
      leg.aim();
      hips.y = Math.min(hips.y, leg.highest(turn));
    }
    hips.y += rise;
    for (const leg of this.legs) leg.solve(turn);
  }
}
