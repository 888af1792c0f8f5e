/** What stands under the pointer on the timeline, in words. */

import { VISEMES } from "../shared/protocol.js";
import { endOf, sendings, strongest } from "./performances.js";
import type { Performed } from "./performances.js";
import { LANE, TRACKS } from "./timeline_ink.js";
import { lanes } from "./timeline_tracks.js";

/** Lines for the moment `at` of an utterance, `y` pixels below the timeline's top; none where nothing stands. */
export function tipLines(one: Performed, at: number, y: number, scale: number): string[] {
  if (at < -0.2 || at > endOf(one) + 1) return [];
  const lines = y >= TRACKS.cues.top ? cueLines(one, at, y, scale) : soundLines(one, at);
  return lines.length ? [...lines, `${at.toFixed(2)} s of utterance ${one.number}`] : [];
}

function cueLines(one: Performed, at: number, y: number, scale: number): string[] {
  const lane = Math.floor((y - TRACKS.cues.top) / LANE);
  const box = lanes(one, scale, (text) => text.length * 7).find(
    (each) => each.lane === lane && at >= each.start - 0.03 && at <= Math.max(each.end, each.start + 0.6) + 0.03,
  );
  if (!box) return [];
  const { cue } = box;
  const written = cue.written && cue.written !== cue.name ? ` (written ${cue.written})` : "";
  const plan = `starts ${cue.start.toFixed(2)} s, meets its word at ${cue.at.toFixed(2)} s`;
  return [`${cue.name}${written}`, plan, ...sendings(one, cue).map((sent) => `${sent.driver}: ${lateWords(sent.lateMs)}`)];
}

/** A lateness in words. */
export function lateWords(lateMs: number): string {
  if (Math.abs(lateMs) < 1) return "on time";
  return lateMs > 0 ? `${lateMs.toFixed(0)} ms late` : `${(-lateMs).toFixed(0)} ms early`;
}

function soundLines(one: Performed, at: number): string[] {
  const lines: string[] = [];
  for (const { source, open, shapes } of one.segments) {
    if (at < source.at - 0.05 || at > source.at + source.duration + 0.05) continue;
    const word = source.words.find((each) => each.at <= at && at < each.at + each.duration);
    const sound = source.phonemes.find((each) => each.at <= at && at < each.at + each.duration);
    if (word) lines.push(`“${word.text}” ${word.at.toFixed(2)} – ${(word.at + word.duration).toFixed(2)} s`);
    if (sound?.symbol) lines.push(`sound ${sound.symbol}, ${Math.round(sound.duration * 1000)} ms`);
    const row = Math.round((at - source.mouth.at) * source.mouth.rate);
    if (row < 0 || row >= open.length) continue;
    const shape = strongest(shapes, row);
    const name = shape ? `, shape ${VISEMES[shape.index]} ${Math.round(shape.weight * 100)} %` : "";
    lines.push(`mouth ${Math.round(((open[row] ?? 0) / 255) * 100)} % open${name}`);
  }
  return lines;
}
