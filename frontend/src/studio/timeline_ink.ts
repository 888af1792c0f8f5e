/** The timeline's colours and type, read from the style sheet; and where each track stands. */

export interface Track {
  readonly name: string;
  readonly top: number;
  readonly height: number;
}

export const TRACKS = {
  ruler: { name: "", top: 0, height: 18 },
  words: { name: "words", top: 20, height: 22 },
  phonemes: { name: "sounds", top: 43, height: 16 },
  waveform: { name: "voice", top: 62, height: 34 },
  mouth: { name: "mouth", top: 99, height: 30 },
  visemes: { name: "shapes", top: 130, height: 7 },
  cues: { name: "cues", top: 142, height: 58 },
} as const satisfies Record<string, Track>;

export const HEIGHT = 200;
export const LANES = 3;
export const LANE = 19;
/** Width of the track names at the left. */
export const GUTTER = 52;

/** From how many milliseconds on something is late, and very late. */
export const LATE_MS = 20;
export const VERY_LATE_MS = 50;

const NAMES = [
  "surface",
  "line",
  "text",
  "soft",
  "accent",
  "wave",
  "mouth",
  "cue",
  "cue-text",
  "good",
  "busy",
  "bad",
  "word",
  "viseme-aa",
  "viseme-ih",
  "viseme-ou",
  "viseme-ee",
  "viseme-oh",
] as const;

export type InkName = (typeof NAMES)[number];
export type Ink = Readonly<Record<InkName, string>>;

/** The palette of the theme that is shown now. */
export function readInk(): Ink {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Ink;
}

/** The colour of a lateness in milliseconds. */
export function lateInk(ink: Ink, lateMs: number): string {
  const late = Math.abs(lateMs);
  return late <= LATE_MS ? ink.good : late <= VERY_LATE_MS ? ink.busy : ink.bad;
}
