import assert from "node:assert/strict";
import { test } from "node:test";
import { openTag, suggestions } from "../src/studio/completion.js";
import { valueAt } from "../src/studio/curve.js";
import { PerformedTexts } from "../src/studio/history.js";
import { read, written } from "../src/studio/map_values.js";
import type { ActionInfo } from "../src/studio/state.js";

const action = (name: string, meaning = "", aliases: readonly string[] = []): ActionInfo => ({ name, meaning, kind: "gesture", aliases });
const ACTIONS = [action("nod", "yes"), action("nod_twice", "yes, yes"), action("wave", "hello", ["bye"]), action("slow_shake", "pity")];
const names = (typed: string): string[] => suggestions(typed, ACTIONS).map((each) => each.name);

test("a tag is open while its name is typed, and a literal bracket opens none", () => {
  assert.deepEqual(openTag("Hi [no", 6), { from: 4, typed: "no", closing: false });
  assert.deepEqual(openTag("Hi [/sm", 7), { from: 5, typed: "sm", closing: true });
  assert.deepEqual(openTag("Hi [", 4), { from: 4, typed: "", closing: false });
  for (const text of ["Hi [nod]", "Hi [nod 0", "Hi [[no", "Hi no", "array[0", ""]) assert.equal(openTag(text, text.length), null, text);
  assert.deepEqual(openTag("[[[no", 5)?.typed, "no");
});

test("the name that starts as typed comes first; an alias, a word inside and the meaning count as well", () => {
  assert.deepEqual(names("no"), ["nod", "nod_twice"]);
  assert.deepEqual(names("NOD-T"), ["nod_twice"]);
  assert.deepEqual(names("bye"), ["wave"]);
  assert.deepEqual(names("shak"), ["slow_shake"]);
  assert.deepEqual(names("pity"), ["slow_shake"]);
  assert.deepEqual(names("ssh"), ["slow_shake"]);
  assert.deepEqual(names("xyz"), []);
  assert.equal(names("").length, ACTIONS.length);
});

test("a value survives its way through a field", () => {
  const cases = [["seconds", 0.36], ["texts", ["yes", "aye"]], ["span", [0.4, 1.1]], ["keys", [[0, 0], [0.36, -12]]], ["any", true], ["any", "Nod"]] as const;
  for (const [editor, value] of cases) assert.deepEqual(read(editor, written(editor, value)), { value }, editor);
  assert.deepEqual(read("seconds", " "), { value: null });
  assert.deepEqual(read("keys", "[[0.0, 0], [0.3, 11]]"), { value: [[0, 0], [0.3, 11]] });
  for (const [editor, text] of [["seconds", "soon"], ["span", "1"], ["keys", "0 0, 1"], ["keys", "a b"]] as const) {
    assert.ok("fault" in read(editor, text), text);
  }
});

test("the picture of a curve passes through its keys and is held outside of them", () => {
  const keys = [[0.5, 0], [1, -12], [1.5, 4]];
  for (const [at = 0, value = 0] of keys) assert.equal(valueAt(keys, at), value);
  assert.equal(valueAt(keys, 0.75), -6);
  assert.equal(valueAt(keys, 0.25), 0);
  assert.equal(valueAt(keys, 2), 4);
});

test("the texts performed are kept once each, newest first, and odd storage is no harm", () => {
  const kept = new Map<string, string>([["avatar-bridge.history", "{broken"]]);
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
  const texts = new PerformedTexts(storage as unknown as Storage);
  for (const text of ["one", "two", "one"]) texts.add(text);
  assert.deepEqual(JSON.parse(kept.get("avatar-bridge.history") ?? ""), ["one", "two"]);
  assert.equal(texts.step(1, ""), "one");
  assert.equal(texts.step(1, "one"), "two");
  assert.equal(texts.step(1, "two"), null);
  assert.equal(texts.step(-1, "two"), "one");
  assert.equal(texts.step(-1, "one"), "");
});
