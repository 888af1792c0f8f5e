/** The overlay: what the bridge says, as picture, sound and words. */

import { Connection, withToken } from "../shared/connection.js";
import type { Link, Listener } from "../shared/connection.js";
import type { ActMessage, AvatarSource, EndedMessage, MotionFrame, ServerMessage, SoundChunk, SoundState, Welcome } from "../shared/protocol.js";
import type { Avatar, Problem } from "./avatar.js";
import { SvgAvatar } from "./avatars/svg.js";
import { cast, problemOf } from "./cast.js";
import type { Hints } from "./hints.js";
import { Motion } from "./motion.js";
import { MOUTH_SIZE } from "./mouth.js";
import type { Options } from "./options.js";
import { Playhead } from "./playhead.js";
import { Sound } from "./sound.js";
import { Subtitles } from "./subtitles.js";
import { Utterance } from "./utterance.js";

/** The first frame may take long; no spring shall feel it. */
const LONGEST_STEP = 0.1;
/** Seconds that springs take at once where a picture is not to wait for them. */
const SETTLING_STEP = 0.05;
/** Seconds of sound that a page may have left when the bridge counts an utterance as spoken out. */
const TAIL = 0.5;

export class Overlay implements Listener {
  readonly connection: Connection;
  readonly sound: Sound;
  readonly motion = new Motion();
  readonly subtitles = new Subtitles();
  readonly playhead: Playhead;
  avatar: Avatar | null = null;
  utterance: Utterance | null = null;
  connected: Link = "connecting";
  /** Milliseconds of script that the last frame took. */
  scriptMs = 0;
  private castProblems: readonly Problem[] = [];
  private shownSource = "";
  private welcomes = 0;
  private resting: Readonly<Record<string, number>> = {};
  private version = "";
  private drawnMs = 0;
  private readonly mouth = new Float32Array(MOUTH_SIZE);

  constructor(
    private readonly stage: HTMLElement,
    private readonly options: Options,
    private readonly hints: Hints,
    private readonly changed: () => void,
  ) {
    const name = options.layout === "both" ? "Overlay" : `Overlay (${options.layout})`;
    this.sound = new Sound({
      sound: (state, detail) => this.soundChanged(state, detail),
      playing: (utterance, startMs, lateMs, latencyMs) => this.played(utterance, startMs, lateMs, latencyMs),
    });
    this.connection = new Connection({ kind: "overlay", name, streams: ["speech", "motion", "sound"] }, this);
    this.playhead = new Playhead(this.connection.clock, this.sound);
  }

  open(): void {
    if (this.options.audio) this.sound.open();
    this.connection.open();
  }

  /** What is wrong with what is shown, for the studio. */
  get problems(): readonly Problem[] {
    const blocked = this.sound.state === "blocked" || this.sound.state === "failed";
    const silent = { message: `The page cannot be heard: its sound is ${this.sound.state}.`, suggestion: "Click on the page once." };
    return [...this.castProblems, ...(this.avatar?.problems ?? []), ...(blocked ? [silent] : [])];
  }

  get ready(): boolean {
    return this.connected === "open" && (this.avatar !== null || this.options.layout === "subtitles");
  }

  /** Show another avatar, whoever chose it. */
  show(avatar: Avatar, problems: readonly Problem[]): void {
    this.avatar?.element.remove();
    this.avatar?.dispose();
    this.avatar = avatar;
    this.castProblems = problems;
    this.stage.replaceChildren(avatar.element);
    this.resize();
    avatar.frame(this.options.camera);
    this.changed();
  }

  get restingPose(): Readonly<Record<string, number>> {
    return this.resting;
  }

  resize(): void {
    this.subtitles.fit();
    const { clientWidth, clientHeight } = this.stage;
    if (clientWidth && clientHeight) this.avatar?.resize(clientWidth, clientHeight, devicePixelRatio || 1);
  }

  /** Where the picture is in the utterance at `pageMs`, in seconds; the knob between sound and picture is in it. */
  shownTime(pageMs: number): number {
    return this.playhead.at(pageMs) - this.options.pictureDelay;
  }

  /** Draw the instant `pageMs` of `performance.now()`. */
  draw(pageMs: number): void {
    const began = performance.now();
    const seconds = Math.min((pageMs - this.drawnMs) / 1000, LONGEST_STEP);
    this.drawnMs = pageMs;
    const { utterance, avatar } = this;
    this.sound.tick(pageMs);
    const time = utterance ? this.shownTime(pageMs) : -Infinity;
    const speaking = utterance !== null && !utterance.over && !utterance.mouth.empty;
    if (speaking) utterance.mouth.sample(time, this.mouth);
    this.motion.move(this.connection.clock.toBridge(pageMs) - this.options.pictureDelay, speaking ? this.mouth : null);
    if (this.options.layout !== "avatar") this.subtitles.draw(utterance, time, pageMs);
    const own = performance.now() - began;
    if (!avatar) {
      this.scriptMs = own;
      return;
    }
    try {
      avatar.draw(this.motion, seconds);
    } catch (error) {
      this.replace(avatar, error);
    }
    this.scriptMs = avatar.scriptMs === undefined ? performance.now() - began : own + avatar.scriptMs;
  }

  /** Draw `seconds` at once, for a picture of a pose that was held that long. */
  settle(seconds: number): void {
    // Nobody sees these frames: they need not be large.
    this.avatar?.resize(1, 1, 1);
    for (let rest = seconds; rest > 0; rest -= SETTLING_STEP) this.avatar?.draw(this.motion, SETTLING_STEP);
    this.resize();
  }

  // What the connection tells.

  welcome(welcome: Welcome): void {
    // Another bridge than the one this page came from may say what this page does not understand.
    if (this.version && this.version !== welcome.version) return location.reload();
    this.version = welcome.version;
    this.welcomes += 1;
    this.resting = welcome.resting_pose;
    this.motion.learn(welcome.channels, welcome.bones);
    this.subtitles.name(this.options.speaker ?? welcome.speaker ?? "");
    this.sound.repeat();
    if (this.options.layout !== "subtitles") void this.dress(welcome.avatar);
    this.changed();
  }

  message(message: ServerMessage): void {
    this.sound.tick(performance.now());
    switch (message.type) {
      case "utterance":
        return this.begin(message.utterance);
      case "ended":
        return this.end(message);
      case "clock":
        return this.playhead.follow(message);
      case "turn":
        return this.sound.take(message.has);
      case "stop":
        return this.sound.stop();
      case "sound_end":
        return this.sound.finish(message.utterance);
      case "act":
        return this.act(message);
      case "release":
        return this.avatar?.release(message.action);
      case "reset":
        return this.avatar?.release();
      default:
        break;
    }
    const { utterance } = this;
    if (!utterance || !("utterance" in message) || message.utterance !== utterance.number) return;
    if (message.type === "segment" || message.type === "corrected") utterance.place(message);
    else if (message.type === "captions") utterance.caption(message.from, message.captions);
    else if (message.type === "closed") utterance.close(message.duration);
  }

  binary(message: MotionFrame | SoundChunk): void {
    if (message.kind === "motion") this.motion.add(message);
    else this.sound.write(message);
    this.sound.tick(performance.now());
  }

  /** The connection came, went or was refused. */
  linked(link: Link, detail: string): void {
    this.connected = link;
    if (link === "open") {
      this.hints.hide("link");
    } else if (link === "refused") {
      const how = detail || "Open the address that `avatar-bridge serve` printed: it holds the token.";
      // Who set it up must see it; who only watches the stream must not for long.
      this.hints.show("link", `Avatar Bridge does not let this page in. ${how}`, this.version ? 15 : undefined);
    } else if (link === "lost") {
      if (!this.version) this.hints.show("link", `Looking for Avatar Bridge at ${location.host} …`);
      this.cut(null);
      this.sound.take(false);
      this.avatar?.release();
    }
    this.changed();
  }

  /** An avatar that cannot be drawn any more makes room for one that can. */
  private replace(avatar: Avatar, error: unknown): void {
    if (avatar.kind === "svg") throw error;
    const { message } = problemOf(error);
    const problem = { message: `${avatar.name} cannot be drawn any more: ${message}`, suggestion: "Reload the page." };
    this.show(new SvgAvatar(avatar.name), [problem]);
    this.shownSource = "";
  }

  private async dress(source: AvatarSource): Promise<void> {
    const wanted = JSON.stringify(source);
    if (wanted === this.shownSource) return;
    this.shownSource = wanted;
    const { welcomes } = this;
    const { avatar, problems } = await cast(source, this.resting, this.options);
    if (wanted !== this.shownSource) return avatar.dispose();
    this.show(avatar, problems);
    if (!problems.length) return;
    // The bridge may have gone while it loaded: the next welcome is another try.
    this.shownSource = "";
    if (welcomes !== this.welcomes) await this.dress(source);
  }

  private begin(number: number): void {
    // A page that was away for a moment is told of the same utterance again, from its beginning.
    if (this.utterance && !this.utterance.over) this.cut(this.shownTime(performance.now()));
    this.utterance = new Utterance(number);
    this.playhead.begin(number);
  }

  private end(message: EndedMessage): void {
    if (message.utterance !== this.utterance?.number) return;
    if (message.complete) {
      const now = performance.now();
      // A page that stood still for a while has sound left that nobody waits for any more.
      if (this.playhead.ownSound(now) && this.playhead.at(now) < message.heard - TAIL) this.sound.stop();
      this.utterance.end(message.heard, true);
      this.playhead.end(message.heard, true);
    } else {
      this.sound.stop();
      this.cut(message.heard);
    }
  }

  /** Mouth shut, silence, and the words end where the sound did. */
  private cut(heard: number | null): void {
    const now = performance.now();
    const { utterance } = this;
    if (!utterance || utterance.over) return;
    const reached = heard ?? this.playhead.at(now);
    utterance.end(reached, false);
    this.sound.stop();
    this.playhead.end(reached, false);
    this.motion.shut(this.connection.clock.toBridge(now) - this.options.pictureDelay);
  }

  private act(message: ActMessage): void {
    const startsAt = this.connection.clock.toPage(message.at + this.options.pictureDelay);
    const { action, strength, duration } = message;
    this.avatar?.play({ action, url: withToken(message.url), startsAt, strength, duration });
  }

  private soundChanged(state: SoundState, detail: string): void {
    this.connection.send({ type: "sound", state, detail });
    this.changed();
  }

  private played(utterance: number, startMs: number, lateMs: number, latencyMs: number): void {
    const start = this.connection.clock.toBridge(startMs);
    this.connection.send({ type: "playing", utterance, start, late_ms: lateMs, latency_ms: latencyMs });
  }
}
