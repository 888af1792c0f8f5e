/** The last texts that were performed, kept in this browser. */

const KEY = "avatar-bridge.history";
const MOST = 50;

export class PerformedTexts {
  private readonly texts: string[];
  private at = -1;

  constructor(private readonly storage: Storage = localStorage) {
    this.texts = read(storage);
  }

  add(text: string): void {
    const before = this.texts.indexOf(text);
    if (before >= 0) this.texts.splice(before, 1);
    this.texts.unshift(text);
    this.texts.length = Math.min(this.texts.length, MOST);
    this.at = 0;
    this.storage.setItem(KEY, JSON.stringify(this.texts));
  }

  /** The next older (1) or newer (-1) text than the one in the box; null at the oldest, "" past the newest. */
  step(direction: 1 | -1, text: string): string | null {
    const next = (text === "" ? -1 : this.at) + direction;
    if (next >= this.texts.length || next < -1) return null;
    this.at = next;
    return next < 0 ? "" : (this.texts[next] ?? null);
  }

  /** Whether `text` is what the last step gave: an arrow then goes on, it does not move the caret. */
  shows(text: string): boolean {
    return text === "" || (this.at >= 0 && this.texts[this.at] === text);
  }
}

function read(storage: Storage): string[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((text): text is string => typeof text === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}
