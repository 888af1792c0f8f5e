/** How each target and each page is, in words, with what to do about it. */

import { inWords } from "./api.js";
import type { Api } from "./api.js";
import { found, make, match, setText } from "./dom.js";
import { remedyWords, statusTone, statusWords } from "./state.js";
import type { Note, PageState, ShowState, TargetState } from "./state.js";

const SOUND_WORDS: Readonly<Record<string, string>> = {
  running: "can play sound",
  blocked: "the browser blocks sound until a click on the page",
  off: "sound switched off",
  failed: "sound failed",
};

export class TargetsPanel {
  private readonly targets = found("targets", HTMLElement);
  private readonly pages = found("pages", HTMLElement);
  private readonly glance = found("glance", HTMLElement);
  private readonly said = found("targets-said", HTMLElement);

  constructor(private readonly api: Api) {
    this.copyButton("copy-address", "&layout=both");
  }

  show(state: ShowState): void {
    match(this.targets, state.targets, (each) => each.name, (each) => this.card(each), showTarget);
    found("no-targets", HTMLElement).hidden = state.targets.length > 0;
    const shown = state.pages.filter((page) => page.kind !== "studio");
    match(this.pages, shown, (each) => String(each.id), () => make("li", { class: "card" }, make("div", { class: "row" }), make("p"), make("ul")), showPage);
    found("no-pages", HTMLElement).hidden = state.pages.some((page) => page.kind === "overlay");
    match(this.glance, state.targets, (each) => each.name, () => make("li", { class: "lamp" }), (element, each) => {
      element.dataset.tone = statusTone(each.status);
      setText(element, `${each.name} ${statusWords(each.status)}`);
      element.title = each.detail;
    });
  }

  private card(target: TargetState): HTMLElement {
    const button = make("button", { type: "button", "aria-label": `Reconnect ${target.name}` }, "Reconnect");
    button.addEventListener("click", () => void this.reconnect(target.name));
    const row = make("div", { class: "row" }, make("b"), make("span", { class: "lamp" }), make("span", { class: "fill" }), button);
    return make("li", { class: "card" }, row, make("p", { class: "detail" }), make("p", { class: "soft" }), make("ul"));
  }

  private async reconnect(name: string): Promise<void> {
    try {
      await this.api.post(`/v1/targets/${encodeURIComponent(name)}/reconnect`);
      setText(this.said, `Connecting ${name} again.`);
    } catch (error) {
      setText(this.said, inWords(error));
    }
  }

  private copyButton(id: string, options: string): void {
    const address = new URL(`/overlay?token=${encodeURIComponent(this.api.token)}${options}`, location.href).href;
    const field = found("overlay-address", HTMLInputElement);
    const hidden = address.replace(/token=[^&]*/, "token=••••••");
    field.value = hidden;
    const reveal = found("show-token", HTMLInputElement);
    reveal.addEventListener("change", () => (field.value = reveal.checked ? address : hidden));
    found("open-overlay", HTMLAnchorElement).href = address;
    found(id, HTMLButtonElement).addEventListener("click", () => void this.copy(address));
  }

  private async copy(address: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(address);
      setText(this.said, "Copied. In OBS: add a Browser source and paste it as the URL.");
    } catch {
      setText(this.said, "The browser does not let us copy: show the token, then select the address and copy it.");
    }
  }
}

function showTarget(element: HTMLElement, target: TargetState): void {
  const [row, detail, numbers, list] = Array.from(element.children);
  const [name, lamp] = Array.from(row?.children ?? []);
  if (!name || !(lamp instanceof HTMLElement) || !(detail instanceof HTMLElement) || !numbers || !(list instanceof HTMLElement)) return;
  setText(name, target.name);
  setText(lamp, statusWords(target.status));
  lamp.dataset.tone = statusTone(target.status);
  setText(detail, target.detail);
  detail.hidden = !target.detail;
  setText(numbers, numbersOf(target));
  notes(list, target.diagnostics);
}

function numbersOf(target: TargetState): string {
  const parts = [`${target.sent_frames.toLocaleString("en")} frames sent`];
  if (target.dropped_frames) parts.push(`${target.dropped_frames.toLocaleString("en")} dropped`);
  if (target.latency_ms !== null) parts.push(`latency ${target.latency_ms.toFixed(1)} ms`);
  if (target.lead !== undefined) parts.push(`handed over ${Math.round(target.lead * 1000)} ms ahead`);
  return parts.join(" · ");
}

function showPage(element: HTMLElement, page: PageState): void {
  const [row, line, list] = Array.from(element.children);
  if (!row || !line || !(list instanceof HTMLElement)) return;
  setText(row, `${page.name || page.kind}${page.has_sound ? " ♪ has the sound" : ""}`);
  const parts = [page.kind === "overlay" ? (page.ready ? "avatar ready" : "avatar loading") : page.kind];
  if (page.fps !== null) parts.push(`${page.fps.toFixed(0)} fps`);
  if (page.draw_ms !== null) parts.push(`${page.draw_ms.toFixed(1)} ms a frame`);
  const sound = SOUND_WORDS[page.sound];
  if (sound && !page.has_sound) parts.push(sound);
  setText(line, parts.join(" · "));
  notes(list, page.problems);
}

function notes(list: HTMLElement, given: readonly Note[]): void {
  list.hidden = given.length === 0;
  match(list, given, (note) => note.message, () => make("li"), (element, note) => {
    setText(element, note.suggestion ? `${note.message} – ${remedyWords(note.suggestion)}` : note.message);
  });
}
