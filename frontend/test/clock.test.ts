import assert from "node:assert/strict";
import { test } from "node:test";
import { BridgeClock } from "../src/shared/clock.js";

/** A bridge whose clock is the page's plus `offset` seconds. */
function pong(clock: BridgeClock, sentMs: number, outMs: number, backMs: number, offset: number): void {
  clock.add(sentMs, (sentMs + outMs) / 1000 + offset, sentMs + outMs + backMs);
}

test("the ping with the least round trip tells the offset", () => {
  const clock = new BridgeClock();
  pong(clock, 0, 80, 2, 100);
  pong(clock, 100, 1, 1, 100);
  pong(clock, 200, 2, 60, 100);
  assert.ok(Math.abs(clock.toBridge(300) - 100.3) < 1e-9);
  assert.equal(clock.roundTripMs, 2);
});

test("only the last eight pings count", () => {
  const clock = new BridgeClock();
  pong(clock, 0, 1, 1, 50);
  for (let index = 1; index <= 8; index += 1) pong(clock, index * 1000, 5, 5, 50);
  assert.equal(clock.roundTripMs, 10);
});

test("a later correction is spread over time and never turns time back", () => {
  const clock = new BridgeClock();
  for (let index = 0; index < 8; index += 1) pong(clock, index * 100, 1, 1, 10);
  clock.toBridge(1000);
  pong(clock, 1000, 0.1, 0.1, 9.98);
  let last = clock.toBridge(1001);
  for (let pageMs = 1002; pageMs < 5000; pageMs += 16) {
    const now = clock.toBridge(pageMs);
    assert.ok(now > last && now - last < 0.0171);
    last = now;
  }
  assert.ok(Math.abs(clock.toBridge(5000) - 14.98) < 1e-6);
});

test("another bridge has another clock, taken at once", () => {
  const clock = new BridgeClock();
  pong(clock, 0, 1, 1, 10);
  clock.reset();
  assert.equal(clock.known, false);
  clock.seed(5000, 100);
  assert.ok(Math.abs(clock.toBridge(100) - 5000) < 1e-9);
  assert.ok(Math.abs(clock.toPage(5001) - 1100) < 1e-6);
});

test("nonsense is no reading", () => {
  const clock = new BridgeClock();
  clock.add(NaN, 1, 2);
  clock.add(10, NaN, 20);
  clock.add(20, 1, 10);
  assert.equal(clock.known, false);
});

test("after a machine slept, the readings from before do not count, however good they were", () => {
  const clock = new BridgeClock();
  for (let index = 0; index < 9; index += 1) pong(clock, index * 1000, 0.1, 0.1, 10);
  pong(clock, 10_000, 4, 4, 3610);
  assert.ok(Math.abs(clock.toBridge(10_008) - 3620.008) < 1e-6);
  pong(clock, 11_000, 400, 2, 3610);
  assert.ok(Math.abs(clock.toBridge(11_402) - 3621.402) < 1e-6, "one that only waited long throws nothing away");
});
