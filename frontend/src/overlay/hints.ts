/** Short words on the page itself, for whoever sets it up; nothing of the show. */

export class Hints {
  readonly element = document.createElement("div");
  private readonly lines = new Map<string, { element: HTMLElement; timer: number }>();

  constructor() {
    this.element.className = "hints";
    this.element.setAttribute("role", "status");
  }

  /** Show `text` under the name `key`, for `seconds` or until it is hidden. */
  show(key: string, text: string, seconds?: number): void {
    const known = this.lines.get(key);
    const element = known?.element ?? document.createElement("p");
    clearTimeout(known?.timer);
    element.className = "hint";
    element.textContent = text;
    if (!known) this.element.append(element);
    const timer = seconds === undefined ? 0 : window.setTimeout(() => this.hide(key), seconds * 1000);
    this.lines.set(key, { element, timer });
  }

  hide(key: string): void {
    const known = this.lines.get(key);
    if (!known) return;
    clearTimeout(known.timer);
    known.element.remove();
    this.lines.delete(key);
  }
}
