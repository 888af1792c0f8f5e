/** From text to sound: how long each part took, for the last utterances. */

import { found, make } from "./dom.js";

const MOST = 12;

const PARTS: readonly (readonly [string, string])[] = [
  ["script", "script"],
  ["voice", "voice"],
  ["prepare", "preparing"],
  ["hand_over", "hand-over"],
  ["sound", "sound"],
];

interface Latency {
  readonly utterance: number;
  readonly parts: readonly { readonly key: string; readonly label: string; readonly ms: number }[];
  readonly total: number;
}

export class LatencyPanel {
  private readonly list = found("latency", HTMLElement);
  private readonly empty = found("no-latency", HTMLElement);
  private rows: Latency[] = [];

  constructor() {
    found("latency-legend", HTMLElement).replaceChildren(
      ...PARTS.map(([key, label]) => make("li", {}, make("span", { class: "swatch", "data-part": key }), label)),
    );
  }

  /** Take in a latency message. */
  add(message: Readonly<Record<string, unknown>>): void {
    const latency = read(message);
    if (!latency) return;
    this.rows = [latency, ...this.rows.filter((row) => row.utterance !== latency.utterance)].slice(0, MOST);
    this.draw();
  }

  private draw(): void {
    this.empty.hidden = this.rows.length > 0;
    const longest = Math.max(...this.rows.map((row) => row.total), 1);
    this.list.replaceChildren(...this.rows.map((row) => bar(row, longest)));
  }
}

function read(message: Readonly<Record<string, unknown>>): Latency | null {
  const parts = PARTS.flatMap(([key, label]) => {
    const ms = message[`${key}_ms`] ?? message[key];
    return typeof ms === "number" && Number.isFinite(ms) ? [{ key, label, ms: Math.max(ms, 0) }] : [];
  });
  const sum = parts.reduce((so, part) => so + part.ms, 0);
  const total = message["total_ms"] ?? message["total"];
  const utterance = message["utterance"];
  if (typeof utterance !== "number" || (parts.length === 0 && typeof total !== "number")) return null;
  return { utterance, parts, total: typeof total === "number" ? Math.max(total, sum) : sum };
}

function bar(row: Latency, longest: number): HTMLElement {
  const words = row.parts.map((part) => `${part.label} ${part.ms.toFixed(0)} ms`).join(", ");
  const track = make("div", { class: "bar", role: "img", "aria-label": words, title: words });
  for (const part of row.parts) {
    const piece = make("span", { "data-part": part.key });
    const share = (part.ms / longest) * 100;
    piece.style.width = `${share}%`;
    if (share > 9) piece.textContent = part.ms.toFixed(0);
    track.append(piece);
  }
  const name = make("span", { class: "soft" }, `#${row.utterance}`);
  return make("li", {}, name, track, make("b", {}, `${row.total.toFixed(0)} ms`));
}
