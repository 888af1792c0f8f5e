/** The studio's keys, and the card that lists them. */

import { found, isTyping, make } from "./dom.js";

export interface Shortcut {
  readonly keys: string;
  readonly does: string;
  /** True where it is meant; undefined for a key that its own panel deals with. */
  readonly on?: (event: KeyboardEvent) => boolean;
  readonly act?: () => void;
}

/** Whether a key press is this letter alone, outside of a text field. */
export function plain(event: KeyboardEvent, key: string): boolean {
  return event.key === key && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target);
}

export class Shortcuts {
  private readonly card = found("keys-card", HTMLDialogElement);

  constructor(private readonly shortcuts: readonly Shortcut[]) {
    found("keys-list", HTMLElement).replaceChildren(
      ...shortcuts.flatMap(({ keys, does }) => [make("dt", {}, ...keys.split(" or ").flatMap(keyCaps)), make("dd", {}, does)]),
    );
    found("keys", HTMLButtonElement).addEventListener("click", () => this.show());
    found("keys-close", HTMLButtonElement).addEventListener("click", () => this.card.close());
    addEventListener("keydown", (event) => this.key(event));
  }

  show(): void {
    this.card.showModal();
  }

  private key(event: KeyboardEvent): void {
    if (this.card.open || event.defaultPrevented || event.isComposing) return;
    const shortcut = this.shortcuts.find(({ on }) => on?.(event));
    if (!shortcut?.act) return;
    event.preventDefault();
    shortcut.act();
  }
}

function keyCaps(keys: string, index: number): (Node | string)[] {
  const caps = keys.split("+").map((key) => make("kbd", {}, key));
  return [index ? " or " : "", ...caps];
}
