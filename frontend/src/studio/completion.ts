/** Which actions fit the tag that is being typed: pure functions over text. */

import type { ActionInfo } from "./state.js";

export interface OpenTag {
  /** Offset of the first character behind the bracket (and behind a slash). */
  readonly from: number;
  /** What is typed of the name so far. */
  readonly typed: string;
  readonly closing: boolean;
}

const LONGEST = 40;

/** Where something fits this well, what fits faintly is left out. */
const GOOD = 60;
const FAINT = 20;

/** The tag that the caret stands in, if its name is still being typed; `[[` is a literal bracket. */
export function openTag(text: string, caret: number): OpenTag | null {
  const start = text.lastIndexOf("[", caret - 1);
  if (start < 0 || caret - start > LONGEST) return null;
  let run = start;
  while (run > 0 && text[run - 1] === "[") run -= 1;
  if ((start - run) % 2 === 1) return null;
  const closing = text[start + 1] === "/" && caret > start + 1;
  const from = start + (closing ? 2 : 1);
  const typed = text.slice(from, caret);
  return /^[\p{L}\p{N}_-]*$/u.test(typed) && !/^\d/.test(typed) ? { from, typed, closing } : null;
}

/** Form under which names compare, as the bridge does it. */
export function nameKey(name: string): string {
  return name.toLocaleLowerCase().replace(/[_\- ]/g, "");
}

/** How well `typed` fits `name`: greater is better, 0 is not at all. Start, then inside, then letters in order. */
export function fit(typed: string, name: string): number {
  const wanted = nameKey(typed);
  const given = nameKey(name);
  if (!wanted) return 1;
  if (given === wanted) return 100;
  if (given.startsWith(wanted)) return 80 - Math.min(given.length, 20);
  const inside = given.indexOf(wanted);
  if (inside > 0) return 50 - Math.min(inside, 20);
  if (!startsWord(name, wanted)) return 0;
  let at = -1;
  let spread = 0;
  for (const letter of wanted) {
    const next = given.indexOf(letter, at + 1);
    if (next < 0) return 0;
    spread += next - at - 1;
    at = next;
  }
  return wanted.length > 1 ? Math.max(20 - spread, 1) : 0;
}

/** Whether one of the name's words begins as `wanted` does. */
function startsWord(name: string, wanted: string): boolean {
  return name.toLocaleLowerCase().split(/[_\- ]/).some((word) => word.startsWith(wanted.slice(0, 1)));
}

/** The actions that fit, best first; an alias and the meaning count less than the name. */
export function suggestions(typed: string, actions: readonly ActionInfo[], most = 8): ActionInfo[] {
  const scored = actions.map((action, index) => {
    const aliases = Math.max(0, ...action.aliases.map((alias) => fit(typed, alias) * 0.8));
    const inMeaning = typed.length > 2 && action.meaning.toLocaleLowerCase().includes(typed.toLocaleLowerCase()) ? 8 : 0;
    return { action, index, score: Math.max(fit(typed, action.name), aliases, inMeaning) };
  });
  const best = Math.max(...scored.map((each) => each.score));
  const fitting = scored.filter((each) => each.score > (best >= GOOD ? FAINT : 0));
  fitting.sort((one, other) => other.score - one.score || one.index - other.index);
  return fitting.slice(0, most).map((each) => each.action);
}
