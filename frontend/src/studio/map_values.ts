/** Values of a motion map as text in a field, and back: a text that is no value gives a sentence that says why. */

import type { Json } from "./map_draft.js";

export type Read = { readonly value: Json } | { readonly fault: string };

/** Text of a value for a field with this editor. */
export function written(editor: string, value: Json): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value) && editor === "keys") return value.map((key) => (Array.isArray(key) ? key.join(" ") : String(key))).join(", ");
  return Array.isArray(value) ? value.join(", ") : typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The value of a field's text; an empty text takes the key away. */
export function read(editor: string, text: string): Read {
  const given = text.trim();
  if (!given) return { value: null };
  if (editor === "seconds" || editor === "share" || editor === "number") return number(given);
  if (editor === "texts") return { value: given.split(",").map((part) => part.trim()).filter(Boolean) };
  if (editor === "span") return span(given);
  if (editor === "keys") return keys(given);
  if (editor === "any") return anything(given);
  return { value: text };
}

function number(text: string): Read {
  const value = Number(text.replace(",", "."));
  return Number.isFinite(value) ? { value } : { fault: `expected a number such as 0.5, got “${text}”` };
}

function numbers(text: string): number[] | null {
  const values = text.split(/[\s,;]+/).filter(Boolean).map(Number);
  return values.every(Number.isFinite) ? values : null;
}

function span(text: string): Read {
  const values = numbers(text.replace(/[[\]]/g, " "));
  return values?.length === 2 ? { value: values } : { fault: `expected two times such as 0.4, 1.1, got “${text}”` };
}

/** `0 0, 0.36 -12, 1 0`: a time and a value each; brackets may stand, too. */
function keys(text: string): Read {
  const values = numbers(text.replace(/[[\]]/g, " "));
  if (!values || values.length % 2) return { fault: "expected pairs of seconds and value such as 0 0, 0.36 -12, 1 0" };
  const pairs: number[][] = [];
  for (let index = 0; index < values.length; index += 2) pairs.push(values.slice(index, index + 2));
  return { value: pairs };
}

/** A target's own value: true, false, a number, or a text. */
function anything(text: string): Read {
  if (text === "true" || text === "false") return { value: text === "true" };
  const value = Number(text);
  return { value: Number.isFinite(value) ? value : text };
}
