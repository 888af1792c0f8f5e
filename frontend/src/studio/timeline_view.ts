/** The timeline scrolling past a playhead that stands at a third of its width; can be held and scrolled back. */

import { found, setText } from "./dom.js";
import { captionAt, endOf } from "./performances.js";
import type { Performances, Performed } from "./performances.js";
import { tipLines } from "./timeline_tip.js";
import { GUTTER, HEIGHT, readInk, TRACKS } from "./timeline_ink.js";
import type { Ink, Track } from "./timeline_ink.js";
import { FONT, TrackPainter } from "./timeline_tracks.js";

const SCALES = [40, 60, 90, 130, 190, 280, 400];
const STEP_S = 1;

export class TimelineView {
  private readonly canvas = found("timeline", HTMLCanvasElement);
  private readonly tip = found("timeline-tip", HTMLElement);
  private readonly caption = found("timeline-caption", HTMLElement);
  private readonly follow = found("timeline-follow", HTMLButtonElement);
  private readonly pen: CanvasRenderingContext2D;
  private ink: Ink = readInk();
  private zoom = 4;
  /** Where the user holds the view on the axis; null follows the playhead. */
  private held: number | null = null;
  private width = 0;
  private dirty = true;
  private shown = -1;
  private pointer: { readonly x: number; readonly y: number } | null = null;
  private drag: { readonly x: number; readonly at: number } | null = null;

  constructor(
    private readonly performances: Performances,
    private readonly now: () => number,
  ) {
    const pen = this.canvas.getContext("2d");
    if (!pen) throw new Error("this browser draws no canvas");
    this.pen = pen;
    new ResizeObserver(() => this.fit()).observe(this.canvas);
    this.listen();
    this.fit();
    requestAnimationFrame(() => this.frame());
  }

  /** Something new is to be drawn. */
  touch(): void {
    this.dirty = true;
  }

  /** The theme has changed. */
  repaint(): void {
    this.ink = readInk();
    this.dirty = true;
  }

  /** Where the view stands on the axis of all performances, in seconds; for tests and the screen reader. */
  get position(): number {
    return this.held ?? this.shown;
  }

  get following(): boolean {
    return this.held === null;
  }

  private get scale(): number {
    return SCALES[this.zoom] ?? 190;
  }

  private get anchor(): number {
    return GUTTER + (this.width - GUTTER) / 3;
  }

  private fit(): void {
    const ratio = devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(HEIGHT * ratio);
    this.dirty = true;
  }

  private frame(): void {
    const playhead = this.performances.playhead(this.now());
    if (this.dirty || playhead !== this.shown) {
      this.shown = playhead;
      this.dirty = false;
      this.draw(this.held ?? playhead, playhead);
      this.tell();
      if (this.pointer && !this.drag) this.explain();
    }
    requestAnimationFrame(() => this.frame());
  }

  private draw(at: number, playhead: number): void {
    const { pen } = this;
    const ratio = devicePixelRatio || 1;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = this.ink.surface;
    pen.fillRect(0, 0, this.width, HEIGHT);
    const zero = this.anchor - at * this.scale;
    const painter = new TrackPainter(pen, this.ink);
    for (const one of this.performances.list) {
      const left = zero + one.origin * this.scale;
      if (left > this.width || left + (endOf(one) + 2) * this.scale < GUTTER) continue;
      this.ruler(one, left);
      painter.utterance(one, { left, scale: this.scale, from: GUTTER, to: this.width });
    }
    this.names();
    if (this.performances.list.length === 0) this.hint();
    this.head(zero + playhead * this.scale);
  }

  private ruler(one: Performed, left: number): void {
    const { pen } = this;
    pen.font = FONT.replace("12px", "11px");
    pen.textBaseline = "middle";
    const step = this.scale < 80 ? 2 : 1;
    for (let second = 0; second <= Math.ceil(endOf(one)); second += step) {
      const x = left + second * this.scale;
      if (x < GUTTER || x > this.width) continue;
      pen.fillStyle = this.ink.line;
      pen.fillRect(x - 0.5, 0, 1, second === 0 ? HEIGHT : TRACKS.ruler.height);
      pen.fillStyle = this.ink.soft;
      pen.fillText(second === 0 ? `#${one.number}` : `${second} s`, x + 4, TRACKS.ruler.height / 2);
    }
  }

  private hint(): void {
    this.pen.font = FONT;
    this.pen.fillStyle = this.ink.soft;
    this.pen.fillText("What is performed scrolls past here, its words and actions ahead of the line.", this.anchor + 16, TRACKS.waveform.top + 17);
  }

  private names(): void {
    const { pen } = this;
    pen.fillStyle = this.ink.surface;
    pen.fillRect(0, 0, GUTTER, HEIGHT);
    pen.font = FONT.replace("12px", "11px");
    pen.textBaseline = "middle";
    for (const track of Object.values<Track>(TRACKS)) {
      pen.fillStyle = this.ink.soft;
      pen.fillText(track.name, 4, track.name === "cues" ? track.top + 9 : track.top + track.height / 2);
      if (track.name && track.name !== "shapes") {
        pen.fillStyle = this.ink.line;
        pen.fillRect(0, track.top - 1.5, this.width, 1);
      }
    }
  }

  private head(x: number): void {
    if (x < GUTTER || x > this.width) return;
    this.pen.fillStyle = this.ink.accent;
    this.pen.fillRect(x - 1, 0, 2, HEIGHT);
    this.pen.beginPath();
    this.pen.moveTo(x - 5, 0);
    this.pen.lineTo(x + 5, 0);
    this.pen.lineTo(x, 7);
    this.pen.closePath();
    this.pen.fill();
  }

  /** The caption of this moment as text. */
  private tell(): void {
    const one = this.at(this.held ?? this.shown);
    const caption = one ? captionAt(one.performed, one.at) : undefined;
    setText(this.caption, caption ? caption.lines.map((line) => line.map((word) => word.text).join("")).join(" / ") : "");
    this.follow.hidden = this.held === null;
  }

  /** The utterance at a moment of the axis, with the moment in its own time. */
  private at(axis: number): { readonly performed: Performed; readonly at: number } | null {
    for (const performed of [...this.performances.list].reverse()) {
      if (axis >= performed.origin - 0.3) return { performed, at: axis - performed.origin };
    }
    return null;
  }

  private explain(): void {
    const { pointer } = this;
    const axis = pointer ? (this.held ?? this.shown) + (pointer.x - this.anchor) / this.scale : 0;
    const one = pointer && pointer.x > GUTTER ? this.at(axis) : null;
    const lines = one && pointer ? tipLines(one.performed, one.at, pointer.y, this.scale) : [];
    this.tip.hidden = lines.length === 0;
    if (!pointer || lines.length === 0) return;
    this.tip.replaceChildren(...lines.map((line) => Object.assign(document.createElement("div"), { textContent: line })));
    const left = Math.min(pointer.x + 12, this.width - this.tip.offsetWidth - 4);
    this.tip.style.transform = `translate(${left}px, ${Math.min(pointer.y + 16, HEIGHT - this.tip.offsetHeight + 24)}px)`;
  }

  private hold(at: number | null): void {
    const first = this.performances.list[0]?.origin ?? 0;
    this.held = at === null || at >= this.shown ? null : Math.max(at, first);
    this.dirty = true;
  }

  private listen(): void {
    const { canvas } = this;
    this.follow.addEventListener("click", () => {
      this.hold(null);
      canvas.focus();
    });
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.drag = { x: event.offsetX, at: this.held ?? this.shown };
    });
    canvas.addEventListener("pointermove", (event) => {
      this.pointer = { x: event.offsetX, y: event.offsetY };
      if (this.drag && Math.abs(event.offsetX - this.drag.x) > 3) {
        this.hold(this.drag.at - (event.offsetX - this.drag.x) / this.scale);
      } else {
        this.explain();
      }
    });
    canvas.addEventListener("pointerup", () => (this.drag = null));
    canvas.addEventListener("pointerleave", () => {
      this.pointer = null;
      this.tip.hidden = true;
    });
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  private wheel(event: WheelEvent): void {
    if (event.ctrlKey) {
      event.preventDefault();
      this.magnify(event.deltaY < 0 ? 1 : -1);
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
      event.preventDefault();
      this.hold((this.held ?? this.shown) + (event.deltaX || event.deltaY) / this.scale);
    }
  }

  private key(event: KeyboardEvent): void {
    const here = this.held ?? this.shown;
    const moves: Record<string, () => void> = {
      ArrowLeft: () => this.hold(here - (event.shiftKey ? 5 : STEP_S)),
      ArrowRight: () => this.hold(here + (event.shiftKey ? 5 : STEP_S)),
      Home: () => this.hold(this.performances.list[0]?.origin ?? 0),
      End: () => this.hold(null),
      PageUp: () => this.hold(this.neighbour(here, -1)),
      PageDown: () => this.hold(this.neighbour(here, 1)),
      " ": () => this.hold(this.held === null ? Math.max(this.shown - 0.001, 0) : null),
      "+": () => this.magnify(1),
      "=": () => this.magnify(1),
      "-": () => this.magnify(-1),
    };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move();
  }

  /** Where the utterance before or after this moment begins. */
  private neighbour(here: number, side: number): number | null {
    const origins = this.performances.list.map((one) => one.origin);
    if (side < 0) return [...origins].reverse().find((origin) => origin < here - 0.05) ?? origins[0] ?? null;
    return origins.find((origin) => origin > here + 0.05) ?? null;
  }

  private magnify(step: number): void {
    this.zoom = Math.min(Math.max(this.zoom + step, 0), SCALES.length - 1);
    this.dirty = true;
  }
}
