/** The motion map as the bridge gave it, with what was changed in the form and not saved yet. */

import type { MapProblem } from "./api.js";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type Table = Readonly<Record<string, Json>>;

export interface FieldInfo {
  readonly key: string;
  readonly editor: string;
  readonly help: string;
}

export interface ChannelInfo {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly unit: string;
}

export interface MapAction {
  readonly name: string;
  /** It has a table in this file. */
  readonly own: boolean;
  /** It comes from the map that this one extends. */
  readonly inherited: boolean;
  readonly values: Table;
}

export interface MapForm {
  readonly name: string;
  readonly path: string;
  readonly packaged: boolean;
  readonly saves_to: string;
  readonly extends: string | null;
  readonly etag: string;
  readonly toml: string;
  readonly actions: readonly MapAction[];
  readonly fields: readonly FieldInfo[];
  readonly defaults: Readonly<Record<string, Table>>;
  readonly targets: readonly string[];
  readonly channels: readonly ChannelInfo[];
  readonly bones: readonly string[];
  readonly problems: readonly MapProblem[];
}

export interface Change {
  readonly action: string;
  readonly values: Readonly<Record<string, Json>>;
  readonly remove: boolean;
}

interface Draft {
  readonly added: boolean;
  readonly removed: boolean;
  readonly values: Readonly<Record<string, Json>>;
}

const UNTOUCHED: Draft = { added: false, removed: false, values: {} };

export class MapDraft {
  private readonly drafts = new Map<string, Draft>();
  /** Fields whose text is no value at all yet, with what is wrong; they stop saving. */
  readonly unread = new Map<string, string>();

  constructor(readonly form: MapForm) {}

  get names(): string[] {
    const added = [...this.drafts].filter(([, draft]) => draft.added).map(([name]) => name);
    return [...this.form.actions.map((action) => action.name), ...added];
  }

  get changes(): Change[] {
    return [...this.drafts]
      .filter(([, draft]) => draft.removed || draft.added || Object.keys(draft.values).length > 0)
      .map(([action, draft]) => ({ action, values: draft.removed ? {} : draft.values, remove: draft.removed }));
  }

  original(name: string): MapAction | undefined {
    return this.form.actions.find((action) => action.name === name);
  }

  isRemoved(name: string): boolean {
    return this.drafts.get(name)?.removed ?? false;
  }

  isChanged(name: string): boolean {
    return this.changes.some((change) => change.action === name);
  }

  /** What an action says now, its changes laid over what was read. */
  values(name: string): Table {
    const values: Record<string, Json> = { ...this.original(name)?.values };
    for (const [key, value] of Object.entries(this.drafts.get(name)?.values ?? {})) {
      if (value === null) delete values[key];
      else values[key] = value;
    }
    return values;
  }

  /** What a key has where the map does not say: by the action's kind. */
  usual(name: string, key: string): Json {
    return this.form.defaults[String(this.values(name)["kind"])]?.[key] ?? null;
  }

  /** Set a key, or take it away with null; back to what was read is no change. */
  set(name: string, key: string, value: Json): void {
    const draft = this.drafts.get(name) ?? UNTOUCHED;
    const { [key]: dropped, ...others } = draft.values;
    void dropped;
    const before = this.original(name)?.values[key] ?? null;
    const values = JSON.stringify(before) === JSON.stringify(value) ? others : { ...others, [key]: value };
    this.drafts.set(name, { ...draft, values });
  }

  /** Add an action, empty or as a copy of another; false where the name is taken. */
  add(name: string, like?: string): boolean {
    if (!name.trim() || this.names.includes(name)) return false;
    const { aliases, ...values } = like ? this.values(like) : { meaning: "", kind: "gesture", aliases: [] };
    void aliases;
    this.drafts.set(name, { added: true, removed: false, values });
    return true;
  }

  remove(name: string): void {
    const draft = this.drafts.get(name) ?? UNTOUCHED;
    if (draft.added) this.drafts.delete(name);
    else this.drafts.set(name, { ...draft, removed: !draft.removed });
    this.forget(name);
  }

  /** Take back every change of one action. */
  revert(name: string): void {
    this.drafts.delete(name);
    this.forget(name);
  }

  private forget(name: string): void {
    for (const place of [...this.unread.keys()]) if (place.startsWith(`${name}\n`)) this.unread.delete(place);
  }
}
