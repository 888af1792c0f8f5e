/** The scene that a VRM stands in: renderer, light, camera, and how much of it the machine can bear. */

import type { MToonMaterial, VRM } from "@pixiv/three-vrm";
import {
  AmbientLight,
  Box3,
  DirectionalLight,
  type Material,
  MathUtils,
  type Mesh,
  PerspectiveCamera,
  Scene,
  Vector3,
  WebGLRenderer,
} from "three";

import { AvatarError, type Framing } from "../avatar.js";
import type { Skeleton } from "./vrm_skeleton.js";

export type Quality = "low" | "medium" | "high" | "auto";

const FIELD_OF_VIEW = 22;
/** Most device pixels per CSS pixel, by step; step 0 and 1 draw no outlines. */
const STEPS = [
  { ratio: 0.75, outlines: false },
  { ratio: 1, outlines: false },
  { ratio: 1, outlines: true },
  { ratio: 2, outlines: true },
] as const;
const FIRST_STEP: Readonly<Record<Quality, number>> = { low: 1, medium: 2, high: 3, auto: 3 };
/** `auto` goes a step down when frames come slower than this for so long. OBS's 30 frames a second are no reason. */
const SLOW_SECONDS = 1 / 24;
const PATIENCE = 2;
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

function createRenderer(canvas: HTMLCanvasElement, antialias: boolean): WebGLRenderer {
  try {
    return new WebGLRenderer({ canvas, alpha: true, antialias, powerPreference: "high-performance" });
  } catch (error) {
    throw new AvatarError(
      `expected a browser that draws in 3D (WebGL 2), got: ${error instanceof Error ? error.message : String(error)}`,
      "Turn on hardware acceleration (OBS: Settings, Advanced, Sources), or use ?avatar=svg.",
    );
  }
}

/** Whether the browser draws 3D without a graphics card: asked before the canvas is made, whose smoothing cannot change. */
function drawsInSoftware(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2");
  const info = gl?.getExtension("WEBGL_debug_renderer_info");
  const software = !!gl && !!info && SOFTWARE.test(String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)));
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return software;
}

/** Draws one model on a transparent canvas. */
export class VrmScene {
  readonly canvas = document.createElement("canvas");
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 0.05, 50);
  private readonly outlines: Material[] = [];
  private step: number;
  private slow = 0;
  private framing: Framing = "half";
  private size: readonly [number, number, number] = [1, 1, 1];
  /** The model's measures as it stands, in metres above the floor's level; `span` is how far an arm reaches. */
  private crown = 1.5;
  private floor = 0;
  private eyes = 1.3;
  private hips = 0.8;
  private neck = 1.2;
  private span = 0.6;

  constructor(
    private readonly vrm: VRM,
    private readonly skeleton: Skeleton,
    private readonly quality: Quality,
  ) {
    this.canvas.style.display = "block";
    this.canvas.style.width = "100%";
    this.canvas.style.height = "100%";
    this.step = quality === "auto" && drawsInSoftware() ? FIRST_STEP.low : FIRST_STEP[quality];
    this.renderer = createRenderer(this.canvas, this.step !== FIRST_STEP.low);
    this.renderer.setClearColor(0x000000, 0);
    this.light();
    this.scene.add(vrm.scene);
    this.prepare();
    this.measure();
    this.lower(this.step);
  }

  /** What the picture is drawn with now, for the studio and for tests. */
  get outlined(): boolean {
    return STEPS[this.step]?.outlines ?? false;
  }

  /** Compile the shaders before the first frame, without blocking where the browser can. */
  async warm(): Promise<void> {
    await this.renderer.compileAsync(this.scene, this.camera);
  }

  render(seconds: number): void {
    this.renderer.render(this.scene, this.camera);
    if (this.quality !== "auto" || this.step === 0) return;
    this.slow = seconds > SLOW_SECONDS ? this.slow + seconds : Math.max(this.slow - seconds, 0);
    if (this.slow > PATIENCE) this.lower(this.step - 1);
  }

  resize(width: number, height: number, pixelRatio: number): void {
    this.size = [Math.max(width, 1), Math.max(height, 1), pixelRatio];
    this.renderer.setPixelRatio(Math.min(pixelRatio, STEPS[this.step]?.ratio ?? 1));
    this.renderer.setSize(this.size[0], this.size[1], false);
    this.camera.aspect = this.size[0] / this.size[1];
    this.aim();
  }

  frame(framing: Framing): void {
    this.framing = framing;
    this.aim();
  }

  dispose(): void {
    this.renderer.dispose();
    this.renderer.forceContextLoss();
    this.canvas.remove();
  }

  private lower(step: number): void {
    this.step = step;
    this.slow = 0;
    for (const material of this.outlines) material.visible = this.outlined;
    this.resize(...this.size);
  }

  /** A key light from above and beside the camera and a soft fill: shade falls to one side, faces stay bright. */
  private light(): void {
    const key = new DirectionalLight(0xffffff, 2.6);
    key.position.set(0.7, 1.3, 2);
    this.scene.add(key, new AmbientLight(0xfff4ee, 0.55));
  }

  private prepare(): void {
    this.vrm.scene.traverse((node) => {
      // A pose moves limbs out of the bounds that the file gives its meshes.
      node.frustumCulled = false;
      const { material } = node as Mesh;
      for (const part of material ? [material].flat() : []) if ((part as MToonMaterial).isOutline) this.outlines.push(part);
    });
  }

  /** Take the model's measures as it stands: crown, eyes, neck, hips, floor and how far its arms reach. */
  private measure(): void {
    this.vrm.scene.updateMatrixWorld(true);
    const box = new Box3().setFromObject(this.vrm.scene);
    const height = (name: "head" | "neck" | "hips"): number =>
      this.vrm.humanoid.getRawBoneNode(name)?.getWorldPosition(new Vector3()).y ?? 0;
    [this.floor, this.crown] = [box.min.y, box.max.y];
    this.hips = height("hips");
    const head = height("head");
    this.neck = height("neck") || head;
    this.eyes = head + (this.vrm.lookAt?.offsetFromHeadBone.y ?? 0.35 * (box.max.y - head));
    if (this.eyes <= head || this.eyes >= box.max.y) this.eyes = head + 0.35 * (box.max.y - head);
    let reach = 0;
    for (const part of ["leftShoulder", "leftUpperArm", "leftLowerArm", "leftHand"] as const) {
      reach += this.skeleton.bones.get(part)?.offset.length() ?? 0;
    }
    this.span = Math.max(reach, 0.15 * (box.max.y - box.min.y));
  }

  /** Stand back far enough that what the framing shows fits, at the height of the eyes. */
  private aim(): void {
    const { crown, floor } = this;
    const tall = Math.max(crown - floor, 0.1);
    const [bottom, top, half] = {
      full: [floor - 0.02 * tall, crown + 0.05 * tall, this.span],
      half: [this.hips - 0.03 * tall, crown + 0.05 * tall, 0.75 * this.span],
      face: [this.neck - 0.3 * (crown - this.neck), crown + 0.06 * (crown - this.neck), 0.5 * (crown - this.neck)],
    }[this.framing] as [number, number, number];
    const tangent = Math.tan(0.5 * FIELD_OF_VIEW * MathUtils.DEG2RAD);
    const middle = 0.5 * (top + bottom);
    const distance = Math.max((0.5 * (top - bottom)) / tangent, half / (tangent * this.camera.aspect));
    const above = Math.min(Math.max(this.eyes + 0.05 * tall - middle, 0), 0.2 * distance);
    this.camera.position.set(0, middle + above, distance + 0.12 * tall);
    this.camera.lookAt(0, middle, 0);
    this.camera.near = Math.max(0.2 * distance, 0.02);
    this.camera.far = distance + 4 * tall + 5;
    this.camera.updateProjectionMatrix();
  }
}
