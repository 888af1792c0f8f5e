/** The box to perform text with, and the button that stops everything. */

import { inWords } from "./api.js";
import type { Api } from "./api.js";
import { CompletionList } from "./completion_list.js";
import { found, setText } from "./dom.js";
import { PerformedTexts } from "./history.js";
import { ParsePreview } from "./parse_preview.js";
import type { ActionInfo } from "./state.js";

interface Heard {
  readonly heard: string;
  readonly shown: string;
  readonly at: number;
}

export class PerformPanel {
  private readonly box = found("script", HTMLTextAreaElement);
  private readonly outcome = found("outcome", HTMLElement);
  private readonly preview: ParsePreview;
  private readonly completion: CompletionList;
  private readonly texts = new PerformedTexts();

  constructor(
    private readonly api: Api,
    actions: () => readonly ActionInfo[],
  ) {
    this.completion = new CompletionList(this.box, found("completion", HTMLElement), actions);
    const mirror = found("script-mirror", HTMLElement);
    this.preview = new ParsePreview(api, this.box, mirror, found("speech", HTMLElement), found("remarks", HTMLElement));
    this.box.addEventListener("keydown", (event) => this.key(event));
    found("perform", HTMLButtonElement).addEventListener("click", () => void this.perform());
    found("interrupt", HTMLButtonElement).addEventListener("click", () => void this.interrupt());
  }

  get completing(): boolean {
    return this.completion.open;
  }

  focus(): void {
    this.box.focus();
  }

  /** The map has other actions now. */
  refresh(): void {
    this.preview.later();
  }

  async perform(): Promise<void> {
    const text = this.box.value;
    if (!text.trim()) {
      this.say("There is nothing to perform yet: write a text first.", "busy");
      return;
    }
    this.completion.close();
    try {
      const { utterance } = await this.api.post<{ readonly utterance: number }>("/v1/perform", { text, wait: false });
      this.texts.add(text);
      this.say(`Performing utterance ${utterance}.`, "good");
    } catch (error) {
      this.say(inWords(error), "bad");
    }
  }

  async interrupt(): Promise<void> {
    this.completion.close();
    try {
      const { heard, at } = await this.api.post<Heard>("/v1/interrupt");
      if (at <= 0 && !heard) this.say("Nothing is being said.", "busy");
      else this.say(`Stopped at ${at.toFixed(1)} s. Heard: ${heard.trim() ? `“${heard.trim()}”` : "no word yet"}`, "good");
    } catch (error) {
      this.say(inWords(error), "bad");
    }
  }

  private say(text: string, tone: "good" | "busy" | "bad"): void {
    this.outcome.dataset.tone = tone;
    setText(this.outcome, text);
  }

  private key(event: KeyboardEvent): void {
    if (this.completion.key(event)) {
      event.stopPropagation();
      return;
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void this.perform();
    } else if ((event.key === "ArrowUp" || event.key === "ArrowDown") && !event.shiftKey) {
      if (!event.altKey && !this.texts.shows(this.box.value)) return;
      const text = this.texts.step(event.key === "ArrowUp" ? 1 : -1, this.box.value);
      if (text === null) return;
      event.preventDefault();
      this.box.value = text;
      this.box.setSelectionRange(text.length, text.length);
      this.preview.later();
    }
  }
}
