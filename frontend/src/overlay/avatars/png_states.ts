/** Which picture of a PNG avatar stands for which state, by the names of the files. */

/** A set's pictures by state: `closed`, `half`, `open`, `blink`, `blink_half`, `blink_open`. */
export type PictureSet = ReadonlyMap<string, string>;

export const EMOTIONS = ["happy", "angry", "sad", "relaxed", "surprised"] as const;
export type Emotion = (typeof EMOTIONS)[number];

const PICTURE = /\.(png|webp|gif|apng|avif|jpe?g)$/i;
/** What other programs call the states. */
const ALIASES: Readonly<Record<string, string>> = {
  idle: "closed",
  neutral: "closed",
  mouth_closed: "closed",
  silent: "closed",
  talk: "open",
  talking: "open",
  speaking: "open",
  mouth_open: "open",
  mouth_half: "half",
  eyes_closed: "blink",
  open_blink: "blink_open",
  half_blink: "blink_half",
};
const STATES = ["closed", "half", "open", "blink", "blink_half", "blink_open"];

/** Sort the files into sets: "" for the plain face and one for each emotion there is. */
export function sortPictures(files: readonly string[]): ReadonlyMap<string, PictureSet> {
  const sets = new Map<string, Map<string, string>>();
  for (const file of [...files].sort()) {
    if (!PICTURE.test(file)) continue;
    const key = file.replace(PICTURE, "").toLowerCase().replaceAll(/[/\\ -]+/g, "_");
    const emotion = EMOTIONS.find((name) => key === name || key.startsWith(`${name}_`)) ?? "";
    const rest = emotion ? key.slice(emotion.length + 1) || "closed" : key;
    const state = ALIASES[rest] ?? rest;
    if (!STATES.includes(state)) continue;
    const set = sets.get(emotion) ?? new Map<string, string>();
    if (!set.has(state)) set.set(state, file);
    sets.set(emotion, set);
  }
  return sets;
}

/** States that the plain face lacks and that will be missed. */
export function missingStates(sets: ReadonlyMap<string, PictureSet>): readonly string[] {
  const plain = sets.get("");
  return ["closed", "open", "blink"].filter((state) => !plain?.has(state));
}

const NEAREST: Readonly<Record<string, readonly string[]>> = {
  closed: ["closed", "half", "open"],
  half: ["half", "open", "closed"],
  open: ["open", "half", "closed"],
};

/** The file to show: the emotion's own where it has one, with the mouth before the blink, else the plain face's. */
export function choosePicture(
  sets: ReadonlyMap<string, PictureSet>,
  emotion: string,
  mouth: "closed" | "half" | "open",
  blink: boolean,
): string | null {
  for (const set of [sets.get(emotion), sets.get("")]) {
    if (!set) continue;
    const shut = mouth === "closed" ? ["blink"] : [`blink_${mouth}`, "blink_open"];
    const wanted = [...(blink ? shut : []), ...(NEAREST[mouth] ?? [])];
    const state = wanted.find((name) => set.has(name));
    if (state) return set.get(state) ?? null;
  }
  return null;
}
