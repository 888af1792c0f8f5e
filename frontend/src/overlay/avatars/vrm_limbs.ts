/** Bodies that lack bones which VRM asks for: shown all the same, with what is there. */

import { AvatarError } from "../avatar.js";
import { type GltfJson, type VrmFile, withJson } from "./vrm_file.js";

/** VRM 1.0's required humanoid bones, each after the one it hangs on. */
const REQUIRED: readonly (readonly [bone: string, parent: string])[] = [
  ["hips", ""],
  ["spine", "hips"],
  ["head", "spine"],
  ...["left", "right"].flatMap((side): [string, string][] => [
    [`${side}UpperArm`, "spine"],
    [`${side}LowerArm`, `${side}UpperArm`],
    [`${side}Hand`, `${side}LowerArm`],
    [`${side}UpperLeg`, "hips"],
    [`${side}LowerLeg`, `${side}UpperLeg`],
    [`${side}Foot`, `${side}LowerLeg`],
  ]),
];

interface HumanV0 {
  bone: string;
  node: number;
}

type Nodes = Map<string, number>;

function humanNodes(file: VrmFile): Nodes {
  const extensions = file.json.extensions ?? {};
  const found: Nodes = new Map();
  if (file.version === "1") {
    const vrm = extensions["VRMC_vrm"] as { humanoid?: { humanBones?: Record<string, { node?: number }> } };
    for (const [bone, { node }] of Object.entries(vrm.humanoid?.humanBones ?? {})) if (node !== undefined) found.set(bone, node);
  } else {
    const vrm = extensions["VRM"] as { humanoid?: { humanBones?: HumanV0[] } };
    for (const { bone, node } of vrm.humanoid?.humanBones ?? []) if (node >= 0) found.set(bone, node);
  }
  return found;
}

function enter(file: VrmFile, json: GltfJson, bone: string, node: number): void {
  const extensions = json.extensions ?? {};
  if (file.version === "1") {
    const vrm = extensions["VRMC_vrm"] as { humanoid: { humanBones: Record<string, { node: number }> } };
    vrm.humanoid.humanBones[bone] = { node };
  } else {
    const vrm = extensions["VRM"] as { humanoid: { humanBones: HumanV0[] } };
    vrm.humanoid.humanBones = vrm.humanoid.humanBones.filter((human) => human.bone !== bone);
    vrm.humanoid.humanBones.push({ bone, node });
  }
}

/**
 * Return the file with an empty node for every required bone that it lacks, and the names of those bones.
 * Raises AvatarError when hips or head are missing: without them there is no body to move.
 */
export function completeBody(file: VrmFile): { file: VrmFile; lacking: string[] } {
  const nodes = humanNodes(file);
  const lacking = REQUIRED.map(([bone]) => bone).filter((bone) => !nodes.has(bone));
  if (lacking.includes("hips") || lacking.includes("head")) {
    throw new AvatarError(
      `expected a humanoid VRM with at least hips and head, got one without ${lacking.slice(0, 4).join(", ")}`,
      "Assign the humanoid bones in the program the model was made with, and export it again.",
    );
  }
  if (!lacking.length) return { file, lacking };
  const json = structuredClone(file.json);
  for (const [bone, parent] of REQUIRED) {
    if (nodes.has(bone)) continue;
    const list = json.nodes ?? [];
    const index = list.push({ name: `lacking_${bone}` }) - 1;
    const above = list[nodes.get(parent) ?? -1];
    if (above) above.children = [...(above.children ?? []), index];
    nodes.set(bone, index);
    enter(file, json, bone, index);
  }
  return { file: { ...file, json, bytes: withJson(file.bytes, json) }, lacking };
}
