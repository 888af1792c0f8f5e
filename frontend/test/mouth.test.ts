import assert from "node:assert/strict";
import { test } from "node:test";
import { Motion } from "../src/overlay/motion.js";
import { Mouth, MOUTH_SIZE } from "../src/overlay/mouth.js";
import type { MotionFrame } from "../src/shared/protocol.js";

const CHANNELS = ["head_yaw", "mouth_open", "aa", "ih", "ou", "ee", "oh"];
const BONES = ["hips_x", "left_hand_z"];

function encode(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString("base64");
}

function curve(at: number, open: readonly number[]): { at: number; rate: number; open: string; shapes: string } {
  return { at, rate: 100, open: encode(open), shapes: encode(open.flatMap((value) => [value, 0, 0, 0, 0])) };
}

function frame(at: number, yaw: number, open = 0, bones: readonly (readonly [number, number])[] = []): MotionFrame {
  return {
    kind: "motion",
    sequence: 0,
    at,
    channels: Float32Array.from([yaw, open, open, 0, 0, 0, 0]),
    boneIndices: Uint16Array.from(bones.map(([index]) => index)),
    boneValues: Float32Array.from(bones.map(([, value]) => value)),
  };
}

function moving(): Motion {
  const motion = new Motion();
  motion.learn(CHANNELS, BONES);
  return motion;
}

test("a mouth is interpolated, and shut outside its curves", () => {
  const mouth = new Mouth();
  mouth.add(curve(2, [255, 255]));
  mouth.add(curve(1, [0, 255, 0]));
  const at = new Float32Array(MOUTH_SIZE);
  const open = (time: number): number => {
    mouth.sample(time, at);
    return at[0] ?? 0;
  };
  assert.ok(Math.abs(open(1.005) - 0.5) < 1e-6);
  assert.ok(Math.abs(open(1.01) - 1) < 1e-6);
  assert.equal(open(0.5), 0);
  assert.equal(open(1.5), 0);
  assert.ok(Math.abs(open(2.005) - 1) < 1e-6);
  assert.ok(Math.abs(open(1.01) - 1) < 1e-6, "looking back finds the earlier stretch again");
  assert.equal(open(9), 0);
  assert.equal(open(-Infinity), 0);
});

test("between two frames the pose lies between them", () => {
  const motion = moving();
  motion.add(frame(1, 10, 0, [[1, 40]]));
  motion.add(frame(1.02, 20));
  motion.move(1.01, null);
  assert.ok(Math.abs(motion.get("head_yaw") - 15) < 1e-4);
  assert.ok(Math.abs((motion.bones.get("left_hand_z") ?? 0) - 20) < 1e-4, "a bone that a frame does not name is at rest there");
  motion.move(1.02, null);
  assert.equal(motion.bones.has("hips_x"), false);
  assert.equal(motion.get("no_such_channel"), 0);
});

test("the last frame is held, then the body goes to rest", () => {
  const motion = moving();
  motion.add(frame(1, 10));
  motion.move(1.9, null);
  assert.equal(motion.get("head_yaw"), 10);
  motion.move(5, null);
  assert.ok(Math.abs(motion.get("head_yaw")) < 0.01);
});

test("frames out of order change nothing; a new bridge's clock begins anew", () => {
  const motion = moving();
  motion.add(frame(100, 10));
  motion.add(frame(99.99, -10));
  motion.move(100, null);
  assert.equal(motion.get("head_yaw"), 10);
  motion.add(frame(3, 5));
  motion.move(3, null);
  assert.equal(motion.get("head_yaw"), 5);
});

test("the utterance's mouth goes before the frames', and a cut closes it within 60 ms", () => {
  const motion = moving();
  const wide = new Float32Array([1, 1, 0, 0, 0, 0]);
  motion.add(frame(1, 0, 0.2));
  motion.move(1, wide);
  assert.equal(motion.get("mouth_open"), 1);
  motion.shut(1);
  // Frames that were on their way still speak.
  motion.add(frame(1.04, 0, 0.9));
  for (let at = 1.01; at <= 1.061; at += 0.01) motion.move(at, null);
  assert.equal(motion.get("mouth_open"), 0);
  assert.equal(motion.get("aa"), 0);
  motion.add(frame(1.3, 0, 0.3));
  motion.move(1.3, null);
  assert.ok(motion.get("mouth_open") > 0.29, "a yawn opens it again");
});

test("a held pose stands still until it is let go", () => {
  const motion = moving();
  motion.add(frame(1, 10));
  motion.hold({ head_yaw: -3, left_hand_z: 12 });
  motion.move(1, null);
  assert.equal(motion.get("head_yaw"), -3);
  assert.equal(motion.bones.get("left_hand_z"), 12);
  motion.hold(null);
  motion.move(1, null);
  assert.equal(motion.get("head_yaw"), 10);
});

test("a curve that comes again replaces the one that begins at the same time", () => {
  const mouth = new Mouth();
  mouth.add(curve(1, [255, 255, 255]));
  mouth.add(curve(2, [255, 255]));
  mouth.add(curve(1, [51, 51, 51]));
  const at = new Float32Array(MOUTH_SIZE);
  mouth.sample(1.01, at);
  assert.ok(Math.abs((at[0] ?? 0) - 0.2) < 1e-6);
  mouth.sample(2, at);
  assert.equal(at[0], 1);
});
