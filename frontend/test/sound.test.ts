import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { SoundChunk } from "../src/shared/protocol.js";
import { Sound } from "../src/overlay/sound.js";

const RATE = 48000;
/** Seconds from what the card renders to what is heard. */
const LATENCY = 0.04;

interface Started {
  readonly when: number;
  stopped: number | null;
}

/** A sound card under the test's control: `card.now` is context time. */
const card = { now: 0, state: "running", stamped: true, started: [] as Started[], ramps: [] as number[] };

class Context extends EventTarget {
  readonly destination = {};
  readonly outputLatency = LATENCY;
  readonly baseLatency = 0.01;
  get currentTime(): number {
    return card.now;
  }
  get state(): string {
    return card.state;
  }
  getOutputTimestamp(): { contextTime: number; performanceTime: number } {
    return card.stamped ? { contextTime: card.now - LATENCY, performanceTime: performance.now() } : { contextTime: 0, performanceTime: 0 };
  }
  createBuffer(_channels: number, length: number): { getChannelData: () => Float32Array } {
    const data = new Float32Array(length);
    return { getChannelData: () => data };
  }
  resume(): Promise<void> {
    return Promise.resolve();
  }
}

class Part {
  readonly gain = { setValueAtTime: () => undefined, linearRampToValueAtTime: (_: number, at: number) => card.ramps.push(at) };
  onended: (() => void) | null = null;
  private mine: Started | null = null;
  connect(): void {}
  start(when = 0): void {
    this.mine = { when, stopped: null };
    card.started.push(this.mine);
  }
  stop(at: number): void {
    if (this.mine) this.mine.stopped = at;
  }
}

Object.assign(globalThis, { AudioContext: Context, GainNode: Part, AudioBufferSourceNode: Part, ConstantSourceNode: Part });

const said: { states: string[]; playing: { utterance: number; lateMs: number; latencyMs: number; startMs: number }[] } = { states: [], playing: [] };

function ready(): Sound {
  const sound = new Sound({
    sound: (state) => said.states.push(state),
    playing: (utterance, startMs, lateMs, latencyMs) => said.playing.push({ utterance, startMs, lateMs, latencyMs }),
  });
  sound.open();
  sound.take(true);
  card.started = [];
  return sound;
}

function chunk(utterance: number, offset: number, count: number): SoundChunk {
  return { kind: "sound", utterance, offset, rate: RATE, samples: new Int16Array(count) };
}

function near(actual: number | null | undefined, expected: number, within = 2e-3): void {
  assert.ok(typeof actual === "number" && Math.abs(actual - expected) < within, `${actual} is not about ${expected}`);
}

beforeEach(() => {
  Object.assign(card, { now: 5, state: "running", stamped: true, started: [], ramps: [] });
  said.states = [];
  said.playing = [];
});

test("chunks lie end to end on the sample", () => {
  const sound = ready();
  for (let offset = 0; offset < 5 * 24000; offset += 24000) sound.write(chunk(1, offset, 24000));
  const first = card.started[0]?.when ?? NaN;
  near(first, 5.01, 1e-4);
  card.started.forEach(({ when }, index) => near(when * RATE, first * RATE + index * 24000, 1e-6));
});

test("the position is what is heard, not what is rendered", () => {
  const sound = ready();
  sound.write(chunk(1, 0, RATE));
  near(sound.position(1, performance.now()), -0.01 - LATENCY);
  card.now = 5.51;
  near(sound.position(1, performance.now()), 0.5 - LATENCY);
  assert.equal(sound.position(2, performance.now()), null);
  near(said.playing[0]?.latencyMs, LATENCY * 1000, 2);
});

test("without a time stamp the browser's latency is taken", () => {
  const sound = ready();
  card.stamped = false;
  sound.write(chunk(1, 0, RATE));
  card.now = 5.51;
  near(sound.position(1, performance.now()), 0.5 - LATENCY);
});

test("a late chunk shifts the rest of the utterance and is reported; nothing of it is lost", () => {
  const sound = ready();
  sound.write(chunk(1, 0, 24000));
  card.now = 5.71;
  near(sound.position(1, performance.now()), 0.5);
  sound.write(chunk(1, 24000, 24000));
  sound.write(chunk(1, 48000, 24000));
  near(said.playing.at(-1)?.lateMs, 210, 1);
  near(card.started[1]?.when, 5.72, 1e-4);
  near(card.started[2]?.when, 6.22, 1e-4);
  near(sound.position(1, performance.now()), 0.5);
  card.now = 5.72 + LATENCY + 0.2;
  near(sound.position(1, performance.now()), 0.7);
});

test("it stands still where the sound ran dry, and runs on where no more comes", () => {
  const sound = ready();
  sound.write(chunk(1, 0, 24000));
  card.now = 7;
  near(sound.position(1, performance.now()), 0.5);
  sound.finish(1);
  near(sound.position(1, performance.now()), 7 - 5.01 - LATENCY);
});

test("a page that joins plays from where it is given the sound", () => {
  const sound = ready();
  sound.write(chunk(3, 96000, 24000));
  near(card.started[0]?.when, 5.01, 1e-4);
  card.now = 5.01 + LATENCY + 0.25;
  near(sound.position(3, performance.now()), 2.25);
  assert.equal(said.playing[0]?.lateMs, 0);
});

test("a stop fades within 15 ms and forgets what was to come", () => {
  const sound = ready();
  sound.write(chunk(1, 0, 24000));
  sound.write(chunk(1, 24000, 24000));
  card.now = 5.1;
  sound.stop();
  assert.ok(card.started.every(({ stopped }) => stopped !== null && stopped <= 5.115));
  assert.ok((card.ramps[0] ?? Infinity) <= 5.115);
  assert.equal(sound.position(1, performance.now()), null);
});

test("the next utterance, and the same one sent again, end what played before", () => {
  const sound = ready();
  sound.write(chunk(1, 0, 24000));
  sound.write(chunk(2, 0, 24000));
  assert.notEqual(card.started[0]?.stopped, null);
  sound.write(chunk(2, 4800, 24000));
  assert.notEqual(card.started[1]?.stopped, null);
  assert.equal(card.started[2]?.stopped, null);
});

test("what the page can play is told once a change, and again when asked", () => {
  card.state = "suspended";
  const sound = ready();
  assert.deepEqual(said.states, ["blocked"]);
  sound.write(chunk(1, 0, 24000));
  assert.equal(sound.position(1, performance.now()), null, "nothing is heard of a sound that is blocked");
  sound.repeat();
  assert.deepEqual(said.states, ["blocked", "blocked"]);
});

test("a page without sound says that it is off", () => {
  const sound = new Sound({ sound: (state) => said.states.push(state), playing: () => undefined });
  sound.repeat();
  sound.write(chunk(1, 0, 100));
  assert.deepEqual(said.states, ["off"]);
  assert.equal(card.started.length, 0);
});

test("a second after an utterance was spoken out nothing of it is told any more", () => {
  const sound = ready();
  sound.write(chunk(1, 0, 24000));
  sound.finish(1);
  card.now = 6.4;
  sound.tick(performance.now() + 1000);
  const told = said.playing.length;
  card.now = 7;
  sound.tick(performance.now() + 2000);
  assert.equal(said.playing.length, told);
});
