import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Connection } from "../src/shared/connection.js";

/** A socket that a test answers on. */
class Line {
  static readonly OPEN = 1;
  static all: Line[] = [];
  binaryType = "";
  readyState = 0;
  said: { type: string; sent?: number }[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  constructor(readonly address: URL) {
    Line.all.push(this);
  }
  send(text: string): void {
    this.said.push(JSON.parse(text));
  }
  close(): void {
    this.readyState = 3;
  }
  hear(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  welcome(): void {
    this.readyState = Line.OPEN;
    this.onopen?.();
    this.hear({ type: "welcome", now: now / 1000, channels: [], bones: [] });
  }
  answer(): void {
    const asked = this.said.filter((message) => message.type === "ping").at(-1);
    this.hear({ type: "pong", sent: asked?.sent, now: now / 1000 });
  }
  drop(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code, reason: "" });
  }
}

let now = 0;
let timers: { at: number; id: number; act: () => void }[] = [];
let answered = 200;

/** Let time pass; `asleep` lets timers come only at its end, as on a machine that slept. */
function pass(ms: number, asleep = false): void {
  const end = now + ms;
  if (asleep) now = end;
  for (let guard = 0; guard < 1000; guard += 1) {
    const next = timers.filter((timer) => timer.at <= end).sort((one, other) => one.at - other.at)[0];
    if (!next) break;
    timers = timers.filter((timer) => timer !== next);
    now = Math.max(now, next.at);
    next.act();
  }
  now = end;
}

/** The page's clock, which Node 18 lets nobody assign to. */
const clockOf = (read: () => number): void => void Object.defineProperty(performance, "now", { value: read, configurable: true, writable: true });
const real = performance.now.bind(performance);
const seen: string[] = [];

function opened(): Connection {
  const connection = new Connection({ kind: "program", name: "test", streams: [] }, { linked: (link) => seen.push(link) }, "http://h/overlay?token=t");
  connection.open();
  return connection;
}

beforeEach(() => {
  Object.assign(globalThis, { addEventListener: () => undefined, document: { addEventListener: () => undefined, hidden: false } });
  Object.assign(globalThis, { WebSocket: Line, fetch: () => Promise.resolve({ status: answered, json: () => Promise.resolve({ error: "no" }) }) });
  let id = 0;
  const later = (act: () => void, ms: number): number => {
    timers.push({ at: now + ms, id: (id += 1), act });
    return id;
  };
  const forget = (which: number): void => void (timers = timers.filter((timer) => timer.id !== which));
  Object.assign(globalThis, { window: { setTimeout: later }, clearTimeout: forget });
  clockOf(() => now);
  [now, timers, Line.all, answered] = [1000, [], [], 200];
  seen.length = 0;
});

afterEach(() => {
  clockOf(real);
});

test("a socket on which nothing is answered for six seconds is given up for a new one", () => {
  const connection = opened();
  Line.all[0]?.welcome();
  for (let index = 0; index < 5; index += 1) {
    Line.all[0]?.answer();
    pass(60);
  }
  assert.equal(connection.link, "open");
  pass(5000);
  assert.equal(Line.all.length, 1);
  pass(4000);
  assert.ok(Line.all.length > 1);
  assert.equal(Line.all[0]?.readyState, 3);
  assert.equal(connection.link, "lost");
  Line.all.at(-1)?.welcome();
  assert.equal(connection.link, "open");
});

test("a page that slept first hears what waited, before it gives the bridge up", () => {
  const connection = opened();
  Line.all[0]?.welcome();
  Line.all[0]?.answer();
  pass(60);
  pass(600_000, true);
  assert.equal(Line.all.length, 1, "the answer lies behind the timer");
  Line.all[0]?.answer();
  pass(1500);
  assert.equal(connection.link, "open");
  assert.equal(Line.all.length, 1);
});

test("after a loss it comes back, at first soon and never later than after five seconds", () => {
  opened();
  Line.all[0]?.drop();
  const waits: number[] = [];
  for (let tries = 2; tries < 10; tries += 1) {
    const since = now;
    while (Line.all.length < tries) pass(10);
    waits.push(now - since);
    Line.all.at(-1)?.drop();
  }
  assert.deepEqual(waits.slice(0, 3), [250, 500, 1000]);
  assert.equal(Math.max(...waits), 5000);
});

test("a wrong token is told from a bridge that is not there, and tried on", async () => {
  answered = 401;
  const connection = opened();
  Line.all[0]?.drop();
  await new Promise((done) => setImmediate(done));
  assert.equal(connection.link, "refused");
  pass(300);
  assert.equal(Line.all.length, 2);
});
