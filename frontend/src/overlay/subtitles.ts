/** Subtitles: words appear as they are heard, the one being said is marked. */

import type { Caption, CaptionWord } from "../shared/protocol.js";
import type { Utterance } from "./utterance.js";
import { wordsOf } from "./utterance.js";

/** How long the last words stand when nothing follows (milliseconds). */
const LINGER_MS = 1600;
const CUT_LINGER_MS = 1200;
/** A line too long for the page is drawn smaller, down to this share; then it is broken. */
const SMALLEST = 0.55;
/** A caption stands this long into a silence before it goes (seconds). */
const HOLD = 1.5;

/** What is on the screen now, for tests and the trace. */
export interface Shown {
  readonly text: string;
  readonly words: number;
  readonly current: string;
}

export class Subtitles {
  readonly element = document.createElement("div");
  private readonly speaker = document.createElement("div");
  private readonly block = document.createElement("div");
  private caption: Caption | null = null;
  private words: readonly CaptionWord[] = [];
  private spans: HTMLSpanElement[] = [];
  private spoken = 0;
  private current = -1;
  private overMs = 0;
  private visible = false;

  constructor() {
    this.element.className = "subtitles";
    this.element.setAttribute("aria-live", "off");
    this.speaker.className = "speaker";
    this.block.className = "caption";
    this.element.append(this.speaker, this.block);
  }

  /** The name over the words; "" shows none. */
  name(speaker: string): void {
    this.speaker.textContent = speaker;
    this.speaker.hidden = speaker === "";
  }

  /** Draw what is heard at `time` seconds of the utterance. */
  draw(utterance: Utterance | null, time: number, pageMs: number): void {
    const heard = utterance?.heard ?? null;
    this.overMs = heard === null ? pageMs : this.overMs;
    const until = heard === null ? time : Math.min(time, heard);
    const index = utterance ? utterance.captionAt(until) : -1;
    const caption = utterance?.captions[index] ?? null;
    if (!utterance || !caption || !this.due(utterance, caption, time, pageMs)) {
      this.show(false);
      return;
    }
    if (caption !== this.caption) this.write(caption);
    this.element.classList.toggle("cut", heard !== null && !utterance.complete);
    this.mark(until, heard !== null);
    this.show(this.spoken > 0);
  }

  /** Draw the caption as large as its theme says, or smaller where the page is too narrow for its longest line. */
  fit(): void {
    const { block } = this;
    block.classList.remove("wrapped");
    block.style.setProperty("--fit", "1");
    const style = getComputedStyle(this.element);
    const room = this.element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const share = block.offsetWidth > 0 && room > 0 ? Math.min(room / block.offsetWidth, 1) : 1;
    if (share === 1) return;
    block.classList.toggle("wrapped", share < SMALLEST);
    block.style.setProperty("--fit", Math.max(0.99 * share, SMALLEST).toFixed(3));
  }

  /** The words on the screen. */
  get shown(): Shown {
    const text = this.visible ? this.spans.slice(0, this.spoken).map((span) => span.textContent).join("") : "";
    return { text, words: this.visible ? this.spoken : 0, current: this.spans[this.current]?.textContent ?? "" };
  }

  private due(utterance: Utterance, caption: Caption, time: number, pageMs: number): boolean {
    if (utterance.heard !== null) return pageMs - this.overMs < (utterance.complete ? LINGER_MS : CUT_LINGER_MS);
    return time < caption.end + HOLD;
  }

  private show(visible: boolean): void {
    if (visible === this.visible) return;
    this.visible = visible;
    this.element.classList.toggle("visible", visible);
  }

  /** Put a caption's words on the page. The same words with other times keep what stands. */
  private write(caption: Caption): void {
    const known = this.words;
    const words = wordsOf(caption);
    const begins = this.caption?.at !== caption.at;
    this.caption = caption;
    this.words = words;
    const kept = begins ? 0 : words.findIndex((word, index) => word.text !== known[index]?.text);
    const lines = caption.lines.length === this.block.childElementCount;
    if (kept < 0 && lines && known.length === words.length) return;
    // A caption that only grew keeps its words lit: no fade begins anew.
    this.spans = [];
    this.block.replaceChildren(...caption.lines.map((line) => this.line(line.map((word) => word.text))));
    const lit = kept < 0 ? words.length : kept;
    this.spoken = Math.min(this.spoken, lit);
    this.current = -1;
    for (const span of this.spans.slice(0, this.spoken)) span.classList.add("spoken", "still");
    this.begin();
    this.block.classList.toggle("fresh", begins);
    this.fit();
  }

  /** Tell the lines that have a word on the screen. */
  private begin(): void {
    let first = 0;
    [...this.block.children].forEach((line, index) => {
      line.classList.toggle("begun", index === 0 || first < this.spoken);
      first += this.caption?.lines[index]?.length ?? 0;
    });
  }

  private line(texts: readonly string[]): HTMLDivElement {
    const line = document.createElement("div");
    line.className = "line";
    line.dir = "auto";
    const inner = document.createElement("span");
    inner.className = "words";
    for (const text of texts) {
      const span = document.createElement("span");
      span.className = "word";
      span.textContent = text;
      this.spans.push(span);
      inner.append(span);
    }
    line.append(inner);
    return line;
  }

  private mark(time: number, over: boolean): void {
    const { words } = this;
    let spoken = 0;
    while (spoken < words.length && (words[spoken]?.at ?? Infinity) <= time) spoken += 1;
    if (over && spoken > 0 && (words[spoken - 1]?.at ?? 0) >= time) spoken -= 1;
    const last = words[spoken - 1];
    const current = !over && last && time < last.end + 0.05 ? spoken - 1 : -1;
    if (spoken !== this.spoken) this.light(spoken);
    if (current !== this.current) {
      this.spans[this.current]?.classList.remove("current");
      this.spans[current]?.classList.add("current");
      this.current = current;
    }
  }

  private light(spoken: number): void {
    for (let index = Math.min(spoken, this.spoken); index < Math.max(spoken, this.spoken); index += 1) {
      this.spans[index]?.classList.toggle("spoken", index < spoken);
    }
    this.spoken = spoken;
    this.begin();
  }
}
