/** What a text will say and do, as the bridge reads it, while one types. */

import { Refused, inWords } from "./api.js";
import type { Api } from "./api.js";
import { make, setText } from "./dom.js";

interface ParsedCue {
  readonly name: string;
  readonly at: number;
  readonly args: Readonly<Record<string, unknown>>;
  readonly source: string;
  readonly end?: number | null;
}

interface Remark {
  readonly message: string;
  readonly offset: number | null;
  readonly suggestion: string | null;
}

interface Parsed {
  readonly speech: string;
  readonly cues: readonly ParsedCue[];
  readonly diagnostics: readonly Remark[];
}

const WAIT_MS = 150;

export class ParsePreview {
  private timer = 0;
  private asked: AbortController | null = null;

  constructor(
    private readonly api: Api,
    private readonly box: HTMLTextAreaElement,
    private readonly mirror: HTMLElement,
    private readonly speech: HTMLElement,
    private readonly remarks: HTMLElement,
  ) {
    box.addEventListener("input", () => this.later());
    box.addEventListener("scroll", () => this.align());
    new ResizeObserver(() => this.align()).observe(box);
    this.later();
  }

  /** Ask anew: the text or the map has changed. */
  later(): void {
    this.underline([]);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), WAIT_MS);
  }

  private async ask(): Promise<void> {
    this.asked?.abort();
    const text = this.box.value;
    if (!text.trim()) {
      this.speech.replaceChildren(make("span", { class: "soft" }, "What is spoken, and on which word each action falls, shows here."));
      this.remarks.replaceChildren();
      return;
    }
    const asked = (this.asked = new AbortController());
    try {
      const parsed = await this.api.post<Parsed>("/v1/parse", { text }, asked.signal);
      if (this.asked === asked && this.box.value === text) this.show(parsed);
    } catch (error) {
      if (error instanceof Refused) setText(this.speech, inWords(error));
      else if (!asked.signal.aborted) throw error;
    }
  }

  private show(parsed: Parsed): void {
    this.speech.replaceChildren(...withChips([...parsed.speech], parsed.cues));
    this.remarks.replaceChildren(
      ...parsed.diagnostics.map((remark) => {
        const line = make("li", {}, remark.message);
        if (remark.suggestion) line.append(" – did you mean ", make("b", {}, remark.suggestion), "?");
        return line;
      }),
    );
    this.underline(parsed.diagnostics.flatMap((remark) => (remark.offset === null ? [] : [remark.offset])));
  }

  /** Draw the text again behind the box, unseen but for the lines under what is wrong. */
  private underline(offsets: readonly number[]): void {
    const text = [...this.box.value];
    const parts: Node[] = [];
    let done = 0;
    for (const offset of [...new Set(offsets)].sort((one, other) => one - other)) {
      const end = offset + faultLength(text.slice(offset, offset + 200).join(""));
      if (offset < done || end <= offset) continue;
      parts.push(document.createTextNode(text.slice(done, offset).join("")), make("u", {}, text.slice(offset, end).join("")));
      done = end;
    }
    this.mirror.replaceChildren(...parts, document.createTextNode(`${text.slice(done).join("")}\n`));
    this.align();
  }

  private align(): void {
    this.mirror.style.width = `${this.box.clientWidth}px`;
    this.mirror.scrollTop = this.box.scrollTop;
  }
}

/** How many code points a fault takes: its tag, or its word. */
function faultLength(rest: string): number {
  const part = /^\[[^\]\n]*\]?|^<[^>\n]*>?|^\*[^*\n]*\*?|^\S+/.exec(rest)?.[0] ?? "";
  return [...part].length;
}

function withChips(speech: readonly string[], cues: readonly ParsedCue[]): Node[] {
  const parts: Node[] = [];
  let done = 0;
  for (const cue of [...cues].sort((one, other) => one.at - other.at)) {
    if (cue.at > done) parts.push(document.createTextNode(speech.slice(done, cue.at).join("")));
    done = Math.max(done, cue.at);
    const values = Object.entries(cue.args).map(([key, value]) => `${key} ${String(value)}`);
    const until = cue.end === undefined || cue.end === null ? "" : `, until “${speech.slice(cue.at, cue.end).join("").trim().split(" ").pop() ?? ""}”`;
    const title = `${cue.source}${values.length ? `: ${values.join(", ")}` : ""}${until}`;
    const name = cue.name === "pause" ? `pause ${String(cue.args["duration"] ?? "")} s` : cue.name;
    parts.push(make("span", { class: cue.name === "pause" ? "chip pause" : "chip", title }, name), document.createTextNode("\u200b"));
  }
  parts.push(document.createTextNode(speech.slice(done).join("")));
  return parts;
}
