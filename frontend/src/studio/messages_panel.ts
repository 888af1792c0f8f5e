/** What went otherwise than asked, newest first, with what to do. */

import { found, make, setText } from "./dom.js";
import { remedyWords } from "./state.js";
import type { Note } from "./state.js";

const MOST = 200;

interface Entry {
  readonly message: string;
  readonly suggestion: string;
  readonly level: string;
  count: number;
  last: Date;
}

export class MessagesPanel {
  private readonly list = found("messages", HTMLElement);
  private readonly badge = found("messages-count", HTMLElement);
  private readonly empty = found("no-messages", HTMLElement);
  private entries: Entry[] = [];

  constructor() {
    found("clear-messages", HTMLButtonElement).addEventListener("click", () => {
      this.entries = [];
      this.draw();
    });
    this.draw();
  }

  /** Add a message; one that is there already is counted and comes first. */
  add(note: Note, level = "warning"): void {
    const suggestion = note.suggestion ?? "";
    const known = this.entries.find((each) => each.message === note.message && each.suggestion === suggestion);
    const entry = known ?? { message: note.message, suggestion, level, count: 0, last: new Date() };
    entry.count += 1;
    entry.last = new Date();
    this.entries = [entry, ...this.entries.filter((each) => each !== entry)].slice(0, MOST);
    this.draw();
  }

  /** Add what the state tells and nobody told before; a message that was cleared does not come back by itself. */
  private readonly seen = new Set<string>();
  addUnseen(notes: readonly Note[]): void {
    for (const note of notes) {
      const key = `${note.message}\n${note.suggestion ?? ""}`;
      if (this.seen.has(key) || this.entries.some((each) => each.message === note.message)) continue;
      this.seen.add(key);
      this.add(note);
    }
  }

  private draw(): void {
    this.empty.hidden = this.entries.length > 0;
    const warnings = this.entries.filter((entry) => entry.level !== "info").length;
    setText(this.badge, this.entries.length ? String(this.entries.length) : "");
    this.badge.dataset.tone = warnings ? "busy" : "good";
    this.list.replaceChildren(
      ...this.entries.map((entry) => {
        const time = make("time", { class: "soft" }, entry.last.toLocaleTimeString());
        const times = entry.count > 1 ? ` ×${entry.count}` : "";
        const head = make("p", {}, entry.message, make("b", { class: "soft" }, times));
        const item = make("li", { class: "card", "data-level": entry.level }, head, time);
        if (entry.suggestion) head.after(make("p", { class: "remedy" }, remedyWords(entry.suggestion)));
        return item;
      }),
    );
  }
}
