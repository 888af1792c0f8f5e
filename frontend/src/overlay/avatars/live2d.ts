/** A Live2D model as an avatar. Live2D's Cubism Core computes it; the Core and the model are the user's own. */

import type { Avatar, Framing, Pose, Problem } from "../avatar.js";
import { Live2dCanvas } from "./live2d_canvas.js";
import { loadCore } from "./live2d_core.js";
import { type Live2dFiles, loadLive2d } from "./live2d_model.js";
import { Live2dParameters } from "./live2d_parameters.js";

export interface Live2dOptions {
  readonly quality: string;
}

/** How far full position channels move the picture, in percent of its size. */
const REACH = { x: 10, y: 8, z: 6 };

class Live2dAvatar implements Avatar {
  readonly kind = "live2d";
  readonly name: string;
  readonly element: HTMLElement;
  /** Milliseconds of the last `draw` outside WebGL and the Core. */
  scriptMs = 0;
  private readonly parameters: Live2dParameters;
  private readonly picture: Live2dCanvas;
  private readonly lasting: readonly Problem[];
  private lost = false;

  constructor(
    private readonly files: Live2dFiles,
    options: Live2dOptions,
  ) {
    this.name = files.name;
    this.parameters = new Live2dParameters(files);
    this.picture = new Live2dCanvas(files.model, files.textures, options.quality);
    this.element = this.picture.canvas;
    this.lasting = [...this.parameters.problems(), ...layers(files)];
    this.element.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.lost = true;
    });
    this.element.addEventListener("webglcontextrestored", () => {
      this.lost = false;
      this.picture.prepare();
    });
  }

  get problems(): readonly Problem[] {
    return this.lost ? [...this.lasting, { message: "The browser took the picture away; it comes back by itself." }] : this.lasting;
  }

  draw(pose: Pose): void {
    const began = performance.now();
    this.parameters.apply(pose);
    const [x, y, z] = [pose.get("position_x") * REACH.x, -pose.get("position_y") * REACH.y, 1 + (pose.get("position_z") * REACH.z) / 100];
    this.element.style.transform = x || y || z !== 1 ? `translate(${x.toFixed(2)}%, ${y.toFixed(2)}%) scale(${z.toFixed(4)})` : "";
    this.scriptMs = performance.now() - began;
    if (!this.lost) this.picture.draw();
  }

  resize(width: number, height: number, pixelRatio: number): void {
    this.picture.resize(width, height, pixelRatio);
  }

  frame(framing: Framing): void {
    this.picture.frame(framing);
  }

  /** Live2D models play no VRMA clips. */
  play(): void {
    return;
  }

  release(): void {
    return;
  }

  dispose(): void {
    this.picture.dispose();
    this.files.model.release();
  }
}

function layers(files: Live2dFiles): Problem[] {
  if (!files.model.offscreens?.count) return [];
  return [{ message: "The model uses off-screen layers (Cubism 5.3), which the overlay draws as plain parts.", suggestion: "Export it for Cubism 5.0, or let VTube Studio show it." }];
}

/**
 * Return the Live2D model of an address (its .model3.json), ready to draw; `coreUrl` is the user's Cubism Core.
 * Raises AvatarError, with what to do, where the Core, the model or WebGL is missing.
 */
export async function createLive2dAvatar(url: string, coreUrl: string, options: Live2dOptions): Promise<Avatar> {
  const core = await loadCore(coreUrl);
  return new Live2dAvatar(await loadLive2d(core, url), options);
}
