import assert from "node:assert/strict";
import { test } from "node:test";
import type { CueTime, SegmentMessage, ServerMessage } from "../src/shared/protocol.js";
import { endOf, Performances, sendings, strongest } from "../src/studio/performances.js";

const bytes = (...values: number[]): string => btoa(String.fromCharCode(...values));
const cue = (name: string, start: number): CueTime => ({ id: 0, name, at: start + 0.2, start, duration: 0.6, released: null, written: name, char: 0 });

function segment(utterance: number, index: number, at: number, duration: number): SegmentMessage {
  const mouth = { at, rate: 100, open: bytes(0, 128, 255), shapes: bytes(0, 0, 0, 0, 0, 200, 10, 0, 0, 0, 0, 0, 0, 90, 0) };
  return { type: "segment", utterance, index, text: "x", at, duration, silence: 0, words: [], phonemes: [], mouth };
}

function told(performances: Performances, ...messages: ServerMessage[]): void {
  for (const message of messages) performances.receive(message);
}

test("the playhead follows the clock, stands where it stands, and never goes back", () => {
  const show = new Performances();
  told(show, { type: "utterance", utterance: 1 }, segment(1, 0, 0, 3));
  told(show, { type: "clock", utterance: 1, now: 10, heard: 0.5, running: true });
  assert.equal(show.playhead(10.25), 0.75);
  told(show, { type: "clock", utterance: 1, now: 10.3, heard: 0.6, running: false });
  assert.equal(show.playhead(12), 0.75);
  told(show, { type: "clock", utterance: 1, now: 13, heard: 1, running: true });
  assert.equal(show.playhead(13.5), 1.5);
});

test("utterances stand behind one another on the axis, an interrupted one only as far as it was heard", () => {
  const show = new Performances();
  told(show, { type: "utterance", utterance: 1 }, segment(1, 0, 0, 5), { type: "clock", utterance: 1, now: 0, heard: 2, running: false });
  show.playhead(0);
  told(show, { type: "ended", utterance: 1, heard: 2.1, complete: false }, { type: "utterance", utterance: 2 });
  const [first, second] = show.list;
  assert.ok(first && second);
  assert.equal(endOf(first), 2.1);
  assert.equal(first.over, "interrupted");
  assert.ok(second.origin > 2.1 && second.origin < 4);
});

test("who joins again finds the utterance where it was", () => {
  const show = new Performances();
  told(show, { type: "utterance", utterance: 1 }, { type: "ended", utterance: 1, heard: 1, complete: true }, { type: "utterance", utterance: 2 });
  const origin = show.latest?.origin;
  show.disconnected();
  told(show, { type: "utterance", utterance: 2 }, segment(2, 0, 0, 1));
  assert.equal(show.latest?.origin, origin);
  assert.equal(show.list.length, 2);
  assert.ok(show.speaking);
});

test("messages of another utterance change nothing", () => {
  const show = new Performances();
  told(show, { type: "utterance", utterance: 2 }, segment(1, 0, 0, 9), { type: "ended", utterance: 1, heard: 1, complete: true });
  assert.equal(show.latest?.segments.length, 0);
  assert.ok(show.speaking);
});

test("a cue is shown with the sending nearest to its plan, by each driver", () => {
  const show = new Performances();
  told(show, { type: "utterance", utterance: 1 }, { type: "cues", utterance: 1, cues: [cue("nod", 1), cue("nod", 4)] });
  const fired = { type: "fired", utterance: 1, action: "nod", written: "nod", native: false } as const;
  told(show, { ...fired, driver: "vts", due: 1, late_ms: 2 }, { ...fired, driver: "overlay", due: 0.98, late_ms: 0 }, { ...fired, driver: "vts", due: 4, late_ms: 30 });
  const one = show.latest;
  const [early, late] = one?.cues ?? [];
  assert.ok(one && early && late);
  assert.deepEqual(sendings(one, early).map((sent) => [sent.driver, sent.lateMs]), [["vts", 2], ["overlay", 0]]);
  assert.deepEqual(sendings(one, late).map((sent) => sent.lateMs), [30]);
});

test("the strongest viseme is named, and a shut mouth has none", () => {
  const show = new Performances();
  told(show, { type: "utterance", utterance: 1 }, segment(1, 0, 0, 1));
  const shapes = show.latest?.segments[0]?.shapes;
  assert.ok(shapes);
  assert.equal(strongest(shapes, 0), null);
  assert.equal(strongest(shapes, 1)?.index, 0);
  assert.equal(strongest(shapes, 2)?.index, 3);
});
