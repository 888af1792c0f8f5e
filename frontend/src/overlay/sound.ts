/** The utterance's sound in this page, and what of it is heard when. */

import type { SoundChunk, SoundState } from "../shared/protocol.js";

/** Seconds from "schedule" to the first sample: enough for the next render quantum, little enough to go unnoticed. */
const AHEAD = 0.01;
const FADE = 0.012;
const RATE = 48000;
const REPORT_MS = 250;
/** Seconds after an utterance's end in which its playhead is still told. */
const AFTERWARDS = 1;

export interface SoundListener {
  /** The page can play now, or not, and why. */
  sound(state: SoundState, detail: string): void;
  /** Utterance time 0 is heard at `startMs` of `performance.now()`. */
  playing(utterance: number, startMs: number, lateMs: number, latencyMs: number): void;
}

/** From sample `from` of the utterance on, its time 0 lies at context time `start`. */
interface Span {
  readonly from: number;
  readonly start: number;
}

interface Track {
  readonly utterance: number;
  readonly gain: GainNode;
  readonly spans: Span[];
  readonly sources: Set<AudioBufferSourceNode>;
  /** Seconds of the utterance that were scheduled. */
  written: number;
  finished: boolean;
}

/**
 * Plays chunks sample-exact on the audio clock.
 *
 * A chunk that comes too late shifts itself and all that follows, so that nothing is lost and mouth and words, which follow
 * `position`, shift with it. Nothing here needs a timer: a hidden, throttled page plays on as long as messages come.
 */
export class Sound {
  private context: AudioContext | null = null;
  private track: Track | null = null;
  private told: SoundState | null = null;
  private reportedMs = 0;
  private turn = false;

  constructor(private readonly listener: SoundListener) {}

  /** Open the sound, warm from the start: for its first 100 ms a context's times are wrong. */
  open(): void {
    try {
      this.context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    } catch (error) {
      this.tell("failed", error instanceof Error ? error.message : String(error));
      return;
    }
    const silence = new ConstantSourceNode(this.context, { offset: 0 });
    silence.connect(this.context.destination);
    silence.start();
    this.context.addEventListener("statechange", () => this.look());
    this.context.addEventListener("error", () => this.tell("failed", "the sound card gave up"));
    this.resume();
    this.look();
  }

  /** Try to play; a browser that wants a click first allows it from that click on. */
  resume(): void {
    if (this.context?.state === "suspended") void this.context.resume().then(() => this.look());
  }

  get state(): SoundState {
    return this.told ?? "off";
  }

  get hasTurn(): boolean {
    return this.turn;
  }

  /** Tell the bridge again what it may have forgotten. */
  repeat(): void {
    const state = this.state;
    this.told = null;
    this.tell(state, "");
    if (this.context) this.look();
  }

  /** This page is given the sound, or another one is. */
  take(turn: boolean): void {
    this.turn = turn;
    if (!turn) this.stop();
  }

  /** Schedule a chunk; those of an older utterance end with it. */
  write(chunk: SoundChunk): void {
    const context = this.context;
    if (!context || chunk.samples.length === 0 || chunk.rate <= 0) return;
    const at = chunk.offset / chunk.rate;
    // Sent again from the playhead on: this page has its turn once more.
    const again = this.track !== null && at < this.track.written - 0.001;
    if (this.track?.utterance !== chunk.utterance || again) {
      this.stop();
      const gain = new GainNode(context);
      gain.connect(context.destination);
      this.track = { utterance: chunk.utterance, gain, spans: [], sources: new Set(), written: 0, finished: false };
    }
    const track = this.track;
    if (!track) return;
    const late = this.place(track, at, context.currentTime);
    const start = (track.spans.at(-1)?.start ?? 0) + at;
    const source = new AudioBufferSourceNode(context, { buffer: this.buffer(context, chunk) });
    source.connect(track.gain);
    source.onended = () => track.sources.delete(source);
    source.start(start);
    track.sources.add(source);
    track.written = at + chunk.samples.length / chunk.rate;
    if (late !== null) this.report(late);
  }

  /** No chunk follows: the playhead may run past the end. */
  finish(utterance: number): void {
    if (this.track?.utterance === utterance) this.track.finished = true;
  }

  /** Silence at once, with a fade too short to be heard as one and long enough not to click. */
  stop(): void {
    const { track, context } = this;
    this.track = null;
    if (!track || !context) return;
    const now = context.currentTime;
    track.gain.gain.setValueAtTime(1, now);
    track.gain.gain.linearRampToValueAtTime(0, now + FADE);
    for (const source of track.sources) source.stop(now + FADE);
    track.sources.clear();
  }

  /** Seconds of `utterance` heard at `pageMs`: below 0 before its start, standing still where the sound ran dry; null if not here. */
  position(utterance: number, pageMs: number): number | null {
    const { track, context } = this;
    if (!track || !context || track.utterance !== utterance || context.state !== "running") return null;
    const heard = this.heardTime(context, pageMs);
    let index = track.spans.length - 1;
    while (index > 0 && heard < this.opening(track.spans[index])) index -= 1;
    const span = track.spans[index];
    if (!span) return null;
    const next = track.spans[index + 1];
    const limit = next ? next.from / RATE : track.finished ? Infinity : track.written;
    return Math.min(heard - span.start, limit);
  }

  /** Report the playhead when it is time to; called by every frame and every message. */
  tick(pageMs: number): void {
    if (pageMs - this.reportedMs >= REPORT_MS && !this.spokenOut) this.report(0);
  }

  private get spokenOut(): boolean {
    const { track, context } = this;
    const end = (track?.spans.at(-1)?.start ?? 0) + (track?.written ?? 0);
    return !track || !context || (track.finished && context.currentTime > end + AFTERWARDS);
  }

  /** Find the chunk's place; how late it is in ms where it opens a new span (0 for the first of all), else null. */
  private place(track: Track, at: number, now: number): number | null {
    const span = track.spans.at(-1);
    if (span && span.start + at >= now) return null;
    const start = Math.ceil((now + AHEAD - at) * RATE) / RATE;
    track.spans.push({ from: Math.round(at * RATE), start });
    return span ? (start - span.start) * 1000 : 0;
  }

  private opening(span: Span | undefined): number {
    return span ? span.start + span.from / RATE : 0;
  }

  private buffer(context: AudioContext, chunk: SoundChunk): AudioBuffer {
    const buffer = context.createBuffer(1, chunk.samples.length, chunk.rate);
    const channel = buffer.getChannelData(0);
    for (let index = 0; index < channel.length; index += 1) channel[index] = (chunk.samples[index] ?? 0) / 32768;
    return buffer;
  }

  /** Context time that is heard at `pageMs`. Where the browser's time stamp is missing or absurd: what it renders less its latency. */
  private heardTime(context: AudioContext, pageMs: number): number {
    const { contextTime, performanceTime } = context.getOutputTimestamp();
    const since = (performance.now() - pageMs) / 1000;
    if (contextTime && performanceTime) {
      const heard = contextTime + (pageMs - performanceTime) / 1000;
      const lag = context.currentTime - since - heard;
      if (lag > -0.05 && lag < 2) return heard;
    }
    return context.currentTime - since - (context.outputLatency || context.baseLatency || 0.02);
  }

  private report(lateMs: number): void {
    const pageMs = performance.now();
    const { track, context } = this;
    const span = track?.spans.at(-1);
    if (!track || !context || !span || context.state !== "running") return;
    this.reportedMs = pageMs;
    const heard = this.heardTime(context, pageMs);
    const startMs = pageMs + (span.start - heard) * 1000;
    this.listener.playing(track.utterance, startMs, lateMs, (context.currentTime - heard) * 1000);
  }

  private look(): void {
    const state = this.context?.state;
    if (state === "running") this.tell("running", "");
    else if (state === "closed") this.tell("failed", "the sound was closed");
    else this.tell("blocked", "the browser waits for a click or a key");
  }

  private tell(state: SoundState, detail: string): void {
    if (state === this.told) return;
    this.told = state;
    this.listener.sound(state, detail);
  }
}
