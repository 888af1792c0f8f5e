/** Live2D's own Cubism Core, which the user supplies: the part of it that is used here, and how it gets into the page. */

import { AvatarError } from "../avatar.js";

export interface CoreParameters {
  readonly count: number;
  readonly ids: readonly string[];
  readonly minimumValues: Float32Array;
  readonly maximumValues: Float32Array;
  readonly defaultValues: Float32Array;
  readonly values: Float32Array;
}

export interface CoreDrawables {
  readonly count: number;
  readonly constantFlags: Uint8Array;
  readonly dynamicFlags: Uint8Array;
  readonly textureIndices: Int32Array;
  readonly renderOrders?: Int32Array;
  readonly opacities: Float32Array;
  readonly masks: readonly Int32Array[];
  readonly vertexPositions: readonly Float32Array[];
  readonly vertexUvs: readonly Float32Array[];
  readonly indices: readonly Uint16Array[];
  /** Four numbers a drawable; absent before Cubism 4.2. */
  readonly multiplyColors?: Float32Array;
  readonly screenColors?: Float32Array;
  resetDynamicFlags(): void;
}

export interface CoreModel {
  readonly parameters: CoreParameters;
  readonly parts: { readonly count: number; readonly ids: readonly string[]; readonly opacities: Float32Array };
  readonly drawables: CoreDrawables;
  readonly offscreens?: { readonly count: number };
  readonly canvasinfo: {
    readonly CanvasWidth: number;
    readonly CanvasHeight: number;
    readonly CanvasOriginX: number;
    readonly CanvasOriginY: number;
    readonly PixelsPerUnit: number;
  };
  /** Since Cubism 5.3, in place of the drawables' own. */
  getRenderOrders?(): Int32Array;
  update(): void;
  release(): void;
}

export interface CubismCore {
  readonly Moc: { fromArrayBuffer(bytes: ArrayBuffer): { _release(): void } | null };
  readonly Model: { fromMoc(moc: { _release(): void }): CoreModel | null };
}

/** Bits of a drawable's constant flags, as the Cubism Core API reference names them. */
export const ADDITIVE = 1;
export const MULTIPLICATIVE = 2;
export const DOUBLE_SIDED = 4;
export const INVERTED_MASK = 8;
/** Bit of a drawable's dynamic flags. */
export const VISIBLE = 1;

const GET_CORE =
  "Download the Cubism SDK for Web from live2d.com, accept its licence, and name its live2dcubismcore.min.js in the settings: [web] live2d_core = \"live2dcubismcore.min.js\".";

function present(): CubismCore | undefined {
  return (globalThis as { Live2DCubismCore?: CubismCore }).Live2DCubismCore;
}

function run(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.addEventListener("load", () => resolve());
    script.addEventListener("error", () => reject(new AvatarError("the Cubism Core could not be loaded", GET_CORE)));
    document.head.append(script);
  });
}

/** Return the Core, after running the user's file once; raises AvatarError where there is none. */
export async function loadCore(url: string): Promise<CubismCore> {
  const loaded = present();
  if (loaded) return loaded;
  if (!url) throw new AvatarError("a Live2D model needs Live2D's own Cubism Core, which is not ours to ship", GET_CORE);
  await run(url);
  const core = present();
  if (core && typeof core.Moc?.fromArrayBuffer === "function" && typeof core.Model?.fromMoc === "function") return core;
  throw new AvatarError("expected the Cubism Core for Web, got a script that is something else", GET_CORE);
}
