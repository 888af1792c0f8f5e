/** The fields of one action, each with its help and what is wrong with it. */

import type { MapProblem } from "./api.js";
import { make } from "./dom.js";
import type { FieldInfo, Json, MapDraft, Table } from "./map_draft.js";
import { TableEditor, targetsOf } from "./map_tables.js";
import { read, written } from "./map_values.js";

const KINDS = ["gesture", "expression", "prop", "scene"];
const COMMON = ["meaning", "kind", "stroke", "duration", "cooldown", "aliases"];

export class MapEditor {
  readonly element = make("div", { class: "fields" });

  constructor(
    private readonly draft: MapDraft,
    private readonly name: string,
    private readonly changed: () => void,
  ) {
    const { fields } = draft.form;
    const simple = fields.filter((field) => !["keyframes", "channels"].includes(field.editor));
    const common = simple.filter((field) => COMMON.includes(field.key));
    const more = simple.filter((field) => !COMMON.includes(field.key));
    const further = make("details", {}, make("summary", {}, "Fading, groups, loops"), make("div", { class: "grid" }, ...more.map((each) => this.field(each))));
    further.open = more.some((field) => field.key in draft.values(name));
    this.element.append(make("div", { class: "grid" }, ...common.map((each) => this.field(each))), further, ...this.tables());
  }

  /** Show what is wrong beside the fields it is about. */
  mark(problems: readonly MapProblem[]): void {
    for (const place of this.element.querySelectorAll(".fault")) place.textContent = "";
    for (const input of this.element.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    for (const problem of problems.filter((each) => each.action === this.name && each.key)) this.fault(problem.key, problem.message);
    for (const [place, message] of this.draft.unread) {
      const [action, key] = place.split("\n");
      if (action === this.name && key) this.fault(key, message);
    }
  }

  private fault(key: string, message: string): void {
    const block = [key, key.split(".")[0] ?? key]
      .map((each) => this.element.querySelector(`[data-field="${CSS.escape(each)}"]`))
      .find((each) => each !== null);
    if (!block) return;
    for (const input of block.querySelectorAll("input, select")) input.setAttribute("aria-invalid", "true");
    const place = block.closest(".field")?.querySelector(".fault");
    if (place) place.textContent = [place.textContent, message].filter(Boolean).join("; ");
  }

  private set(key: string, value: Json): void {
    this.draft.unread.delete(`${this.name}\n${key}`);
    this.draft.set(this.name, key, value);
    this.changed();
  }

  private unread(key: string, fault: string): void {
    this.draft.unread.set(`${this.name}\n${key}`, fault);
    this.changed();
  }

  private field(info: FieldInfo): HTMLElement {
    const id = `field-${info.key}`;
    const value = this.draft.values(this.name)[info.key] ?? null;
    const input = info.editor === "choice" ? choice(value) : info.editor === "switch" ? tick(value) : this.line(info, value);
    input.id = id;
    input.setAttribute("aria-describedby", `${id}-help ${id}-fault`);
    input.addEventListener(info.editor === "choice" || info.editor === "switch" ? "change" : "input", () => this.take(info, input));
    return make(
      "div",
      { class: `field ${info.editor}`, "data-field": info.key },
      make("label", { for: id }, info.key.replace("_", " ")),
      input,
      make("p", { class: "help", id: `${id}-help` }, info.help),
      make("p", { class: "fault", id: `${id}-fault`, role: "status" }),
    );
  }

  private line(info: FieldInfo, value: Json): HTMLInputElement {
    const input = make("input", { type: "text", value: written(info.editor, value), spellcheck: "false", autocomplete: "off" });
    const usual = this.draft.usual(this.name, info.key);
    if (info.editor !== "text" && info.editor !== "texts") input.inputMode = "decimal";
    if (usual !== null && written(info.editor, usual)) input.placeholder = written(info.editor, usual);
    return input;
  }

  private take(info: FieldInfo, input: HTMLInputElement | HTMLSelectElement): void {
    if (input instanceof HTMLInputElement && input.type === "checkbox") {
      this.set(info.key, input.checked ? true : null);
      return;
    }
    const found = read(info.editor, input.value);
    if ("fault" in found) this.unread(info.key, found.fault);
    else this.set(info.key, found.value);
  }

  private tables(): HTMLElement[] {
    const values = this.draft.values(this.name);
    const kind = values["kind"];
    const parts: HTMLElement[] = [];
    if (kind === "gesture" || "keyframes" in values) parts.push(this.table("keyframes", "keys", values, "Keyframes", "seconds and offset from rest, in pairs"));
    if (kind !== "gesture" || "channels" in values) parts.push(this.table("channels", "number", values, "Held pose", "offset from rest of each channel"));
    for (const target of targetsOf(this.draft, values)) parts.push(this.table(target, "any", values, `On ${target}`, "the target's own way of doing it"));
    return [...parts, this.moreTargets(values)];
  }

  private table(key: string, editor: "keys" | "number" | "any", values: Table, title: string, help: string): HTMLElement {
    const table = values[key];
    const rows = table !== null && typeof table === "object" && !Array.isArray(table) ? (table as Table) : {};
    const sink = { set: (each: string, value: Json) => this.set(each, value), fault: (each: string, fault: string) => this.unread(each, fault) };
    const names = editor === "any" ? "target-keys" : "channel-names";
    return make(
      "fieldset",
      { class: "field", "data-field": key },
      make("legend", {}, title, make("span", { class: "soft" }, ` ${help}`)),
      new TableEditor(key, editor, rows, names, sink).element,
      make("p", { class: "fault", role: "status" }),
    );
  }

  private moreTargets(values: Table): HTMLElement {
    const free = this.draft.form.targets.filter((target) => !(target in values));
    const select = make("select", { "aria-label": "Add a target's own keys" }, make("option", { value: "" }, "+ target's own …"), ...free.map((each) => make("option", {}, each)));
    select.addEventListener("change", () => {
      if (select.value) select.replaceWith(this.table(select.value, "any", {}, `On ${select.value}`, "the target's own way of doing it"));
    });
    return make("div", { class: "row" }, select);
  }
}

function choice(value: Json): HTMLSelectElement {
  const known = typeof value === "string" && !KINDS.includes(value) ? [value, ...KINDS] : KINDS;
  const select = make("select", {}, ...known.map((kind) => make("option", {}, kind)));
  select.value = typeof value === "string" ? value : "gesture";
  return select;
}

function tick(value: Json): HTMLInputElement {
  const input = make("input", { type: "checkbox" });
  input.checked = value === true;
  return input;
}
