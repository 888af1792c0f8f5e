/** The overlay page: puts it together and keeps it drawing. */

import type { Problem } from "./avatar.js";
import { castFile, foresee, problemOf } from "./cast.js";
import { acceptDrops } from "./drop.js";
import { Hints } from "./hints.js";
import { readOptions } from "./options.js";
import { Overlay } from "./overlay.js";
import { Pace } from "./pace.js";
import { Trace } from "./trace.js";
import type { PageState } from "./trace.js";
import { VISEMES } from "../shared/protocol.js";

const REPORT_MS = 2000;
const HINT_SECONDS = 8;
/** A sound that starts by itself does so within this time; only then is a click asked for. */
const PATIENCE_MS = 1200;

const options = readOptions(location.href);
const hints = new Hints();
const stage = document.createElement("main");
stage.className = "stage";
const pace = new Pace();
const trace = new Trace();
const overlay = new Overlay(stage, options, hints, changed);
let told = "";
let openedMs = performance.now();

function changed(): void {
  const needsClick = overlay.sound.state === "blocked" && performance.now() - openedMs > PATIENCE_MS && !("obsstudio" in window);
  if (needsClick) hints.show("sound", "Click to hear me");
  else hints.hide("sound");
  const now = JSON.stringify([overlay.connected, overlay.ready, overlay.problems]);
  if (now !== told) report();
  told = now;
}

function report(): void {
  const { avatar } = overlay;
  overlay.connection.send({
    type: "report",
    problems: overlay.problems,
    avatar: avatar ? { kind: avatar.kind, name: avatar.name } : null,
    fps: Math.round(pace.fps * 10) / 10,
    draw_ms: Math.round(pace.drawMs * 100) / 100,
    visible: !document.hidden,
    ready: overlay.ready,
  });
}

function record(pageMs: number): void {
  const { motion, utterance } = overlay;
  const { text, words, current } = overlay.subtitles.shown;
  const row = {
    t: pageMs,
    bridge: overlay.connection.clock.toBridge(pageMs),
    utterance: utterance && !utterance.over ? utterance.number : null,
    playhead: overlay.shownTime(pageMs),
    mouth_open: motion.get("mouth_open"),
    visemes: VISEMES.map((name) => motion.get(name)),
    words,
    shown: text,
    current,
    head_pitch: motion.get("head_pitch"),
    head_yaw: motion.get("head_yaw"),
  };
  trace.add(trace.whole ? { ...row, pose: motion.moving() } : row);
}

function frame(): void {
  // Not the time that requestAnimationFrame gives: a busy page gets that late, and sound does not wait.
  const pageMs = performance.now();
  requestAnimationFrame(frame);
  overlay.draw(pageMs);
  pace.add(pageMs, overlay.scriptMs);
  if (trace.on) record(pageMs);
}

function state(): PageState {
  const { avatar, utterance } = overlay;
  const now = performance.now();
  return {
    link: overlay.connected,
    ready: overlay.ready,
    avatar: avatar ? { kind: avatar.kind, name: avatar.name } : null,
    problems: overlay.problems,
    sound: overlay.sound.state,
    hasSound: overlay.sound.hasTurn,
    utterance: utterance && !utterance.over ? utterance.number : null,
    playhead: utterance ? overlay.playhead.at(now) : 0,
    subtitle: overlay.subtitles.shown.text,
    fps: pace.fps,
    drawMs: pace.drawMs,
    frames: pace.frames,
  };
}

function complain(problem: Problem): void {
  hints.show("drop", [problem.message, problem.suggestion].filter(Boolean).join(". "), HINT_SECONDS);
}

/** A model or an animation that was dropped on the page is shown there and nowhere else. */
function takeDrops(): void {
  acceptDrops(document, {
    model: (bytes, name) => {
      hints.show("drop", `Loading ${name} …`);
      castFile(bytes, overlay.restingPose, options)
        .then((avatar) => overlay.show(avatar, []))
        .then(() => hints.hide("drop"))
        .catch((error: unknown) => complain(problemOf(error)));
    },
    clip: (url, action) => overlay.avatar?.play({ action, url, startsAt: performance.now(), strength: 1, duration: null }),
    refuse: complain,
    hover: (over) => document.body.classList.toggle("taking", over),
  });
}

function begin(): void {
  document.body.dataset["layout"] = options.layout;
  document.body.dataset["theme"] = options.theme;
  document.documentElement.style.setProperty("--avatar-size", String(options.size));
  document.body.append(stage, overlay.subtitles.element, hints.element);
  for (const [index, mistake] of options.mistakes.entries()) hints.show(`option${index}`, mistake, HINT_SECONDS);
  new ResizeObserver(() => overlay.resize()).observe(stage);
  for (const name of ["pointerdown", "keydown"]) addEventListener(name, () => overlay.sound.resume());
  document.addEventListener("visibilitychange", () => overlay.sound.resume());
  addEventListener("unhandledrejection", (event) => hints.show("fault", problemOf(event.reason).message, HINT_SECONDS));
  takeDrops();
  setInterval(report, REPORT_MS);
  setTimeout(changed, PATIENCE_MS + 50);
  window.avatarBridge = {
    state,
    hold: (channels, seconds = 0) => {
      overlay.motion.hold(channels);
      overlay.settle(seconds);
    },
    trace: (on) => trace.set(on),
    heard: () => (overlay.utterance && !overlay.utterance.over ? overlay.playhead.at(performance.now()) : null),
  };
  openedMs = performance.now();
  overlay.open();
  foresee(options);
  requestAnimationFrame(frame);
}

begin();
