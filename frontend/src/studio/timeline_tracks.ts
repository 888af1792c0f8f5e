/** Draws one utterance's tracks; x of a moment is `left + at * scale`. */

import { VISEMES } from "../shared/protocol.js";
import type { CueTime } from "../shared/protocol.js";
import { endOf, sendings, strongest } from "./performances.js";
import type { Performed, SegmentView } from "./performances.js";
import { LANE, LANES, lateInk, TRACKS } from "./timeline_ink.js";
import type { Ink, InkName } from "./timeline_ink.js";

export const FONT = '12px "Inter", "Segoe UI", system-ui, "Noto Sans", "Noto Sans CJK JP", sans-serif';
const SMALL = FONT.replace("12px", "11px");
const SHORTEST_CUE_PX = 8;

export interface Place {
  /** x of the utterance's first sample. */
  readonly left: number;
  /** Pixels a second. */
  readonly scale: number;
  /** Visible x range. */
  readonly from: number;
  readonly to: number;
}

/** A cue's box on its lane. */
export interface CueBox {
  readonly cue: CueTime;
  readonly lane: number;
  readonly start: number;
  readonly end: number;
}

/** Put cues on lanes so that boxes and their names do not cover each other where that can be helped. */
export function lanes(one: Performed, scale: number, width: (text: string) => number): CueBox[] {
  const free: number[] = new Array<number>(LANES).fill(-Infinity);
  return [...one.cues]
    .sort((first, second) => first.start - second.start)
    .map((cue) => {
      const end = cueEnd(one, cue);
      const open = free.findIndex((until) => until <= cue.start);
      const lane = open >= 0 ? open : free.indexOf(Math.min(...free));
      free[lane] = Math.max(end, cue.start + (width(cue.name) + 14) / scale);
      return { cue, lane, start: cue.start, end };
    });
}

function cueEnd(one: Performed, cue: CueTime): number {
  if (cue.released !== null) return Math.max(cue.released, cue.start);
  if (cue.duration !== null) return cue.start + cue.duration;
  return Math.max(one.duration, cue.at + 0.3);
}

/** Widths of texts, measured once: the same words pass sixty times a second. */
const widths = new Map<string, number>();

function widthOf(pen: CanvasRenderingContext2D, text: string): number {
  const key = `${pen.font}\n${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > 4000) widths.clear();
    width = pen.measureText(text).width;
    widths.set(key, width);
  }
  return width;
}

export class TrackPainter {
  constructor(
    private readonly pen: CanvasRenderingContext2D,
    private readonly ink: Ink,
  ) {}

  utterance(one: Performed, place: Place): void {
    const { pen } = this;
    pen.save();
    pen.beginPath();
    const right = one.over === "interrupted" ? place.left + endOf(one) * place.scale : place.to;
    pen.rect(place.from, 0, Math.max(Math.min(right, place.to) - place.from, 0), 400);
    pen.clip();
    for (const segment of one.segments) {
      const start = place.left + segment.source.at * place.scale;
      if (start > place.to || start + (segment.source.duration + 0.5) * place.scale < place.from) continue;
      this.waveform(segment, place);
      this.mouth(segment, place);
      this.words(one, segment, place);
      this.phonemes(segment, place);
    }
    this.cues(one, place);
    pen.restore();
    if (one.over === "interrupted") this.cut(right, place);
  }

  private waveform(segment: SegmentView, place: Place): void {
    const { pen } = this;
    const { top, height } = TRACKS.waveform;
    const middle = top + height / 2;
    const step = place.scale / segment.peakRate;
    pen.fillStyle = this.ink.wave;
    const start = place.left + segment.source.at * place.scale;
    const first = Math.max(0, Math.floor((place.from - start) / step));
    const last = Math.min(segment.peaks.length, Math.ceil((place.to - start) / step));
    for (let index = first; index < last; index += 1) {
      const half = Math.max(((segment.peaks[index] ?? 0) / 255) * (height / 2), 0.5);
      pen.fillRect(start + index * step, middle - half, Math.max(step - 0.6, 0.8), half * 2);
    }
  }

  private mouth(segment: SegmentView, place: Place): void {
    const { pen } = this;
    const { rate, at } = segment.source.mouth;
    const start = place.left + at * place.scale;
    const step = place.scale / rate;
    const first = Math.max(0, Math.floor((place.from - start) / step));
    const last = Math.min(segment.open.length - 1, Math.ceil((place.to - start) / step));
    if (last < first) return;
    const { top, height } = TRACKS.mouth;
    pen.beginPath();
    pen.moveTo(start + first * step, top + height);
    for (let index = first; index <= last; index += 1) {
      pen.lineTo(start + index * step, top + height - ((segment.open[index] ?? 0) / 255) * height);
    }
    pen.lineTo(start + last * step, top + height);
    pen.closePath();
    pen.fillStyle = this.ink.mouth;
    pen.fill();
    this.visemes(segment, start, step, first, last);
  }

  private visemes(segment: SegmentView, start: number, step: number, first: number, last: number): void {
    const { pen } = this;
    const { top, height } = TRACKS.visemes;
    for (let index = first; index <= last; index += 1) {
      const shape = strongest(segment.shapes, index);
      if (!shape) continue;
      pen.globalAlpha = 0.35 + 0.65 * shape.weight;
      pen.fillStyle = this.ink[`viseme-${VISEMES[shape.index] ?? "aa"}` as InkName];
      pen.fillRect(start + index * step, top, step + 0.4, height);
    }
    pen.globalAlpha = 1;
  }

  private words(one: Performed, segment: SegmentView, place: Place): void {
    const { top, height } = TRACKS.words;
    segment.source.words.forEach((word, index) => {
      const x = place.left + word.at * place.scale;
      if (x > place.to || x + (word.duration + 1) * place.scale < place.from) return;
      const next = segment.source.words[index + 1];
      const room = ((next ? next.at : word.at + word.duration + 0.3) - word.at) * place.scale;
      const now = !one.over && word.at <= one.heard && one.heard < word.at + word.duration;
      if (now) {
        this.pen.fillStyle = this.ink.word;
        this.pen.fillRect(x - 1, top, Math.max(word.duration * place.scale, 6), height);
      }
      this.tick(x, top, height);
      this.text(word.text, x + 4, top + height / 2, room - 6, now || word.at < one.heard ? this.ink.text : this.ink.soft);
    });
  }

  private phonemes(segment: SegmentView, place: Place): void {
    const { pen } = this;
    const { top, height } = TRACKS.phonemes;
    pen.font = SMALL;
    pen.fillStyle = this.ink.soft;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (const phoneme of segment.source.phonemes) {
      if (!phoneme.symbol) continue;
      const width = phoneme.duration * place.scale;
      const x = place.left + phoneme.at * place.scale;
      if (x > place.to || x + width < place.from) continue;
      if (widthOf(pen, phoneme.symbol) > width + 3) continue;
      pen.fillText(phoneme.symbol, x + width / 2, top + height / 2);
    }
    pen.textAlign = "left";
  }

  private cues(one: Performed, place: Place): void {
    this.pen.font = FONT;
    for (const box of lanes(one, place.scale, (text) => widthOf(this.pen, text))) {
      const x = place.left + box.start * place.scale;
      const width = Math.max((box.end - box.start) * place.scale, SHORTEST_CUE_PX);
      if (x > place.to || x + width + 200 < place.from) continue;
      const y = TRACKS.cues.top + box.lane * LANE;
      this.cue(one, box.cue, { x, y, width }, place);
    }
  }

  private cue(one: Performed, cue: CueTime, box: { x: number; y: number; width: number }, place: Place): void {
    const { pen } = this;
    pen.fillStyle = this.ink.cue;
    pen.beginPath();
    pen.roundRect(box.x, box.y, box.width, LANE - 3, 4);
    pen.fill();
    const stroke = place.left + cue.at * place.scale;
    pen.fillStyle = this.ink["cue-text"];
    pen.fillRect(stroke - 1, box.y, 2, LANE - 3);
    const name = Math.max(box.x, place.from) + 5;
    const inside = widthOf(pen, cue.name) + 8 <= box.x + box.width - name;
    this.text(cue.name, inside ? name : box.x + box.width + 4, box.y + (LANE - 3) / 2, 160, inside ? this.ink["cue-text"] : this.ink.text);
    for (const sent of sendings(one, cue)) {
      const x = place.left + (sent.due + sent.lateMs / 1000) * place.scale;
      pen.fillStyle = lateInk(this.ink, sent.lateMs);
      pen.beginPath();
      pen.moveTo(x - 4, box.y - 2);
      pen.lineTo(x + 4, box.y - 2);
      pen.lineTo(x, box.y + 5);
      pen.closePath();
      pen.fill();
    }
  }

  /** The end of an interrupted utterance. */
  private cut(x: number, place: Place): void {
    if (x < place.from || x > place.to) return;
    this.pen.fillStyle = this.ink.bad;
    this.pen.fillRect(x - 1, TRACKS.words.top, 2, TRACKS.cues.top + TRACKS.cues.height - TRACKS.words.top);
    this.text("interrupted", x + 6, TRACKS.words.top + 11, 90, this.ink.bad);
  }

  private tick(x: number, top: number, height: number): void {
    this.pen.fillStyle = this.ink.line;
    this.pen.fillRect(x - 0.5, top, 1, height);
  }

  /** A text that keeps to its room: cut with an ellipsis, or left out where nothing of it fits. */
  private text(text: string, x: number, y: number, room: number, colour: string): void {
    const { pen } = this;
    pen.font = FONT;
    pen.textBaseline = "middle";
    pen.fillStyle = colour;
    let shown = text;
    while (shown && widthOf(pen, shown === text ? shown : `${shown}…`) > room) shown = shown.slice(0, -1);
    if (shown) pen.fillText(shown === text ? shown : `${shown}…`, x, y);
  }
}
