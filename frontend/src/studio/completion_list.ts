/** The list of actions that opens while a tag is typed. */

import { openTag, suggestions } from "./completion.js";
import { make } from "./dom.js";
import type { ActionInfo } from "./state.js";

export class CompletionList {
  private shown: readonly ActionInfo[] = [];
  private active = 0;
  private dismissed = -1;

  constructor(
    private readonly box: HTMLTextAreaElement,
    private readonly list: HTMLElement,
    private readonly actions: () => readonly ActionInfo[],
  ) {
    box.addEventListener("input", () => this.update());
    box.addEventListener("click", () => this.update());
    box.addEventListener("blur", () => this.close());
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target instanceof Element ? event.target.closest<HTMLElement>("[role=option]") : null;
      if (option) this.take(Number(option.dataset.index));
    });
  }

  get open(): boolean {
    return !this.list.hidden;
  }

  /** Deal with a key before the box does; true where it was the list's. */
  key(event: KeyboardEvent): boolean {
    if (!this.open || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
    if (event.key === "Escape") {
      this.dismissed = openTag(this.box.value, this.box.selectionStart)?.from ?? -1;
      this.close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) {
      this.take(this.active);
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  }

  close(): void {
    this.list.hidden = true;
    this.box.removeAttribute("aria-activedescendant");
  }

  private update(): void {
    const { box } = this;
    const tag = box.selectionStart === box.selectionEnd ? openTag(box.value, box.selectionStart) : null;
    if (tag?.from !== this.dismissed) this.dismissed = -1;
    this.shown = tag && this.dismissed < 0 ? suggestions(tag.typed, this.actions()) : [];
    if (this.shown.length === 0) {
      this.close();
      return;
    }
    this.active = 0;
    this.list.hidden = false;
    this.draw();
  }

  private draw(): void {
    this.list.replaceChildren(
      ...this.shown.map((action, index) => {
        const name = make("span", { class: "name" }, action.name);
        const meaning = make("span", { class: "meaning" }, action.meaning);
        const attributes = { role: "option", id: `completion-${index}`, "data-index": index };
        return make("li", { ...attributes, "aria-selected": String(index === this.active) }, name, meaning);
      }),
    );
    this.box.setAttribute("aria-activedescendant", `completion-${this.active}`);
    this.list.children[this.active]?.scrollIntoView({ block: "nearest" });
  }

  private move(step: number): void {
    this.active = (this.active + step + this.shown.length) % this.shown.length;
    this.draw();
  }

  private take(index: number): void {
    const { box } = this;
    const tag = openTag(box.value, box.selectionStart);
    const action = this.shown[index];
    if (!tag || !action) return;
    const rest = /^[\p{L}\p{N}_-]*\]?/u.exec(box.value.slice(box.selectionStart))?.[0].length ?? 0;
    box.setRangeText(`${action.name}]`, tag.from, box.selectionStart + rest, "end");
    this.close();
    box.dispatchEvent(new Event("input", { bubbles: true }));
    this.close();
    box.focus();
  }
}
