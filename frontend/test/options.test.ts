import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions } from "../src/overlay/options.js";

function read(query: string): ReturnType<typeof readOptions> {
  return readOptions(`http://127.0.0.1:8787/overlay?${query}`);
}

test("an address without options is a good address", () => {
  const options = read("token=abc");
  assert.deepEqual(options.mistakes, []);
  assert.deepEqual([options.layout, options.camera, options.size, options.audio, options.theme], ["both", "half", 1, true, "outline"]);
});

test("every option is read", () => {
  const options = read("layout=subtitles&camera=face&size=1.5&audio=0&av_offset_ms=-80&quality=low&theme=bubble&avatar=svg&name=");
  assert.deepEqual(options, {
    layout: "subtitles",
    camera: "face",
    size: 1.5,
    audio: false,
    pictureDelay: -0.08,
    quality: "low",
    theme: "bubble",
    avatar: "svg",
    speaker: "",
    mistakes: [],
  });
});

test("what cannot be understood is told and keeps its default", () => {
  for (const query of ["layout=none", "size=huge", "size=", "size=99", "audio=maybe", "av_offset_ms=NaN", "theme=__proto__", "colour=red"]) {
    const options = read(query);
    assert.equal(options.mistakes.length, 1, query);
    assert.deepEqual({ ...options, mistakes: [] }, read(""), query);
  }
});
