/** A VRM 0.x or 1.0 model as an avatar, drawn by three.js and three-vrm. */

import { type VRM, VRMLoaderPlugin, VRMUtils } from "@pixiv/three-vrm";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";

import { type Avatar, AvatarError, type Clip, type Framing, type Pose, type Problem } from "../avatar.js";
import { Face } from "./vrm_face.js";
import { fetchBytes, readVrm } from "./vrm_file.js";
import { completeBody } from "./vrm_limbs.js";
import { BodyPose } from "./vrm_pose.js";
import { type Quality, VrmScene } from "./vrm_scene.js";
import { Skeleton } from "./vrm_skeleton.js";
import { Clips } from "./vrma_clip.js";

export interface VrmOptions {
  readonly quality: Quality;
  /** Degrees by bone channel (`left_upper_arm_z`): how the body stands when nothing moves it. */
  readonly restingPose: Readonly<Record<string, number>>;
}

/** Hips that move further than this in a frame (metres) were put there: hair is not torn along. */
const LEAP = 0.25;
/** Hair goes wild on longer steps. */
const LONGEST_STEP = 1 / 20;

async function parse(bytes: ArrayBuffer): Promise<VRM> {
  const loader = new GLTFLoader();
  loader.register((parser) => new VRMLoaderPlugin(parser));
  try {
    const { vrm } = (await loader.parseAsync(bytes, "")).userData as { vrm?: VRM };
    if (vrm) return vrm;
  } catch (error) {
    throw new AvatarError(
      `expected a VRM 0.x or 1.0 file, got one that cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      "Open it in another VRM viewer; if it fails there too, export it again.",
    );
  }
  throw new AvatarError("expected a VRM with a humanoid, got one without", "Export it again as a VRM.");
}

function called(vrm: VRM): string {
  return (vrm.meta.metaVersion === "0" ? vrm.meta.title : vrm.meta.name) || "VRM model";
}

function lackingLimbs(lacking: readonly string[]): Problem[] {
  if (!lacking.length) return [];
  const limbs = ["Arm", "Hand"].some((part) => lacking.some((bone) => bone.includes(part))) ? "arms" : "legs";
  return [
    {
      message: `The model lacks the bones ${lacking.join(", ")}: gestures of its ${limbs} show nothing.`,
      suggestion: "Assign the humanoid bones in the program it was made with, and export it again.",
    },
  ];
}

class VrmAvatar implements Avatar {
  readonly kind = "vrm";
  readonly name: string;
  readonly element: HTMLElement;
  private readonly skeleton: Skeleton;
  private readonly face: Face;
  private readonly body: BodyPose;
  private readonly clips: Clips;
  private readonly lasting: Problem[];
  private readonly failures = new Map<string, Problem>();
  /** Milliseconds of the last `draw` outside WebGL. */
  scriptMs = 0;
  private lost = false;
  private fresh = true;
  private readonly scene: VrmScene;

  constructor(
    private readonly vrm: VRM,
    options: VrmOptions,
    problems: readonly Problem[],
  ) {
    this.name = called(vrm);
    this.skeleton = new Skeleton(vrm);
    this.face = new Face(vrm, this.skeleton);
    VRMUtils.removeUnnecessaryVertices(vrm.scene);
    VRMUtils.combineSkeletons(vrm.scene);
    VRMUtils.combineMorphs(vrm);
    VRMUtils.rotateVRM0(vrm);
    this.body = new BodyPose(this.skeleton, options.restingPose);
    this.clips = new Clips((clip, error) => this.clipFailed(clip, error));
    this.lasting = [...problems, ...this.face.problems()];
    this.scene = new VrmScene(vrm, this.skeleton, options.quality);
    this.element = this.scene.canvas;
    this.element.addEventListener("webglcontextlost", (event) => this.contextLost(event));
    this.element.addEventListener("webglcontextrestored", () => this.contextRestored());
  }

  get problems(): readonly Problem[] {
    const drawing = { message: "The browser took the 3D picture away; it comes back by itself.", suggestion: "Close other programs that use the graphics card." };
    return [...this.lasting, ...this.failures.values(), ...(this.lost ? [drawing] : [])];
  }

  warm(): Promise<void> {
    return this.scene.warm();
  }

  draw(pose: Pose, seconds: number): void {
    const began = performance.now();
    const { x, y, z } = this.skeleton.hips;
    this.body.apply(pose, seconds);
    this.face.apply(pose);
    this.clips.apply(this.skeleton, this.face, performance.now(), seconds);
    this.skeleton.write();
    this.face.write();
    this.vrm.update(Math.min(seconds, LONGEST_STEP));
    const { hips } = this.skeleton;
    if (this.fresh || Math.hypot(hips.x - x, hips.y - y, hips.z - z) > LEAP) this.vrm.springBoneManager?.reset();
    this.fresh = false;
    this.scriptMs = performance.now() - began;
    if (!this.lost) this.scene.render(seconds);
  }

  resize(width: number, height: number, pixelRatio: number): void {
    this.scene.resize(width, height, pixelRatio);
  }

  frame(framing: Framing): void {
    this.scene.frame(framing);
  }

  play(clip: Clip): void {
    this.failures.delete(clip.url);
    this.clips.play(clip);
  }

  release(action?: string): void {
    this.clips.release(action);
  }

  dispose(): void {
    this.clips.release();
    VRMUtils.deepDispose(this.vrm.scene);
    this.scene.dispose();
  }

  private clipFailed(clip: Clip, error: unknown): void {
    const suggestion = error instanceof AvatarError ? error.suggestion : "";
    const message = `“${clip.action}” does not play: ${error instanceof Error ? error.message : String(error)}`;
    this.failures.set(clip.url, { message, suggestion });
  }

  private contextLost(event: Event): void {
    event.preventDefault();
    this.lost = true;
  }

  private contextRestored(): void {
    this.lost = false;
    this.fresh = true;
  }
}

/**
 * Return the VRM model of an address or a file's bytes, ready to draw.
 * Raises AvatarError, with what to do, for a file that is no VRM, damaged or too large, and where WebGL is missing.
 */
export async function createVrmAvatar(source: string | ArrayBuffer, options: VrmOptions): Promise<Avatar> {
  const bytes = typeof source === "string" ? await fetchBytes(source, "The VRM model") : source;
  const { file, lacking } = completeBody(readVrm(bytes));
  const vrm = await parse(file.bytes);
  const avatar = new VrmAvatar(vrm, options, lackingLimbs(lacking));
  await avatar.warm();
  return avatar;
}
