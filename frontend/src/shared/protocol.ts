/** What the bridge and its pages say to each other (docs/events.md): types, and the decoding of what is not JSON. */

export const PROTOCOL = 1;

export type StreamName = "speech" | "motion" | "sound" | "state";
export type SoundState = "running" | "blocked" | "off" | "failed";
export type PageKind = "overlay" | "studio" | "program";
export type AvatarKind = "vrm" | "svg" | "png" | "live2d";

/** A mouth shape's weights in this order. */
export const VISEMES = ["aa", "ih", "ou", "ee", "oh"] as const;

export interface AvatarSource {
  readonly kind: AvatarKind;
  readonly url: string;
  readonly name: string;
  /** png: the names of the pictures, relative to `url`. */
  readonly files?: readonly string[];
  /** live2d: where the user's Cubism Core is served. */
  readonly core?: string;
}

export interface Welcome {
  readonly type: "welcome";
  readonly protocol: number;
  readonly version: string;
  readonly id: number;
  readonly now: number;
  readonly channels: readonly string[];
  readonly bones: readonly string[];
  readonly resting_pose: Readonly<Record<string, number>>;
  readonly avatar: AvatarSource;
  readonly speaker: string;
  readonly clips: Readonly<Record<string, string>>;
}

export interface WordTime {
  readonly text: string;
  readonly at: number;
  readonly duration: number;
  readonly char: number;
}

export interface PhonemeTime {
  readonly symbol: string;
  readonly at: number;
  readonly duration: number;
}

export interface EncodedMouth {
  readonly at: number;
  readonly rate: number;
  readonly open: string;
  readonly shapes: string;
}

export interface Waveform {
  readonly rate: number;
  readonly peaks: string;
}

export interface SegmentMessage {
  /** corrected: the segment with this index was told before; its words, sounds and mouth stand at better times now. */
  readonly type: "segment" | "corrected";
  readonly utterance: number;
  readonly index: number;
  readonly text: string;
  readonly at: number;
  readonly duration: number;
  readonly silence: number;
  readonly words: readonly WordTime[];
  readonly phonemes: readonly PhonemeTime[];
  readonly mouth: EncodedMouth;
  readonly waveform?: Waveform;
}

export interface CueTime {
  readonly id: number;
  readonly name: string;
  readonly at: number;
  readonly start: number;
  readonly duration: number | null;
  readonly released: number | null;
  readonly written: string;
  readonly char: number;
}

export interface CaptionWord {
  readonly text: string;
  readonly at: number;
  readonly end: number;
}

export interface Caption {
  readonly at: number;
  readonly end: number;
  readonly lines: readonly (readonly CaptionWord[])[];
}

export interface ClockMessage {
  readonly type: "clock";
  readonly utterance: number;
  readonly now: number;
  readonly heard: number;
  readonly running: boolean;
}

export interface EndedMessage {
  readonly type: "ended";
  readonly utterance: number;
  readonly heard: number;
  readonly complete: boolean;
  readonly shown?: string;
}

export interface ActMessage {
  readonly type: "act";
  readonly action: string;
  readonly url: string;
  readonly at: number;
  readonly strength: number;
  readonly duration: number | null;
}

export interface FiredMessage {
  readonly type: "fired";
  readonly utterance: number;
  readonly driver: string;
  readonly action: string;
  readonly written: string;
  readonly due: number;
  readonly late_ms: number;
  readonly native: boolean;
}

export interface NoteMessage {
  readonly type: "note";
  readonly message: string;
  readonly suggestion?: string | null;
  readonly level: "info" | "warning";
}

/** Every text message that the bridge sends. */
export type ServerMessage =
  | Welcome
  | SegmentMessage
  | ClockMessage
  | EndedMessage
  | ActMessage
  | FiredMessage
  | NoteMessage
  | { readonly type: "pong"; readonly sent: number; readonly now: number }
  | { readonly type: "utterance"; readonly utterance: number }
  | { readonly type: "cues"; readonly utterance: number; readonly cues: readonly CueTime[] }
  | { readonly type: "captions"; readonly utterance: number; readonly from: number; readonly captions: readonly Caption[] }
  | { readonly type: "closed"; readonly utterance: number; readonly duration: number }
  | { readonly type: "release"; readonly action: string; readonly at: number }
  | { readonly type: "reset" }
  | { readonly type: "turn"; readonly has: boolean }
  | { readonly type: "stop"; readonly utterance: number }
  | { readonly type: "sound_end"; readonly utterance: number; readonly samples: number }
  | { readonly type: "state"; readonly [key: string]: unknown }
  | { readonly type: "latency"; readonly [key: string]: unknown };

/** One tick of the rig: face channels in the welcome's order, bones by index in degrees. */
export interface MotionFrame {
  readonly kind: "motion";
  readonly sequence: number;
  /** Bridge clock at which it is to be seen. */
  readonly at: number;
  readonly channels: Float32Array;
  readonly boneIndices: Uint16Array;
  readonly boneValues: Float32Array;
}

/** A piece of an utterance's audio: mono, 16 bit. */
export interface SoundChunk {
  readonly kind: "sound";
  readonly utterance: number;
  /** Place of the first sample in the utterance. */
  readonly offset: number;
  readonly rate: number;
  readonly samples: Int16Array;
}

const MOTION_HEADER = 16;
const SOUND_HEADER = 16;
const BONE_UNIT = 1 / 50;

/** Decode a binary message; null for a kind that this page does not know or a message cut short. */
export function decodeBinary(data: ArrayBuffer, channelCount: number): MotionFrame | SoundChunk | null {
  const view = new DataView(data);
  if (data.byteLength < MOTION_HEADER) return null;
  const kind = view.getUint8(0);
  if (kind === 1) return decodeMotion(view, channelCount);
  if (kind === 2) return decodeSound(view);
  return null;
}

function decodeMotion(view: DataView, channelCount: number): MotionFrame | null {
  const bones = view.getUint16(2, true);
  const bonesAt = MOTION_HEADER + 4 * channelCount;
  if (view.byteLength < bonesAt + 4 * bones) return null;
  const channels = new Float32Array(channelCount);
  for (let index = 0; index < channelCount; index += 1) channels[index] = view.getFloat32(MOTION_HEADER + 4 * index, true);
  const boneIndices = new Uint16Array(bones);
  const boneValues = new Float32Array(bones);
  for (let index = 0; index < bones; index += 1) {
    boneIndices[index] = view.getUint16(bonesAt + 4 * index, true);
    boneValues[index] = view.getInt16(bonesAt + 4 * index + 2, true) * BONE_UNIT;
  }
  const at = view.getFloat64(8, true);
  return { kind: "motion", sequence: view.getUint32(4, true), at, channels, boneIndices, boneValues };
}

function decodeSound(view: DataView): SoundChunk {
  const count = (view.byteLength - SOUND_HEADER) >> 1;
  const samples = new Int16Array(count);
  for (let index = 0; index < count; index += 1) samples[index] = view.getInt16(SOUND_HEADER + 2 * index, true);
  return {
    kind: "sound",
    utterance: view.getUint32(4, true),
    offset: view.getUint32(8, true),
    rate: view.getUint32(12, true),
    samples,
  };
}

/** Bytes of a base64 text. */
export function decodeBytes(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
