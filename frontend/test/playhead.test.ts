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

test("with ten clock messages a second, each late and a little wrong, it stays within 5 ms", () => {
  const playhead = ready();
  playhead.begin(1);
  let seed = 7;
  const noise = (): number => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647 - 0.5;
  };
  const truth = (at: number): number => (at - 100) * 1.0002;
  let told = 0;
  let worst = 0;
  for (let pageMs = 100_000; pageMs < 130_000; pageMs += 16.7) {
    for (; told * 100 + 100_000 <= pageMs; told += 1) {
      const now = 100 + told / 10;
      say(playhead, now, truth(now) + 0.004 * noise());
    }
    if (told > 1) worst = Math.max(worst, Math.abs(playhead.at(pageMs) - truth(pageMs / 1000)));
  }
  assert.ok(worst < 0.005, `${worst * 1000} ms`);
});

test("spoken out it runs past the end, so that the last word is shown; cut off it stands where the sound ended", () => {
  const whole = ready();
  whole.begin(1);
  say(whole, 10, 1);
  whole.end(1.08, true);
  assert.ok(whole.at(10_100) > 1.08);
  const cut = ready();
  cut.begin(1);
  say(cut, 10, 1);
  cut.end(1.04, false);
  assert.equal(cut.at(10_500), 1.04);
  const stood = ready();
  stood.begin(1);
  say(stood, 10, 1, false);
  stood.end(1.08, true);
  assert.equal(stood.at(10_500), 1.08);
});
