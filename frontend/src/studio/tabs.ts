/** Tabs as the ARIA practices have them: one tab stop, arrows move and choose. */

export class Tabs {
  private readonly tabs: HTMLElement[];

  constructor(
    list: HTMLElement,
    private readonly chosen: (id: string) => void = () => undefined,
  ) {
    this.tabs = Array.from(list.querySelectorAll<HTMLElement>("[role=tab]"));
    for (const tab of this.tabs) tab.addEventListener("click", () => this.choose(tab));
    list.addEventListener("keydown", (event) => this.key(event));
    const first = this.tabs.find((tab) => tab.getAttribute("aria-selected") === "true") ?? this.tabs[0];
    if (first) this.choose(first);
  }

  /** Show the tab with this id. */
  open(id: string): void {
    const tab = this.tabs.find((each) => each.id === id);
    if (tab) this.choose(tab);
  }

  private choose(tab: HTMLElement): void {
    for (const each of this.tabs) {
      const selected = each === tab;
      each.setAttribute("aria-selected", String(selected));
      each.tabIndex = selected ? 0 : -1;
      const panel = document.getElementById(each.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !selected;
    }
    this.chosen(tab.id);
  }

  private key(event: KeyboardEvent): void {
    const here = this.tabs.findIndex((tab) => tab === document.activeElement);
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = this.tabs[(here + step + this.tabs.length) % this.tabs.length];
    if (here < 0 || !step || !next) return;
    event.preventDefault();
    this.choose(next);
    next.focus();
  }
}
