/** A Live2D model's files: the .model3.json and what it names. */

import { AvatarError } from "../avatar.js";
import type { CoreModel, CubismCore } from "./live2d_core.js";

const EXPORT_AGAIN = "Export the model again from the Cubism Editor (File, Export For Runtime), with all files in one folder.";

export interface ModelExpression {
  readonly name: string;
  readonly parameters: readonly { readonly id: string; readonly value: number; readonly blend: "Add" | "Multiply" | "Overwrite" }[];
}

export interface Live2dFiles {
  readonly name: string;
  readonly model: CoreModel;
  readonly textures: readonly ImageBitmap[];
  readonly expressions: readonly ModelExpression[];
  /** Parts of which one is shown at a time (arms A or B): the first of each group is. */
  readonly hiddenParts: readonly string[];
  readonly eyeIds: readonly string[];
  readonly mouthIds: readonly string[];
  readonly hasPhysics: boolean;
}

interface Model3 {
  readonly FileReferences?: {
    readonly Moc?: string;
    readonly Textures?: readonly string[];
    readonly Physics?: string;
    readonly Pose?: string;
    readonly Expressions?: readonly { readonly Name?: string; readonly File?: string }[];
  };
  readonly Groups?: readonly { readonly Name?: string; readonly Ids?: readonly string[] }[];
}

interface Exp3 {
  readonly Parameters?: readonly { readonly Id?: string; readonly Value?: number; readonly Blend?: string }[];
}

interface Pose3 {
  readonly Groups?: readonly (readonly { readonly Id?: string; readonly Link?: readonly string[] }[])[];
}

/** The address of a file beside the model, with the model's own token. */
function beside(url: string, file: string): string {
  const base = new URL(url, location.href);
  const path = file.split("/").map(encodeURIComponent).join("/");
  const address = new URL(path, base);
  address.search = base.search;
  return address.href;
}

async function get(url: string, what: string): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(url);
  } catch (error) {
    throw new AvatarError(`${what} could not be loaded: ${String(error)}`, "Is the bridge still running?");
  }
  if (!answer.ok) throw new AvatarError(`${what} could not be loaded: the bridge answered ${answer.status}`, EXPORT_AGAIN);
  return answer;
}

async function json<T>(url: string, what: string): Promise<T> {
  const text = await (await get(url, what)).text();
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as T;
  } catch {
    // told below
  }
  throw new AvatarError(`expected ${what} to be JSON, got something else`, EXPORT_AGAIN);
}

async function loadModel(core: CubismCore, url: string): Promise<CoreModel> {
  const bytes = await (await get(url, "The model's .moc3")).arrayBuffer();
  const moc = core.Moc.fromArrayBuffer(bytes);
  const model = moc ? core.Model.fromMoc(moc) : null;
  if (model) return model;
  throw new AvatarError(
    "expected a .moc3 that this Cubism Core reads, got one that is damaged or newer than the Core",
    "Use the newest Cubism Core, or export the model for an older version.",
  );
}

async function loadTexture(url: string, file: string): Promise<ImageBitmap> {
  const picture = await (await get(url, `The texture ${file}`)).blob();
  try {
    return await createImageBitmap(picture, { premultiplyAlpha: "premultiply" });
  } catch {
    throw new AvatarError(`expected ${file} to be a picture, got something else`, EXPORT_AGAIN);
  }
}

async function loadExpression(url: string, name: string): Promise<ModelExpression> {
  const { Parameters } = await json<Exp3>(url, `The expression ${name}`);
  const parameters = (Parameters ?? []).flatMap(({ Id, Value, Blend }) => {
    if (typeof Id !== "string" || typeof Value !== "number") return [];
    return [{ id: Id, value: Value, blend: Blend === "Multiply" || Blend === "Overwrite" ? Blend : "Add" } as const];
  });
  return { name, parameters };
}

/** All parts but the first of each group, with the parts linked to them. */
function hidden(pose: Pose3): string[] {
  return (pose.Groups ?? []).flatMap((group) => group.slice(1).flatMap(({ Id, Link }) => [...(Id ? [Id] : []), ...(Link ?? [])]));
}

/** Load everything that the model at `url` (its .model3.json) names; raises AvatarError. */
export async function loadLive2d(core: CubismCore, url: string): Promise<Live2dFiles> {
  const description = await json<Model3>(url, "The .model3.json");
  const { Moc, Textures, Physics, Pose, Expressions } = description.FileReferences ?? {};
  if (typeof Moc !== "string" || !Textures?.length) {
    throw new AvatarError("expected a .model3.json that names a .moc3 and its textures, got one without", EXPORT_AGAIN);
  }
  const named = (Expressions ?? []).filter((each): each is { Name: string; File: string } => !!each.Name && !!each.File);
  const [model, textures, expressions, pose] = await Promise.all([
    loadModel(core, beside(url, Moc)),
    Promise.all(Textures.map((file) => loadTexture(beside(url, file), file))),
    Promise.all(named.map(({ Name, File }) => loadExpression(beside(url, File), Name))),
    Pose ? json<Pose3>(beside(url, Pose), "The pose3.json") : Promise.resolve<Pose3>({}),
  ]);
  const ids = (name: string): readonly string[] => description.Groups?.find((group) => group.Name === name)?.Ids ?? [];
  const file = decodeURIComponent(new URL(url, location.href).pathname.split("/").pop() ?? "");
  return {
    name: file.replace(/\.model3\.json$/i, "") || "Live2D model",
    model,
    textures,
    expressions,
    hiddenParts: hidden(pose),
    eyeIds: ids("EyeBlink"),
    mouthIds: ids("LipSync"),
    hasPhysics: !!Physics,
  };
}
