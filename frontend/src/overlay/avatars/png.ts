/** An avatar of pictures: mouth open and closed, eyes open and shut, one set an emotion. */

import { withToken } from "../../shared/connection.js";
import { AvatarError } from "../avatar.js";
import type { Avatar, Framing, Pose, Problem } from "../avatar.js";
import { choosePicture, EMOTIONS, missingStates, sortPictures } from "./png_states.js";
import type { PictureSet } from "./png_states.js";

const HALF_FROM = 0.1;
const OPEN_FROM = 0.42;
/** Once open a mouth stays so until it is this much less: no flicker at the edge. */
const STICKY = 0.05;
const BLINK_FROM = 0.55;
const EMOTION_FROM = 0.35;
const EMOTION_UNTIL = 0.22;
const ZOOM: Readonly<Record<Framing, number>> = { full: 1, half: 1, face: 1.8 };

export class PngAvatar implements Avatar {
  readonly kind = "png";
  readonly element = document.createElement("div");
  private readonly figure = document.createElement("div");
  private shown: HTMLImageElement | null = null;
  private mouth: "closed" | "half" | "open" = "closed";
  private emotion = "";
  private bounce = 0;
  private speed = 0;
  private zoom = 1;

  private constructor(
    readonly name: string,
    private readonly sets: ReadonlyMap<string, PictureSet>,
    private readonly pictures: ReadonlyMap<string, HTMLImageElement>,
    readonly problems: readonly Problem[],
  ) {
    this.element.className = "png";
    this.figure.className = "figure";
    this.figure.append(...pictures.values());
    this.element.append(this.figure);
  }

  /** Load the pictures of a folder; raises AvatarError where there is none to show. */
  static async load(name: string, folder: string, files: readonly string[]): Promise<PngAvatar> {
    const found = sortPictures(files);
    const wanted = [...found.values()].flatMap((set) => [...set.values()]);
    const loaded = await Promise.all(wanted.map((file) => loadPicture(folder, file)));
    const pictures = new Map<string, HTMLImageElement>();
    const problems: Problem[] = [];
    wanted.forEach((file, index) => {
      const picture = loaded[index];
      if (picture) pictures.set(file, picture);
      else problems.push({ message: `${file} cannot be shown.`, suggestion: "Save it as PNG again." });
    });
    const sets = new Map([...found].map(([key, set]) => [key, new Map([...set].filter(([, file]) => pictures.has(file)))]));
    const lacking = missingStates(sets);
    if (choosePicture(sets, "", "closed", false) === null) {
      const came = files.length ? files.slice(0, 5).join(", ") : "an empty folder";
      throw new AvatarError(`expected pictures named closed.png and open.png, got ${came}`, "Name them so, and blink.png for the eyes.");
    }
    for (const state of lacking) {
      problems.push({ message: `The pictures lack ${state}.png; the nearest stands in.`, suggestion: `Add ${state}.png to the folder.` });
    }
    return new PngAvatar(name, sets, pictures, problems);
  }

  draw(pose: Pose, seconds: number): void {
    this.mouth = this.mouthOf(pose.get("mouth_open"));
    this.emotion = this.emotionOf(pose);
    const blink = Math.max(pose.get("blink_left"), pose.get("blink_right")) > BLINK_FROM;
    this.put(choosePicture(this.sets, this.emotion, this.mouth, blink));
    this.swing(pose, seconds);
  }

  resize(): void {
    // The pictures fill their element by style.
  }

  frame(framing: Framing): void {
    this.zoom = ZOOM[framing];
    this.figure.style.transformOrigin = framing === "face" ? "50% 12%" : "50% 100%";
  }

  play(): void {
    // A picture plays no clips.
  }

  release(): void {
    // Nothing plays.
  }

  dispose(): void {
    this.element.replaceChildren();
  }

  private put(file: string | null): void {
    const picture = file === null ? undefined : this.pictures.get(file);
    if (!picture || picture === this.shown) return;
    this.shown?.classList.remove("shown");
    picture.classList.add("shown");
    this.shown = picture;
  }

  private mouthOf(open: number): "closed" | "half" | "open" {
    const opened = open >= OPEN_FROM - (this.mouth === "open" ? STICKY : 0);
    if (opened) return "open";
    return open >= HALF_FROM - (this.mouth === "closed" ? 0 : STICKY) ? "half" : "closed";
  }

  private emotionOf(pose: Pose): string {
    let strongest = "";
    let most = EMOTION_FROM;
    for (const name of EMOTIONS) {
      const weight = pose.get(name);
      if (!this.sets.has(name) || weight < (name === this.emotion ? EMOTION_UNTIL : most)) continue;
      if (name === this.emotion && weight < most && strongest) continue;
      strongest = name;
      most = Math.max(weight, most);
    }
    return strongest;
  }

  /** A hop with the mouth on a soft spring, a tilt with the head, a breath. */
  private swing(pose: Pose, seconds: number): void {
    const step = Math.min(seconds, 1 / 30);
    const wanted = 1.6 * pose.get("mouth_open") + 3 * pose.get("position_y") + 0.03 * pose.get("head_pitch");
    this.speed += step * (260 * (wanted - this.bounce) - 22 * this.speed);
    this.bounce += step * this.speed;
    const tilt = 0.22 * pose.get("head_roll") + 0.3 * pose.get("body_roll");
    const x = 0.06 * pose.get("head_yaw") + 0.08 * pose.get("body_yaw") + 4 * pose.get("position_x");
    const lean = 1 + 0.05 * pose.get("position_z");
    const tall = 1 + 0.008 * pose.get("breath") - 0.004 * this.speed * 0.1;
    const scale = this.zoom * lean;
    this.figure.style.transform =
      `translate(${x.toFixed(3)}%, ${(-this.bounce).toFixed(3)}%) rotate(${tilt.toFixed(3)}deg) ` +
      `scale(${(scale * (2 - tall)).toFixed(4)}, ${(scale * tall).toFixed(4)})`;
  }
}

async function loadPicture(folder: string, file: string): Promise<HTMLImageElement | null> {
  const picture = new Image();
  picture.alt = "";
  const path = file.split("/").map(encodeURIComponent).join("/");
  picture.src = withToken(`${folder.replace(/\/$/, "")}/${path}`);
  try {
    await picture.decode();
  } catch {
    return null;
  }
  return picture;
}
