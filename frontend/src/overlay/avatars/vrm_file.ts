/** The bytes of a VRM file: fetched, checked, and told in plain words where they are not what they should be. */

import { AvatarError } from "../avatar.js";

/** A larger file is refused before it is read: it would not fit a stream's computer. */
export const SIZE_LIMIT = 200 * 1024 * 1024;

const EXPORT_AGAIN = "Export the model again as .vrm, from VRoid Studio, from UniVRM in Unity or with Blender's VRM add-on.";
const GLB_MAGIC = 0x46546c67;
const JSON_CHUNK = 0x4e4f534a;
const HEADER_BYTES = 20;
/** Packed forms that need a decoder which the overlay does not have. */
const PACKED = ["KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_texture_basisu"];

/** The part of a glTF's JSON that is looked at before the loader sees it. */
export interface GltfJson {
  readonly nodes?: { name?: string; children?: number[] }[];
  readonly buffers?: { readonly uri?: string }[];
  readonly images?: { readonly uri?: string }[];
  readonly extensionsRequired?: readonly string[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export interface VrmFile {
  readonly bytes: ArrayBuffer;
  readonly json: GltfJson;
  readonly version: "0" | "1";
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(bytes < 10485760 ? 1 : 0)} MB`;
}

function tooLarge(bytes: number): AvatarError {
  return new AvatarError(
    `expected a VRM file of at most ${megabytes(SIZE_LIMIT)}, got ${megabytes(bytes)}`,
    "Make its textures smaller (2048 pixels are plenty on a stream) and export it again.",
  );
}

/** Fetch a file of at most `SIZE_LIMIT` bytes; raises AvatarError when it is not there or larger. */
export async function fetchBytes(url: string, what: string): Promise<ArrayBuffer> {
  let answer: Response;
  try {
    answer = await fetch(url);
  } catch (error) {
    throw new AvatarError(`${what} could not be loaded: ${String(error)}`, "Is the bridge still running?");
  }
  if (!answer.ok) {
    throw new AvatarError(
      `${what} could not be loaded: the bridge answered ${answer.status}`,
      answer.status === 404 ? "Look at web.avatar in the settings: is the file still there?" : "Open the page by the address that the bridge prints.",
    );
  }
  const told = Number(answer.headers.get("content-length") ?? 0);
  if (told > SIZE_LIMIT) {
    await answer.body?.cancel();
    throw tooLarge(told);
  }
  const bytes = await answer.arrayBuffer();
  if (bytes.byteLength > SIZE_LIMIT) throw tooLarge(bytes.byteLength);
  return bytes;
}

/** What a file that is no GLB seems to be, by its first bytes. */
function guess(bytes: ArrayBuffer): string {
  if (bytes.byteLength === 0) return "an empty file";
  const head = new TextDecoder("latin1").decode(bytes.slice(0, 64)).trimStart().toLowerCase();
  if (head.startsWith("<")) return "a web page";
  if (head.startsWith("{")) return "a text file (JSON; a .gltf is not packed into one file)";
  if (head.startsWith("pk")) return "a ZIP archive: unpack it first";
  if (head.startsWith("kaydara")) return "an FBX file";
  if (head.startsWith("version https://git-lfs")) return "a Git LFS pointer in the file's place";
  return `something else of ${megabytes(bytes.byteLength)}`;
}

function parseJson(bytes: ArrayBuffer, length: number): GltfJson {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8").decode(new Uint8Array(bytes, HEADER_BYTES, length)));
    if (typeof value === "object" && value !== null) return value as GltfJson;
  } catch {
    // told below, as for a value that is no object
  }
  throw new AvatarError("expected a VRM 0.x or 1.0 file, got one whose description is damaged", EXPORT_AGAIN);
}

/** Return the JSON of a GLB file after checking that all of the file is there; raises AvatarError. */
export function readGlb(bytes: ArrayBuffer): GltfJson {
  const view = new DataView(bytes);
  if (bytes.byteLength > SIZE_LIMIT) throw tooLarge(bytes.byteLength);
  if (bytes.byteLength < HEADER_BYTES || view.getUint32(0, true) !== GLB_MAGIC) {
    throw new AvatarError(`expected a VRM 0.x or 1.0 file, got ${guess(bytes)}`, EXPORT_AGAIN);
  }
  if (view.getUint32(4, true) !== 2) {
    throw new AvatarError(`expected a VRM file (glTF 2), got glTF ${view.getUint32(4, true)}`, EXPORT_AGAIN);
  }
  const told = Math.max(view.getUint32(8, true), HEADER_BYTES + view.getUint32(12, true));
  if (told > bytes.byteLength) {
    throw new AvatarError(
      `expected a VRM file of ${told} bytes as its header says, got ${bytes.byteLength}: the file is cut off or damaged`,
      "Copy or download it again.",
    );
  }
  if (view.getUint32(16, true) !== JSON_CHUNK) {
    throw new AvatarError("expected a VRM 0.x or 1.0 file, got a glTF without its description", EXPORT_AGAIN);
  }
  return parseJson(bytes, view.getUint32(12, true));
}

function checkWhole(json: GltfJson): void {
  const packed = json.extensionsRequired?.find((name) => PACKED.includes(name));
  if (packed) {
    throw new AvatarError(
      `expected a VRM file without compressed parts, got one that needs ${packed}`,
      "Export it again without compression (Draco, Meshopt, Basis).",
    );
  }
  const outside = [...(json.buffers ?? []), ...(json.images ?? [])].find((part) => part.uri && !part.uri.startsWith("data:"));
  if (outside) {
    throw new AvatarError(
      `expected a VRM file that holds all its parts, got one that needs ${outside.uri} beside it`,
      EXPORT_AGAIN,
    );
  }
}

/** Return a VRM file that is whole and says which version it is; raises AvatarError for anything else. */
export function readVrm(bytes: ArrayBuffer): VrmFile {
  const json = readGlb(bytes);
  checkWhole(json);
  const extensions = json.extensions ?? {};
  if ("VRMC_vrm" in extensions) return { bytes, json, version: "1" };
  if ("VRM" in extensions) return { bytes, json, version: "0" };
  if ("VRMC_vrm_animation" in extensions) {
    throw new AvatarError("expected a VRM model, got a VRM animation (.vrma)", "Drop a .vrm first; then .vrma files play on it.");
  }
  throw new AvatarError("expected a VRM 0.x or 1.0 file, got a glTF model without the VRM part", EXPORT_AGAIN);
}

/** Return the file with another JSON in it; its binary part stays as it is. */
export function withJson(bytes: ArrayBuffer, json: GltfJson): ArrayBuffer {
  const old = new DataView(bytes).getUint32(12, true);
  const text = new TextEncoder().encode(JSON.stringify(json));
  const length = Math.ceil(text.length / 4) * 4;
  const rest = new Uint8Array(bytes, HEADER_BYTES + old);
  const result = new Uint8Array(HEADER_BYTES + length + rest.length).fill(0x20);
  const view = new DataView(result.buffer);
  [GLB_MAGIC, 2, result.length, length, JSON_CHUNK].forEach((word, index) => view.setUint32(4 * index, word, true));
  result.set(text, HEADER_BYTES);
  result.set(rest, HEADER_BYTES + length);
  return result.buffer;
}
