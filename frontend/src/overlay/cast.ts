/** Picks the avatar and puts it on the stage; whatever goes wrong, somebody stands there. */

import { withToken } from "../shared/connection.js";
import type { AvatarKind, AvatarSource } from "../shared/protocol.js";
import type { Avatar, Problem } from "./avatar.js";
import { PngAvatar } from "./avatars/png.js";
import { SvgAvatar } from "./avatars/svg.js";
import type { Options } from "./options.js";

export interface Casting {
  readonly avatar: Avatar;
  /** What the avatar itself does not know: that another one was asked for and why it is not here. */
  readonly problems: readonly Problem[];
}

const NO_PICTURES = "Name the folder with the pictures in the settings: [web] avatar = \"my_pngs\".";
const NO_MODEL = "Name the model in the settings: [web] avatar = \"name.model3.json\".";
const MASCOT = "/v1/avatar/mascot.vrm";

/** Where the page notes what it showed last, so that it need not wait for the bridge to begin loading. */
const LAST_KIND = "avatar-bridge-avatar";

/** Begin to load what the avatar will probably need, before the bridge has said which it is. */
export function foresee(options: Options): void {
  if (options.layout === "subtitles") return;
  const kind = options.avatar ?? recall();
  // What fails here fails again where it is needed, and is told there.
  if (kind === "vrm") import("./avatars/vrm.js").catch(() => undefined);
}

function recall(): string {
  try {
    return localStorage.getItem(LAST_KIND) ?? "vrm";
  } catch {
    return "vrm";
  }
}

function note(kind: AvatarKind): void {
  try {
    localStorage.setItem(LAST_KIND, kind);
  } catch {
    // A browser that keeps nothing loads a little later.
  }
}

/** Return the avatar to show: what the address asks for, else what the settings name, else the drawn face. */
export async function cast(source: AvatarSource, resting: Readonly<Record<string, number>>, options: Options): Promise<Casting> {
  const kind = options.avatar ?? source.kind;
  if (!options.avatar) note(kind);
  try {
    if (kind !== source.kind && (kind === "png" || kind === "live2d")) {
      const suggestion = kind === "png" ? NO_PICTURES : NO_MODEL;
      return instead({ message: `avatar=${kind} was asked for, the settings name a ${source.kind} avatar.`, suggestion }, source);
    }
    return { avatar: await make(kind, source, resting, options), problems: [] };
  } catch (error) {
    return instead(problemOf(error), source);
  }
}

/** An avatar that the user dropped on the page. */
export async function castFile(data: ArrayBuffer, resting: Readonly<Record<string, number>>, options: Options): Promise<Avatar> {
  const { createVrmAvatar } = await import("./avatars/vrm.js");
  return createVrmAvatar(data, { quality: options.quality, restingPose: resting });
}

/** What an error says, as a problem. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof Error)) return { message: String(error) };
  const suggestion: unknown = "suggestion" in error ? error.suggestion : undefined;
  return typeof suggestion === "string" && suggestion ? { message: error.message, suggestion } : { message: error.message };
}

async function make(kind: AvatarKind, source: AvatarSource, resting: Readonly<Record<string, number>>, options: Options): Promise<Avatar> {
  const url = withToken(kind === "vrm" && source.kind !== "vrm" ? MASCOT : source.url);
  if (kind === "vrm") {
    const { createVrmAvatar } = await import("./avatars/vrm.js");
    return createVrmAvatar(url, { quality: options.quality, restingPose: resting });
  }
  if (kind === "live2d") {
    const { createLive2dAvatar } = await import("./avatars/live2d.js");
    return createLive2dAvatar(url, source.core ? withToken(source.core) : "", { quality: options.quality });
  }
  if (kind === "png") return PngAvatar.load(source.name, source.url, source.files ?? []);
  return new SvgAvatar(source.kind === "svg" ? source.name : "");
}

function instead(problem: Problem, source: AvatarSource): Casting {
  return { avatar: new SvgAvatar(source.name), problems: [problem] };
}
