/** What models call the parts of a face that VRM has no preset for. */

import { type VRM, VRMExpression, VRMExpressionMorphTargetBind } from "@pixiv/three-vrm";
import type { Mesh } from "three";

/** A part of the face: ways to show it, best first. Each way is a set of names that are moved together. */
export interface Feature {
  readonly expressions: readonly (readonly string[])[];
  /** Shape keys that VRoid Studio and ARKit models have without an expression for them. */
  readonly morphs: readonly (readonly string[])[];
  /** An emotion that looks alike, and how much of it: used only where it leaves mouth and eyelids alone. */
  readonly likeness?: readonly [emotion: string, weight: number];
}

/** By part: a channel, with `+` or `-` for one half of a signed channel. */
export const FEATURES: Readonly<Record<string, Feature>> = {
  "mouth_smile+": {
    expressions: [["smile"], ["mouthSmile"], ["mouthSmileLeft", "mouthSmileRight"], ["MouthSmile_L", "MouthSmile_R"]],
    morphs: [["mouthSmileLeft", "mouthSmileRight"], ["Fcl_MTH_Fun"]],
    likeness: ["relaxed", 0.4],
  },
  "mouth_smile-": {
    expressions: [["frown"], ["mouthFrown"], ["mouthFrownLeft", "mouthFrownRight"]],
    morphs: [["mouthFrownLeft", "mouthFrownRight"], ["Fcl_MTH_Down"], ["Fcl_MTH_Sorrow"]],
    likeness: ["sad", 0.3],
  },
  "brow_left+": { expressions: [["browUpLeft"], ["browOuterUpLeft"], ["browUp"], ["browInnerUp"]], morphs: [["browOuterUpLeft"], ["browInnerUp"], ["Fcl_BRW_Surprised"]] },
  "brow_right+": { expressions: [["browUpRight"], ["browOuterUpRight"], ["browUp"], ["browInnerUp"]], morphs: [["browOuterUpRight"], ["browInnerUp"], ["Fcl_BRW_Surprised"]] },
  "brow_left-": { expressions: [["browDownLeft"], ["browDown"]], morphs: [["browDownLeft"], ["Fcl_BRW_Angry"]] },
  "brow_right-": { expressions: [["browDownRight"], ["browDown"]], morphs: [["browDownRight"], ["Fcl_BRW_Angry"]] },
  eye_wide: {
    expressions: [["eyeWide"], ["eyeWideLeft", "eyeWideRight"]],
    morphs: [["eyeWideLeft", "eyeWideRight"], ["Fcl_EYE_Spread"], ["Fcl_EYE_Surprised"]],
    likeness: ["surprised", 0.25],
  },
  eye_smile: {
    expressions: [["eyeSmile"], ["eyeSquintLeft", "eyeSquintRight"], ["cheekSquintLeft", "cheekSquintRight"]],
    morphs: [["eyeSquintLeft", "eyeSquintRight"], ["Fcl_EYE_Fun"]],
  },
  cheek: { expressions: [["cheekBlush"], ["blush"], ["blushing"], ["cheek"], ["shy"], ["tere"], ["照れ"], ["脸红"]], morphs: [] },
  cheek_puff: { expressions: [["cheekPuff"], ["pout"]], morphs: [["cheekPuff"]] },
  tongue_out: { expressions: [["tongueOut"], ["tongue"]], morphs: [["tongueOut"]] },
  "mouth_x+": { expressions: [["mouthLeft"]], morphs: [["mouthLeft"]] },
  "mouth_x-": { expressions: [["mouthRight"]], morphs: [["mouthRight"]] },
  jaw: { expressions: [["jawOpen"]], morphs: [["jawOpen"], ["Fcl_MTH_A"]] },
};

/** Without case, spaces, `_`, `.` and `-`: `MouthSmile_L` gives `mouthsmilel`. What VRoid and Blender put before is left out. */
function plain(name: string): string {
  return name.replace(/^.*(?=Fcl_)/i, "").toLowerCase().replace(/[\s_.-]/g, "");
}

interface Target {
  readonly mesh: Mesh;
  readonly index: number;
}

function morphTargets(vrm: VRM): Map<string, Target[]> {
  const found = new Map<string, Target[]>();
  vrm.scene.traverse((node) => {
    const mesh = node as Mesh;
    for (const [name, index] of Object.entries(mesh.isMesh ? (mesh.morphTargetDictionary ?? {}) : {})) {
      const key = plain(name);
      found.set(key, [...(found.get(key) ?? []), { mesh, index }]);
    }
  });
  return found;
}

/**
 * Return for each part of the face the expressions of the model that show it, making expressions of bare shape keys.
 * To be called before VRMUtils.combineMorphs, which drops the shape keys that no expression holds.
 */
export function findFeatures(vrm: VRM): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const manager = vrm.expressionManager;
  if (!manager) return found;
  const names = new Map(manager.expressions.map(({ expressionName }) => [plain(expressionName), expressionName]));
  const morphs = morphTargets(vrm);
  for (const [part, { expressions, morphs: ways }] of Object.entries(FEATURES)) {
    const named = expressions.map((way) => way.map((name) => names.get(plain(name))));
    const way = named.find((list) => list.every((name) => name !== undefined));
    const shapes = ways.find((list) => list.every((name) => morphs.has(plain(name))));
    if (way) found.set(part, way as string[]);
    else if (shapes) {
      const expression = new VRMExpression(`part_${part}`);
      for (const { mesh, index } of shapes.flatMap((name) => morphs.get(plain(name)) ?? [])) {
        expression.addBind(new VRMExpressionMorphTargetBind({ primitives: [mesh], index, weight: 1 }));
      }
      vrm.scene.add(expression);
      manager.registerExpression(expression);
      found.set(part, [expression.expressionName]);
    }
  }
  return found;
}
