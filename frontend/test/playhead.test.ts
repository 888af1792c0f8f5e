import assert from "node:assert/strict";
import { test } from "node:test";
import { BridgeClock } from "../src/shared/clock.js";
import { Playhead } from "../src/overlay/playhead.js";

function ready(position: number | null = null): Playhead {
  const clock = new BridgeClock();
  clock.seed(0, 0);
  return new Playhead(clock, { position: () => position });
}

function say(playhead: Playhead, now: number, heard: number, running = true, utterance = 1): void {
  playhead.follow({ type: "clock", utterance, now, heard, running });
}

test("it runs on between two messages and stands when told so", () => {
  const playhead = ready();
  playhead.begin(1);
  assert.equal(playhead.at(0), -Infinity);
  say(playhead, 10, 1);
  assert.ok(Math.abs(playhead.at(10_040) - 1.04) < 1e-9);
  say(playhead, 10.05, 1.05, false);
  assert.equal(playhead.at(10_500), 1.05);
});

test("it does not run away from a bridge that fell silent", () => {
  const playhead = ready();
  playhead.begin(1);
  say(playhead, 10, 1);
  assert.ok(playhead.at(60_000) <= 2.0001);
});

test("a small correction is spread, a large one is taken at once", () => {
  const playhead = ready();
  playhead.begin(1);
  say(playhead, 10, 1);
  let last = playhead.at(10_099);
  say(playhead, 10.1, 1.05);
  assert.ok(Math.abs(playhead.at(10_100) - last) < 0.006);
  last = playhead.at(10_100);
  for (let pageMs = 10_116; pageMs < 11_000; pageMs += 16) {
    const now = playhead.at(pageMs);
    assert.ok(now >= last);
    last = now;
  }
  say(playhead, 11, 4);
  assert.ok(Math.abs(playhead.at(11_000) - 4) < 1e-6);
});

test("the page's own sound goes before what is told; another utterance's clock is not ours", () => {
  const own = ready(0.5);
  own.begin(1);
  say(own, 10, 9);
  assert.equal(own.at(10_000), 0.5);
  const told = ready();
  told.begin(2);
  say(told, 10, 9, true, 1);
  assert.equal(told.at(10_000), -Infinity);
});
