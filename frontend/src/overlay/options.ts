/** What the page's address asks for. */

import type { AvatarKind } from "../shared/protocol.js";
import type { Framing } from "./avatar.js";

export type Layout = "avatar" | "subtitles" | "both";
export type Quality = "auto" | "low" | "medium" | "high";
export type Theme = "outline" | "box" | "bubble" | "karaoke" | "soft";

export interface Options {
  readonly layout: Layout;
  readonly camera: Framing;
  /** The avatar's size against the page, 1 fills its height. */
  readonly size: number;
  readonly audio: boolean;
  /** Seconds by which the picture is shown later (+) or earlier (-) than the sound is heard. */
  readonly pictureDelay: number;
  readonly quality: Quality;
  readonly theme: Theme;
  /** Another avatar than the settings name; null takes theirs. */
  readonly avatar: AvatarKind | null;
  /** The name over the subtitles; null takes the settings', "" shows none. */
  readonly speaker: string | null;
  /** What was asked for and cannot be had, a sentence each. */
  readonly mistakes: readonly string[];
}

const LAYOUTS: readonly Layout[] = ["avatar", "subtitles", "both"];
const FRAMINGS: readonly Framing[] = ["full", "half", "face"];
const QUALITIES: readonly Quality[] = ["auto", "low", "medium", "high"];
const THEMES: readonly Theme[] = ["outline", "box", "bubble", "karaoke", "soft"];
const AVATARS: readonly AvatarKind[] = ["vrm", "svg", "png", "live2d"];
const KNOWN = ["token", "layout", "camera", "size", "audio", "av_offset_ms", "quality", "theme", "avatar", "name"];
const SWITCHES: Readonly<Record<string, boolean>> = { 1: true, true: true, on: true, 0: false, false: false, off: false };

/** Read the options of an address; what cannot be understood keeps its default and is told in `mistakes`. */
export function readOptions(address: string): Options {
  const given = new URL(address).searchParams;
  const mistakes: string[] = [];

  function chosen<T extends string>(key: string, among: readonly T[]): T | null {
    const value = given.get(key);
    if (value === null) return null;
    const found = among.find((name) => name === value.trim().toLowerCase());
    if (!found) mistakes.push(`${key}=${value} is not one of ${among.join(", ")}.`);
    return found ?? null;
  }

  function number(key: string, low: number, high: number, fallback: number): number {
    const value = given.get(key);
    if (value === null) return fallback;
    const parsed = value.trim() === "" ? NaN : Number(value);
    if (Number.isFinite(parsed) && parsed >= low && parsed <= high) return parsed;
    mistakes.push(`${key}=${value} is not a number from ${low} to ${high}.`);
    return fallback;
  }

  function flag(key: string, fallback: boolean): boolean {
    const value = given.get(key);
    if (value === null) return fallback;
    const found = SWITCHES[value.trim().toLowerCase()];
    if (found === undefined) mistakes.push(`${key}=${value} is neither 0 nor 1.`);
    return found ?? fallback;
  }

  const options = {
    layout: chosen("layout", LAYOUTS) ?? "both",
    camera: chosen("camera", FRAMINGS) ?? "half",
    size: number("size", 0.2, 4, 1),
    audio: flag("audio", true),
    pictureDelay: number("av_offset_ms", -500, 1000, 0) / 1000,
    quality: chosen("quality", QUALITIES) ?? "auto",
    theme: chosen("theme", THEMES) ?? "outline",
    avatar: chosen("avatar", AVATARS),
    speaker: given.get("name"),
  };
  for (const key of new Set(given.keys())) {
    if (!KNOWN.includes(key)) mistakes.push(`${key} is no option of this page; there are ${KNOWN.slice(1).join(", ")}.`);
  }
  return { ...options, mistakes };
}
