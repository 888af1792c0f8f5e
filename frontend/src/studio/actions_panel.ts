/** Every action as a button to try at once, grouped by kind. */

import { inWords } from "./api.js";
import type { Api } from "./api.js";
import { suggestions } from "./completion.js";
import { found, make, setText } from "./dom.js";
import type { ActionInfo } from "./state.js";

const KINDS: readonly (readonly [string, string])[] = [
  ["gesture", "Gestures"],
  ["expression", "Expressions"],
  ["prop", "Props"],
  ["scene", "Scenes"],
];

export class ActionsPanel {
  private readonly list = found("actions", HTMLElement);
  private readonly filter = found("actions-filter", HTMLInputElement);
  private readonly strength = found("strength", HTMLInputElement);
  private readonly hold = found("hold", HTMLSelectElement);
  private readonly said = found("actions-said", HTMLElement);
  private actions: readonly ActionInfo[] = [];

  constructor(private readonly api: Api) {
    this.filter.addEventListener("input", () => this.draw());
    this.filter.addEventListener("keydown", (event) => {
      const first = this.list.querySelector("button");
      if (event.key === "Enter" && first) first.click();
      else if (event.key === "ArrowDown" && first) first.focus();
      else if (event.key === "Escape" && this.filter.value) {
        this.filter.value = "";
        this.draw();
        event.stopPropagation();
      } else return;
      event.preventDefault();
    });
    this.strength.addEventListener("input", () => this.label());
    this.list.addEventListener("keydown", (event) => this.walk(event));
    this.label();
  }

  get all(): readonly ActionInfo[] {
    return this.actions;
  }

  /** Read the map's actions. */
  async load(): Promise<void> {
    this.actions = await this.api.get<readonly ActionInfo[]>("/v1/actions");
    this.draw();
  }

  focus(): void {
    this.filter.focus();
  }

  private label(): void {
    setText(found("strength-value", HTMLElement), Number(this.strength.value).toFixed(1));
  }

  private draw(): void {
    const wanted = this.filter.value.trim();
    const fitting = wanted ? suggestions(wanted, this.actions, this.actions.length) : this.actions;
    const groups = KINDS.map(([kind, title]) => ({ title, members: fitting.filter((action) => action.kind === kind) }));
    this.list.replaceChildren(
      ...groups.filter((group) => group.members.length > 0).flatMap((group) => [
        make("h3", {}, `${group.title} `, make("span", { class: "count" }, String(group.members.length))),
        make("div", { class: "action-grid", role: "group", "aria-label": group.title }, ...group.members.map((each) => this.button(each))),
      ]),
    );
    const first = this.list.querySelector("button");
    if (first) first.tabIndex = 0;
    else this.list.append(make("p", { class: "soft" }, this.actions.length ? `No action is called “${wanted}”.` : "Actions are being read …"));
  }

  private button(action: ActionInfo): HTMLButtonElement {
    const also = action.aliases.length ? `\nalso: ${action.aliases.join(", ")}` : "";
    const button = make(
      "button",
      { type: "button", class: "action", tabindex: -1, title: `[${action.name}] ${action.meaning}${also}` },
      make("span", { class: "name" }, action.name),
      make("span", { class: "meaning" }, action.meaning),
    );
    button.addEventListener("click", () => void this.act(action, button));
    return button;
  }

  private async act(action: ActionInfo, button: HTMLButtonElement): Promise<void> {
    const duration = this.hold.value === "own" ? null : Number(this.hold.value);
    try {
      await this.api.post("/v1/act", { name: action.name, strength: Number(this.strength.value), duration });
      button.classList.add("tried");
      setTimeout(() => button.classList.remove("tried"), 400);
      this.said.dataset.tone = "good";
      setText(this.said, `Trying ${action.name}.`);
    } catch (error) {
      this.said.dataset.tone = "bad";
      setText(this.said, inWords(error));
    }
  }

  /** One tab stop for all; arrows go from button to button. */
  private walk(event: KeyboardEvent): void {
    const buttons = Array.from(this.list.querySelectorAll("button"));
    const here = buttons.findIndex((button) => button === document.activeElement);
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 2, ArrowUp: -2, Home: -here, End: buttons.length - 1 - here };
    const step = steps[event.key];
    if (here < 0 || step === undefined) return;
    event.preventDefault();
    const next = buttons[Math.min(Math.max(here + step, 0), buttons.length - 1)];
    for (const button of buttons) button.tabIndex = -1;
    if (next) {
      next.tabIndex = 0;
      next.focus();
    }
  }
}
