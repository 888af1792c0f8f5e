/** Dark or light: as the system asks, until the user chooses. */

const KEY = "avatar-bridge.theme";

export type Theme = "dark" | "light";

export class ThemeSwitch {
  private readonly system = matchMedia("(prefers-color-scheme: dark)");

  constructor(
    private readonly button: HTMLButtonElement,
    private readonly changed: () => void,
  ) {
    this.system.addEventListener("change", () => this.show());
    button.addEventListener("click", () => {
      localStorage.setItem(KEY, this.current === "dark" ? "light" : "dark");
      this.show();
    });
    this.show();
  }

  get current(): Theme {
    const chosen = localStorage.getItem(KEY);
    if (chosen === "dark" || chosen === "light") return chosen;
    return this.system.matches ? "dark" : "light";
  }

  private show(): void {
    const theme = this.current;
    document.documentElement.dataset.theme = theme;
    const other = theme === "dark" ? "Light" : "Dark";
    this.button.textContent = other;
    this.button.setAttribute("aria-label", `${other} colours`);
    this.changed();
  }
}
