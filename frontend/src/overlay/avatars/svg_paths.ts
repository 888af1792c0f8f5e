/** The drawn face's changing outlines, as SVG path data. Units are the drawing's own; y grows downwards. */

export interface MouthLook {
  /** 0 shut to 1 wide open. */
  readonly open: number;
  /** -1 a frown, 1 a smile. */
  readonly smile: number;
  /** 0 flat to 1 pursed round. */
  readonly round: number;
  /** 0 to 1: corners drawn apart. */
  readonly wide: number;
}

export interface MouthPaths {
  readonly outline: string;
  readonly width: number;
  readonly top: number;
  readonly bottom: number;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

function text(...numbers: readonly number[]): string {
  return numbers.map((number) => Math.round(number * 100) / 100).join(" ");
}

/** The mouth's outline around (0, 0). */
export function mouthPaths(look: MouthLook): MouthPaths {
  const open = clamp(look.open, 0, 1);
  const width = clamp(23 + 5 * look.smile + 9 * look.wide - 12.5 * look.round + 4 * open * (1 - look.round), 8, 40);
  const corner = -7 * look.smile * (1 - 0.5 * look.round);
  const height = open * (36 - 7 * look.round - 9 * look.wide);
  const arch = 6.5 * look.smile * (1 - open * 0.75);
  const top = arch - height * 0.28;
  const bottom = arch + height * 0.86 + Math.max(look.smile, 0) * 3 * open;
  // A cubic's middle lies at 3/4 of its handles' height.
  const reach = width * (0.42 + 0.5 * look.round + 0.12 * open);
  const upper = (top - corner / 4) / 0.75;
  const lower = (bottom - corner / 4) / 0.75;
  const outline =
    `M ${text(-width, corner)} C ${text(-reach, upper, reach, upper, width, corner)} ` +
    `C ${text(reach, lower, -reach, lower, -width, corner)} Z`;
  return { outline, width, top, bottom };
}

export interface EyePaths {
  /** The opening between the lids. */
  readonly opening: string;
  /** The upper lashes. */
  readonly lash: string;
  /** The fold above. */
  readonly crease: string;
}

/**
 * An eye around (0, 0): `shut` 0..1, `wide` 0..1, `smile` 0..1 (the lower lid rises), `slant` in units (+ the outer corner drops).
 * `side` is 1 for the eye on screen right, whose outer corner is at +x.
 */
export function eyePaths(side: number, shut: number, wide: number, smile: number, slant: number): EyePaths {
  const half = 25;
  const openness = clamp(1 - shut, 0, 1);
  const happy = clamp(smile, 0, 1) * (1 - openness);
  // Shut lids meet in a bow that hangs down, or arches up where the eye smiles.
  const seam = 11 - 17 * happy;
  const top = -(28 + 6 * wide) * openness + seam * (1 - openness);
  const bottom = (24 - 12 * smile) * openness + seam * (1 - openness);
  const inner = -side * half;
  const outer = side * (half + 1);
  const innerY = 7 - 3 * (1 - openness) + 3 * smile - slant * 0.5;
  const outerY = 1 + 5 * (1 - openness) + 4 * smile + slant * 0.5;
  const upper = (top - (innerY + outerY) / 8) / 0.75;
  const lower = (bottom - (innerY + outerY) / 8) / 0.75;
  const lidTo = `C ${text(inner * 0.72, upper, outer * 0.82, upper, outer, outerY)}`;
  const opening = `M ${text(inner, innerY)} ${lidTo} C ${text(outer * 0.82, lower, inner * 0.72, lower, inner, innerY)} Z`;
  const flick = `L ${text(outer + side * 6, outerY - 4 + 3 * (1 - openness))}`;
  const thick = 7.5;
  const back = `C ${text(outer * 0.8, upper - thick, inner * 0.78, upper - thick * 0.6, inner - side * 0.5, innerY - 1)}`;
  const lash = `M ${text(inner, innerY)} ${lidTo} ${flick} L ${text(outer, outerY - thick * 0.75)} ${back} Z`;
  const lift = upper - 15 + 7 * (1 - openness);
  const crease = `M ${text(inner * 0.7, lift * 0.62)} C ${text(inner * 0.3, lift * 0.9, outer * 0.5, lift * 0.92, outer * 0.82, lift * 0.56)}`;
  return { opening, lash, crease };
}

/** A brow around (0, 0): `raise` -1..1 bends it, `slant` in units (+ the inner end rises: sad; - it drops: angry). */
export function browPath(side: number, raise: number, slant: number): string {
  const inner = -side * 22;
  const outer = side * 26;
  const innerY = 3 - slant;
  const outerY = 4 + slant * 0.35;
  const peak = -6 - 4 * raise;
  return (
    `M ${text(inner, innerY)} C ${text(inner * 0.4, peak - slant * 0.6, outer * 0.4, peak - 1, outer, outerY)} ` +
    `C ${text(outer * 0.4, peak + 4.5, inner * 0.4, peak + 6.5 - slant * 0.6, inner, innerY + 4.5)} Z`
  );
}
