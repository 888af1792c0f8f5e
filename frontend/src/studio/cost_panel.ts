/** What the last utterance and the session took: tokens, characters, seconds, money. */

import { found, make } from "./dom.js";
import type { Spent } from "./state.js";

const ROWS: readonly (readonly [string, (spent: Spent) => string])[] = [
  ["utterances", (spent) => String(spent.utterances)],
  ["tokens asked", (spent) => String(spent.prompt_tokens)],
  ["tokens answered", (spent) => String(spent.completion_tokens)],
  ["characters spoken", (spent) => String(spent.characters)],
  ["sound", (spent) => `${spent.audio.toFixed(1)} s`],
  ["computing", (spent) => `${spent.cpu.toFixed(2)} s`],
  ["money", (spent) => spent.money.toFixed(6)],
  ["money for 1,000 characters", (spent) => (spent.characters > 0 ? ((spent.money / spent.characters) * 1000).toFixed(6) : "–")],
];

export class CostPanel {
  private readonly rows = found("cost-rows", HTMLElement);
  private shown = "";

  /** Show what the state tells. */
  show(last: Spent, session: Spent): void {
    const told = JSON.stringify([last, session]);
    if (told === this.shown) return;
    this.shown = told;
    this.rows.replaceChildren(
      ...ROWS.map(([label, words]) =>
        make("tr", {}, make("th", { scope: "row" }, label), make("td", {}, words(last)), make("td", {}, words(session))),
      ),
    );
  }
}
