import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBinary, decodeBytes } from "../src/shared/protocol.js";

function motion(channels: readonly number[], bones: readonly (readonly [number, number])[]): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(16 + 4 * channels.length + 4 * bones.length));
  view.setUint8(0, 1);
  view.setUint16(2, bones.length, true);
  view.setUint32(4, 77, true);
  view.setFloat64(8, 1234.5, true);
  channels.forEach((value, index) => view.setFloat32(16 + 4 * index, value, true));
  bones.forEach(([index, value], place) => {
    view.setUint16(16 + 4 * channels.length + 4 * place, index, true);
    view.setInt16(18 + 4 * channels.length + 4 * place, value * 50, true);
  });
  return view.buffer;
}

test("a motion frame is decoded as it was written", () => {
  const frame = decodeBinary(motion([0.5, -12.25], [[7, -68.02], [300, 179.98]]), 2);
  assert.ok(frame?.kind === "motion");
  assert.equal(frame.sequence, 77);
  assert.equal(frame.at, 1234.5);
  assert.deepEqual([...frame.channels], [0.5, -12.25]);
  assert.deepEqual([...frame.boneIndices], [7, 300]);
  assert.ok(Math.abs((frame.boneValues[0] ?? 0) + 68.02) < 1e-4);
});

test("sound is decoded with its place", () => {
  const view = new DataView(new ArrayBuffer(20));
  view.setUint8(0, 2);
  view.setUint32(4, 9, true);
  view.setUint32(8, 48000, true);
  view.setUint32(12, 48000, true);
  view.setInt16(16, -32768, true);
  view.setInt16(18, 1234, true);
  const chunk = decodeBinary(view.buffer, 0);
  assert.ok(chunk?.kind === "sound");
  assert.deepEqual([chunk.utterance, chunk.offset, chunk.rate, ...chunk.samples], [9, 48000, 48000, -32768, 1234]);
});

test("what is cut short or unknown is nothing", () => {
  const whole = motion([1, 2, 3], [[0, 1]]);
  for (let length = 0; length < whole.byteLength; length += 1) assert.equal(decodeBinary(whole.slice(0, length), 3), null);
  assert.equal(decodeBinary(new Uint8Array(32).fill(9).buffer, 0), null);
});

test("base64 gives its bytes", () => {
  assert.deepEqual([...decodeBytes("AP8BgA==")], [0, 255, 1, 128]);
  assert.equal(decodeBytes("").length, 0);
});
