/** The motion map: a list of its actions, the chosen one as a form, and the file as it stands. */

import { inWords, Refused } from "./api.js";
import type { Api, MapProblem } from "./api.js";
import { fit } from "./completion.js";
import { found, make, setText } from "./dom.js";
import { MapDraft } from "./map_draft.js";
import type { MapForm } from "./map_draft.js";
import { MapEditor } from "./map_editor.js";

const WAIT_MS = 250;

interface Saved {
  readonly note: string;
  readonly path: string;
}

export class MapView {
  private readonly list = found("map-actions", HTMLElement);
  private readonly filter = found("map-filter", HTMLInputElement);
  private readonly form = found("map-form", HTMLElement);
  private readonly said = found("map-said", HTMLElement);
  private readonly faults = found("map-problems", HTMLElement);
  private readonly save = found("map-save", HTMLButtonElement);
  private draft: MapDraft | null = null;
  private editor: MapEditor | null = null;
  private chosen = "";
  private problems: readonly MapProblem[] = [];
  private timer = 0;
  /** A change that the bridge has not judged yet. */
  private unjudged = false;
  private asking = false;

  constructor(
    private readonly api: Api,
    private readonly saved: () => void,
  ) {
    this.filter.addEventListener("input", () => this.drawList());
    this.save.addEventListener("click", () => void this.store());
    found("map-revert", HTMLButtonElement).addEventListener("click", () => void this.load());
    found("map-add", HTMLButtonElement).addEventListener("click", () => this.add());
    found("map-new", HTMLInputElement).addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.add();
    });
  }

  /** Whether something was changed and not saved. */
  get changed(): boolean {
    return this.draft !== null && (this.draft.changes.length > 0 || this.draft.unread.size > 0);
  }

  /** Read the map from the bridge; what was changed here is given up. */
  async load(): Promise<void> {
    if (!this.draft) this.say("Reading the map …", "good");
    try {
      this.take(await this.api.get<MapForm>("/v1/map"));
      this.say("", "good");
    } catch (error) {
      this.say(inWords(error), "bad");
    }
  }

  /** Read it for the first time, or again where nothing would be lost. */
  async show(): Promise<void> {
    if (!this.changed) await this.load();
  }

  private take(form: MapForm): void {
    this.draft = new MapDraft(form);
    this.unjudged = false;
    this.problems = form.problems;
    if (!this.draft.names.includes(this.chosen)) this.chosen = this.draft.names[0] ?? "";
    setText(found("map-file", HTMLElement), form.path);
    const packaged = `This map comes with the program and stays as it is; saving writes your own copy to ${form.saves_to}.`;
    setText(found("map-hint", HTMLElement), form.packaged ? packaged : form.extends ? `It extends ${form.extends}.` : "");
    const names = [...form.channels.map((channel) => channel.name), ...form.bones];
    found("channel-names", HTMLElement).replaceChildren(...names.map((name) => make("option", { value: name })));
    this.drawList();
    this.drawForm();
  }

  private drawList(): void {
    const { draft } = this;
    if (!draft) return;
    const wanted = this.filter.value.trim();
    const names = draft.names.filter((name) => !wanted || fit(wanted, name) > 0 || String(draft.values(name)["meaning"]).includes(wanted));
    this.list.replaceChildren(...names.map((name) => this.entry(draft, name)));
    this.save.disabled = !this.changed || this.unjudged || draft.unread.size > 0 || this.problems.length > 0;
    setText(found("map-count", HTMLElement), this.unjudged ? "checking …" : this.changed ? `${draft.changes.length} changed` : `${draft.names.length} actions`);
  }

  private entry(draft: MapDraft, name: string): HTMLElement {
    const marks = [draft.isRemoved(name) ? "removed" : "", draft.isChanged(name) ? "changed" : "", draft.original(name)?.own === false ? "inherited" : ""];
    const faulty = this.problems.some((problem) => problem.action === name);
    const button = make(
      "button",
      { type: "button", class: `entry ${marks.filter(Boolean).join(" ")}${faulty ? " faulty" : ""}`, "aria-current": String(name === this.chosen) },
      make("span", { class: "name" }, name),
      make("span", { class: "soft" }, faulty ? "needs mending" : (marks.find(Boolean) ?? "")),
    );
    button.addEventListener("click", () => {
      this.chosen = name;
      for (const each of this.list.querySelectorAll("button")) each.setAttribute("aria-current", String(each === button));
      this.drawForm();
    });
    return make("li", {}, button);
  }

  private drawForm(): void {
    const { draft, chosen } = this;
    if (!draft || !chosen) {
      this.form.replaceChildren();
      return;
    }
    showLines(draft.form.toml, chosen);
    this.editor = new MapEditor(draft, chosen, () => this.later());
    const removed = draft.isRemoved(chosen);
    const remove = this.tool(removed ? "Keep it" : "Remove", () => draft.remove(chosen));
    const revert = this.tool("Undo its changes", () => draft.revert(chosen));
    const copy = this.tool("Duplicate", () => this.duplicate(draft, chosen));
    const head = make("div", { class: "row" }, make("h3", {}, chosen), make("span", { class: "fill" }), copy, revert, remove);
    this.form.replaceChildren(head, removed ? make("p", { class: "soft" }, "It goes when you save.") : this.editor.element);
    this.mark();
  }

  private tool(name: string, act: () => void): HTMLButtonElement {
    const button = make("button", { type: "button", class: "quiet" }, name);
    button.addEventListener("click", () => {
      act();
      if (this.draft && !this.draft.names.includes(this.chosen)) this.chosen = this.draft.names[0] ?? "";
      this.drawForm();
      this.later();
    });
    return button;
  }

  private duplicate(draft: MapDraft, name: string): void {
    let copy = `${name}_copy`;
    for (let number = 2; !draft.add(copy, name); number += 1) copy = `${name}_copy_${number}`;
    this.chosen = copy;
  }

  private add(): void {
    const input = found("map-new", HTMLInputElement);
    const name = input.value.trim();
    if (!this.draft?.add(name)) {
      this.say(name ? `There is an action ${name} already; choose another name.` : "Write a name for the new action first.", "bad");
      return;
    }
    input.value = "";
    this.chosen = name;
    this.filter.value = "";
    this.drawForm();
    this.later();
  }

  /** Ask the bridge what it thinks of the changes, when the typing pauses. */
  private later(): void {
    this.unjudged = true;
    this.drawList();
    this.mark();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.check(), WAIT_MS);
  }

  private async check(): Promise<void> {
    const { draft } = this;
    if (!draft || this.asking) return;
    const { changes } = draft;
    this.asking = true;
    try {
      const { problems } = await this.api.post<{ readonly problems: readonly MapProblem[] }>("/v1/map/check", { changes });
      if (draft === this.draft) {
        this.problems = problems;
        this.unjudged = JSON.stringify(changes) !== JSON.stringify(draft.changes);
      }
    } catch (error) {
      this.unjudged = false;
      this.say(inWords(error), "bad");
    } finally {
      this.asking = false;
    }
    this.drawList();
    this.mark();
    if (this.unjudged) void this.check();
  }

  private mark(): void {
    this.editor?.mark(this.problems);
    this.faults.replaceChildren(...this.problems.map((problem) => {
      const place = [problem.action, problem.key].filter(Boolean).join(": ");
      return make("li", {}, place ? make("b", {}, `${place} `) : "", problem.message);
    }));
  }

  private async store(): Promise<void> {
    const { draft } = this;
    if (!draft || !this.changed) return;
    this.save.disabled = true;
    try {
      const { note } = await this.api.put<Saved>("/v1/map", { changes: draft.changes }, draft.form.etag);
      this.take(await this.api.get<MapForm>("/v1/map"));
      this.say(note, "good");
      this.saved();
    } catch (error) {
      if (error instanceof Refused && error.problems.length) this.problems = error.problems;
      this.say(inWords(error), "bad");
      this.drawList();
      this.mark();
    }
  }

  private say(text: string, tone: "good" | "bad"): void {
    this.said.dataset.tone = tone;
    setText(this.said, text);
  }
}

/** Show the file with an action's first line marked and scrolled to. */
function showLines(toml: string, action: string): void {
  const text = found("map-toml", HTMLElement);
  const lines = toml.split("\n");
  const wanted = [`[actions.${action}]`, `[actions.${JSON.stringify(action)}]`];
  const at = lines.findIndex((line) => wanted.some((each) => line.startsWith(each)));
  if (at < 0) {
    text.replaceChildren(toml);
    return;
  }
  const mark = make("mark", {}, lines[at] ?? "");
  text.replaceChildren(lines.slice(0, at).map((line) => `${line}\n`).join(""), mark, `\n${lines.slice(at + 1).join("\n")}`);
  text.scrollTop = Math.max(mark.offsetTop - text.offsetTop - 8, 0);
}
