/** The tables of an action as rows: keyframes and held channels by channel, and each target's own keys. */

import { curvePicture } from "./curve.js";
import { make } from "./dom.js";
import type { Json, MapDraft, Table } from "./map_draft.js";
import { read, written } from "./map_values.js";

interface Row {
  readonly name: string;
  readonly text: string;
}

/** Where a table editor puts what it read, or what it could not read. */
export interface Sink {
  set(key: string, value: Json): void;
  fault(key: string, fault: string): void;
}

/** Rows of one table (`keyframes`, `channels`, or a target): a name and a value each. */
export class TableEditor {
  readonly element = make("div", { class: "rows" });
  private rows: Row[];

  constructor(
    private readonly key: string,
    private readonly editor: "keys" | "number" | "any",
    table: Table,
    private readonly names: string,
    private readonly sink: Sink,
  ) {
    this.rows = Object.entries(table).map(([name, value]) => ({ name, text: written(editor, value) }));
    this.draw();
  }

  private draw(): void {
    this.element.replaceChildren(...this.rows.map((row, index) => this.row(row, index)));
    const add = make("button", { type: "button", class: "quiet" }, this.editor === "any" ? `+ ${this.key} key` : "+ channel");
    add.addEventListener("click", () => {
      this.rows.push({ name: "", text: "" });
      this.draw();
      this.element.querySelector<HTMLInputElement>(".table-row:last-of-type input")?.focus();
    });
    this.element.append(add);
  }

  private row(row: Row, index: number): HTMLElement {
    const label = `${this.key} ${row.name || "new row"}`;
    const name = make("input", { type: "text", value: row.name, "aria-label": `${label}: name`, list: this.names, spellcheck: "false" });
    const text = make("input", { type: "text", value: row.text, "aria-label": `${label}: value`, spellcheck: "false" });
    text.placeholder = this.editor === "keys" ? "0 0, 0.36 -12, 1 0" : this.editor === "number" ? "0.5" : "value";
    const remove = make("button", { type: "button", class: "quiet", "aria-label": `Remove ${label}` }, "✕");
    const element = make("div", { class: `table-row ${this.editor}`, "data-field": `${this.key}.${row.name}` }, name, text, remove);
    const picture = make("span", { class: "curve-place" });
    if (this.editor === "keys") text.after(picture);
    this.picture(picture, row.text);
    const changed = (): void => {
      this.rows[index] = { name: name.value.trim(), text: text.value };
      element.dataset.field = `${this.key}.${name.value.trim()}`;
      this.picture(picture, text.value);
      this.hand();
    };
    name.addEventListener("input", changed);
    text.addEventListener("input", changed);
    remove.addEventListener("click", () => {
      this.rows.splice(index, 1);
      this.draw();
      this.hand();
    });
    return element;
  }

  private picture(place: HTMLElement, text: string): void {
    const found = this.editor === "keys" ? read("keys", text) : { value: null };
    place.replaceChildren(...("value" in found && Array.isArray(found.value) ? [curvePicture(found.value as number[][])] : []));
  }

  private hand(): void {
    const table: Record<string, Json> = {};
    let fault = "";
    for (const row of this.rows) {
      if (!row.name && !row.text.trim()) continue;
      const found = read(this.editor, row.text);
      if ("fault" in found) fault ||= `${row.name || "a row"}: ${found.fault}`;
      else if (found.value === null) fault ||= `${row.name}: expected a value, got none`;
      else if (!row.name) fault ||= `${row.text}: expected a name for it`;
      else table[row.name] = found.value;
    }
    if (fault) this.sink.fault(this.key, fault);
    else this.sink.set(this.key, Object.keys(table).length ? table : null);
  }
}

/** Which of the map's targets an action has a table for. */
export function targetsOf(draft: MapDraft, values: Table): string[] {
  const fields = new Set(draft.form.fields.map((field) => field.key));
  return Object.entries(values)
    .filter(([key, value]) => !fields.has(key) && value !== null && typeof value === "object" && !Array.isArray(value))
    .map(([key]) => key);
}
