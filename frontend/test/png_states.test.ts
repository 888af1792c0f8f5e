import assert from "node:assert/strict";
import { test } from "node:test";
import { choosePicture, missingStates, sortPictures } from "../src/overlay/avatars/png_states.js";

test("files are sorted by their names, one set an emotion", () => {
  const sets = sortPictures(["closed.png", "Open.PNG", "blink.png", "happy/open.png", "happy_closed.webp", "sad.png", "notes.txt", "logo.png"]);
  assert.deepEqual([...sets.keys()].sort(), ["", "happy", "sad"]);
  assert.equal(choosePicture(sets, "", "open", false), "Open.PNG");
  assert.equal(choosePicture(sets, "happy", "open", false), "happy/open.png");
  assert.equal(choosePicture(sets, "happy", "closed", false), "happy_closed.webp");
  assert.equal(choosePicture(sets, "sad", "open", false), "sad.png");
  assert.equal(choosePicture(sets, "angry", "closed", true), "blink.png");
  assert.deepEqual(missingStates(sets), []);
});

test("a state that is missing falls back to the nearest", () => {
  const sets = sortPictures(["closed.png", "open.png"]);
  assert.deepEqual(missingStates(sets), ["blink"]);
  assert.equal(choosePicture(sets, "", "half", false), "open.png");
  assert.equal(choosePicture(sets, "", "open", true), "open.png");
  assert.equal(choosePicture(sortPictures(["open.png"]), "", "closed", false), "open.png");
  assert.equal(choosePicture(sortPictures([]), "", "closed", false), null);
});

test("other programs' names are understood", () => {
  const sets = sortPictures(["idle.png", "talking.png", "eyes closed.png", "half-blink.png"]);
  assert.equal(choosePicture(sets, "", "closed", false), "idle.png");
  assert.equal(choosePicture(sets, "", "open", false), "talking.png");
  assert.equal(choosePicture(sets, "", "closed", true), "eyes closed.png");
  assert.equal(choosePicture(sets, "", "half", true), "half-blink.png");
});
