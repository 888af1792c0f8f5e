/** How fast the page draws and what its script costs. */

const WINDOW_MS = 1000;

export class Pace {
  fps = 0;
  drawMs = 0;
  frames = 0;
  private since = 0;
  private count = 0;
  private cost = 0;

  /** A frame was drawn at `pageMs` and took `scriptMs` of script. */
  add(pageMs: number, scriptMs: number): void {
    this.frames += 1;
    this.count += 1;
    this.cost += scriptMs;
    const elapsed = pageMs - this.since;
    if (elapsed < WINDOW_MS) return;
    this.fps = elapsed < 4 * WINDOW_MS ? (this.count * 1000) / elapsed : 0;
    this.drawMs = this.cost / this.count;
    this.since = pageMs;
    this.count = 0;
    this.cost = 0;
  }
}
