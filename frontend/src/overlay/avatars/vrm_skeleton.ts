/** A humanoid as the pose sees it: always VRM 1.0's T-pose facing +Z, whatever the file holds. */

import type { VRM, VRMHumanBoneName } from "@pixiv/three-vrm";
import { type Object3D, Quaternion, Vector3 } from "three";

/** The rig's name of a humanoid bone: `leftUpperArm` gives `left_upper_arm`. */
export function rigName(bone: VRMHumanBoneName): string {
  return bone.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Bones without channels of their own: the head's, the gaze's and the mouth's channels move them. */
export const OTHERWISE: ReadonlySet<VRMHumanBoneName> = new Set<VRMHumanBoneName>(["head", "leftEye", "rightEye", "jaw"]);

export interface Bone {
  readonly name: VRMHumanBoneName;
  /** From the parent bone to this one in the T-pose, in metres. */
  readonly offset: Vector3;
  /** Against the parent bone; identity is the T-pose. */
  readonly rotation: Quaternion;
}

/** The bones of one model, with the pose that is being put together; `write` hands it to the model. */
export class Skeleton {
  readonly bones = new Map<VRMHumanBoneName, Bone>();
  /** Where the hips are in the T-pose, and where the pose puts them, in metres from the floor's middle. */
  readonly hipsRest = new Vector3();
  readonly hips = new Vector3();
  private readonly nodes = new Map<VRMHumanBoneName, Object3D>();
  /** VRM 0.x models face -Z: x and z change sign. */
  private readonly facing: 1 | -1;

  constructor(vrm: VRM) {
    this.facing = vrm.meta.metaVersion === "0" ? -1 : 1;
    for (const name of Object.keys(vrm.humanoid.normalizedHumanBones) as VRMHumanBoneName[]) {
      const node = vrm.humanoid.getNormalizedBoneNode(name);
      if (!node) continue;
      const offset = new Vector3(this.facing * node.position.x, node.position.y, this.facing * node.position.z);
      this.nodes.set(name, node);
      this.bones.set(name, { name, offset, rotation: new Quaternion() });
    }
    this.hipsRest.copy(this.bones.get("hips")?.offset ?? this.hipsRest);
    this.hips.copy(this.hipsRest);
  }

  rotation(name: VRMHumanBoneName): Quaternion | undefined {
    return this.bones.get(name)?.rotation;
  }

  /** Give the pose to the model's normalized bones. */
  write(): void {
    const sign = this.facing;
    for (const { name, rotation } of this.bones.values()) {
      this.nodes.get(name)?.quaternion.set(sign * rotation.x, rotation.y, sign * rotation.z, rotation.w);
    }
    this.nodes.get("hips")?.position.set(sign * this.hips.x, this.hips.y, sign * this.hips.z);
  }
}
