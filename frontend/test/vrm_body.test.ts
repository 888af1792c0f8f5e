/** A humanoid under the rig's channels: feet that stay, springs that do not mind the frame rate, channels that add up. */

import type { VRM, VRMHumanBoneName } from "@pixiv/three-vrm";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Object3D, Quaternion, Vector3 } from "three";

import type { Pose } from "../src/overlay/avatar.js";
import { BodyPose } from "../src/overlay/avatars/vrm_pose.js";
import { Skeleton } from "../src/overlay/avatars/vrm_skeleton.js";
import { Spring } from "../src/overlay/avatars/vrm_spring.js";

const BODY: readonly (readonly [VRMHumanBoneName, VRMHumanBoneName | null, number, number, number])[] = [
  ["hips", null, 0, 0.8, 0],
  ["spine", "hips", 0, 0.1, 0],
  ["chest", "spine", 0, 0.12, 0],
  ["neck", "chest", 0, 0.2, 0],
  ["head", "neck", 0, 0.08, 0],
  ["leftUpperArm", "chest", 0.14, 0.15, 0],
  ["leftLowerArm", "leftUpperArm", 0.22, 0, 0],
  ["leftUpperLeg", "hips", 0.09, -0.04, 0],
  ["leftLowerLeg", "leftUpperLeg", 0, -0.35, 0.01],
  ["leftFoot", "leftLowerLeg", 0, -0.34, -0.02],
  ["leftToes", "leftFoot", 0, -0.06, 0.12],
  ["rightUpperLeg", "hips", -0.09, -0.04, 0],
  ["rightLowerLeg", "rightUpperLeg", 0, -0.35, 0],
  ["rightFoot", "rightLowerLeg", 0, -0.34, 0],
];

function skeleton(): Skeleton {
  const nodes = new Map<string, Object3D>();
  for (const [name] of BODY) nodes.set(name, Object.assign(new Object3D(), { name }));
  for (const [name, , x, y, z] of BODY) nodes.get(name)?.position.set(x, y, z);
  const humanoid = { normalizedHumanBones: Object.fromEntries(nodes), getNormalizedBoneNode: (name: string) => nodes.get(name) ?? null };
  return new Skeleton({ meta: { metaVersion: "1" }, humanoid } as unknown as VRM);
}

function pose(channels: Readonly<Record<string, number>>, bones: Readonly<Record<string, number>> = {}): Pose {
  return { get: (name) => channels[name] ?? 0, bones: new Map(Object.entries(bones)) };
}

/** Where a bone is and how it is turned, in the model's space. */
function world(body: Skeleton, name: VRMHumanBoneName): { place: Vector3; turn: Quaternion } {
  const bone = body.bones.get(name);
  assert.ok(bone);
  const parent = BODY.find(([each]) => each === name)?.[1];
  if (!parent) return { place: body.hips.clone(), turn: bone.rotation.clone() };
  const above = world(body, parent);
  return { place: bone.offset.clone().applyQuaternion(above.turn).add(above.place), turn: above.turn.clone().multiply(bone.rotation) };
}

/** Numbers from -1 to 1 that are the same in every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

function apply(channels: Readonly<Record<string, number>>, bones: Readonly<Record<string, number>> = {}): Skeleton {
  const body = skeleton();
  const moved = new BodyPose(body, {});
  moved.apply(pose(channels, bones), 1 / 60);
  moved.apply(pose(channels, bones), 1 / 60);
  return body;
}

test("planted feet stay to a tenth of a millimetre, flat, whatever the body does", () => {
  const rest = apply({});
  const random = numbers(7);
  for (let round = 0; round < 300; round++) {
    const channels = {
      body_yaw: 30 * random(), body_pitch: 30 * random(), body_roll: 30 * random(),
      position_x: random(), position_y: Math.min(random(), 0), position_z: random(),
    };
    const body = apply(channels, { hips_x: 20 * random(), hips_y: 20 * random(), hips_z: 10 * random() });
    for (const foot of ["leftFoot", "rightFoot"] as const) {
      const [now, then] = [world(body, foot), world(rest, foot)];
      assert.ok(now.place.distanceTo(then.place) < 1e-4, `${foot} moved ${now.place.distanceTo(then.place)} m in ${JSON.stringify(channels)}`);
      assert.ok(now.turn.angleTo(then.turn) < 1e-3, `${foot} turned`);
    }
  }
});

test("knees bend forwards, and more the lower the hips are", () => {
  const depths = [0, -0.3, -0.6, -1].map((depth) => apply({ position_y: depth }));
  const forward = depths.map((body) => world(body, "rightLowerLeg").place.z);
  for (let index = 1; index < forward.length; index++) assert.ok((forward[index] ?? 0) > (forward[index - 1] ?? 0));
});

test("a body that rises above its reach goes on tiptoe and never tears its legs", () => {
  const body = apply({ position_y: 1 });
  const ankle = world(body, "leftFoot");
  assert.ok(ankle.place.y > world(apply({}), "leftFoot").place.y + 0.05);
  assert.ok(world(body, "leftToes").place.y < ankle.place.y - 0.06, "the toes hang");
  assert.ok(ankle.place.distanceTo(world(body, "leftUpperLeg").place) <= 0.35 + 0.34 + 0.01);
});

test("leg channels move the foot, and the hips do not change by how much", () => {
  const bones = { left_upper_leg_x: -60, left_lower_leg_x: 70 };
  const lifted = world(apply({}, bones), "leftFoot").place;
  assert.ok(lifted.y > world(apply({}), "leftFoot").place.y + 0.1);
  assert.ok(world(apply({ position_x: 0.3, body_yaw: 20 }, bones), "leftFoot").place.distanceTo(lifted) < 1e-3);
});

test("head and body turn by what their channels say", () => {
  const ahead = new Vector3(0, 0, 1);
  const cases = [{ head_yaw: 30 }, { body_yaw: 30 }, { head_yaw: 20, body_yaw: 10 }];
  for (const channels of cases) {
    const { x, z } = ahead.clone().applyQuaternion(world(apply(channels), "head").turn);
    assert.ok(Math.abs((Math.atan2(x, z) * 180) / Math.PI - 30) < 0.5, JSON.stringify(channels));
  }
  assert.ok(ahead.clone().applyQuaternion(world(apply({ head_pitch: 20 }), "head").turn).y > 0.3, "pitch + looks up");
  const crown = new Vector3(0, 1, 0).applyQuaternion(world(apply({ head_roll: 20 }), "head").turn);
  assert.ok(crown.x > 0.3, "roll + tilts to screen right");
});

test("bone channels are Euler angles R = Ry Rz Rx about the resting pose", () => {
  const body = skeleton();
  new BodyPose(body, { left_lower_arm_y: -14 }).apply(pose({}, { left_lower_arm_y: -76, left_lower_arm_x: 30 }), 1 / 60);
  const hand = new Vector3(1, 0, 0).applyQuaternion(body.rotation("leftLowerArm") ?? new Quaternion());
  assert.ok(hand.distanceTo(new Vector3(0, 0, 1)) < 1e-6, "the elbow is bent 90 degrees to the front");
});

test("a spring ends where it is led, never beyond, at any frame rate", () => {
  const ends = [24, 60, 144].map((rate) => {
    const spring = new Spring(1.3);
    spring.follow(0, 1 / rate);
    let last = 0;
    for (let frame = 0; frame < rate / 4; frame++) {
      const value = spring.follow(10, 1 / rate);
      assert.ok(value >= last && value <= 10);
      last = value;
    }
    return last;
  });
  for (const end of ends) assert.ok(Math.abs(end - (ends[0] ?? 0)) < 1e-9, String(ends));
});

test("the first frame stands still: nothing swings into the picture", () => {
  const body = skeleton();
  const moved = new BodyPose(body, {});
  moved.apply(pose({ body_yaw: 20 }), 1 / 60);
  const first = world(body, "leftLowerArm").place;
  for (let frame = 0; frame < 60; frame++) moved.apply(pose({ body_yaw: 20 }), 1 / 60);
  assert.ok(world(body, "leftLowerArm").place.distanceTo(first) < 1e-6);
});
