/** The drawn character: a bust whose parts move. Built once; `svg.ts` moves it. */

const SPACE = "http://www.w3.org/2000/svg";

export const INK = "#3b2a52";
const SKIN = "#ffefe4";
const SHADE = "#f8cdbd";
const CREAM = "#fffaf3";
const NAVY = "#353b70";
const CORAL = "#ff7a63";
const GOLD = "#ffcb61";

/** Make an SVG element in `parent`. */
export function shape(parent: Element, name: string, attributes: Readonly<Record<string, string | number>> = {}): SVGElement {
  const element = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  parent.append(element);
  return element;
}

function gradient(defs: Element, id: string, stops: readonly (readonly [number, string])[], down = true): string {
  const element = shape(defs, "linearGradient", { id, x1: 0, y1: 0, x2: down ? 0 : 1, y2: down ? 1 : 0 });
  for (const [offset, color] of stops) shape(element, "stop", { offset, "stop-color": color });
  return `url(#${id})`;
}

export interface EyeParts {
  readonly group: SVGElement;
  readonly opening: SVGElement;
  readonly white: SVGElement;
  readonly iris: SVGElement;
  readonly lash: SVGElement;
  readonly crease: SVGElement;
}

export interface Drawing {
  readonly root: SVGSVGElement;
  readonly body: SVGElement;
  readonly chest: SVGElement;
  readonly backHair: SVGElement;
  readonly head: SVGElement;
  readonly skull: SVGElement;
  readonly ears: SVGElement;
  readonly features: SVGElement;
  readonly bangs: SVGElement;
  readonly locks: SVGElement;
  readonly sprout: SVGElement;
  readonly brows: SVGElement;
  readonly leftBrow: SVGElement;
  readonly rightBrow: SVGElement;
  readonly nose: SVGElement;
  readonly mouth: SVGElement;
  readonly mouthOutline: SVGElement;
  readonly mouthClip: SVGElement;
  readonly teeth: SVGElement;
  readonly tongue: SVGElement;
  readonly lolling: SVGElement;
  readonly blush: SVGElement;
  readonly shadow: SVGElement;
  readonly puffs: SVGElement;
  readonly left: EyeParts;
  readonly right: EyeParts;
}

/** Draw the character at rest. */
export function drawCharacter(name: string): Drawing {
  const root = document.createElementNS(SPACE, "svg");
  root.setAttribute("role", "img");
  root.setAttribute("aria-label", name || "avatar");
  root.setAttribute("preserveAspectRatio", "xMidYMax meet");
  const defs = shape(root, "defs");
  const hair = gradient(defs, "hair", [[0, "#d6cbf9"], [0.45, "#b9a8ea"], [1, "#a08ddb"]]);
  const tips = gradient(defs, "tips", [[0, "#b19ee6"], [0.62, "#a896e0"], [1, "#ff9c8c"]]);
  const iris = gradient(defs, "iris", [[0, "#0b3450"], [0.45, "#12889a"], [0.8, "#4fdcc4"], [1, "#aef7dd"]]);
  const body = shape(root, "g");
  const backHair = shape(root, "g");
  root.insertBefore(backHair, body);
  drawBackHair(backHair, tips);
  const chest = drawBody(body);
  const head = shape(root, "g");
  const ears = shape(head, "g");
  for (const x of [-84, 84]) shape(ears, "ellipse", { cx: x, cy: 16, rx: 13, ry: 19, fill: SKIN, stroke: SHADE, "stroke-width": 2 });
  const skull = shape(head, "path", { d: "M -90 -16 C -92 58 -58 104 0 110 C 58 104 92 58 90 -16 C 88 -92 -88 -92 -90 -16 Z", fill: SKIN });
  const shadow = shape(head, "path", { d: "M -90 -18 C -70 6 -40 -20 0 -8 C 40 -20 70 6 90 -18 C 88 -92 -88 -92 -90 -18 Z", fill: SHADE, opacity: 0.75 });
  const features = shape(head, "g");
  const blush = shape(features, "g", { opacity: 0.25 });
  for (const x of [-55, 55]) shape(blush, "ellipse", { cx: x, cy: 52, rx: 20, ry: 11, fill: "#ff8f8a" });
  const puffs = shape(features, "g", { opacity: 0 });
  for (const x of [-62, 62]) shape(puffs, "ellipse", { cx: x, cy: 66, rx: 24, ry: 20, fill: SKIN, stroke: SHADE, "stroke-width": 2.5 });
  const left = drawEye(defs, features, "left", -44, iris);
  const right = drawEye(defs, features, "right", 44, iris);
  const nose = shape(features, "path", { d: "M -2.5 48 Q 1 51.5 4 48", fill: "none", stroke: "#e8a795", "stroke-width": 3, "stroke-linecap": "round" });
  const mouth = shape(features, "g", { transform: "translate(0 76)" });
  const mouthParts = drawMouth(defs, mouth);
  const locks = shape(head, "g");
  drawLocks(locks, tips);
  const bangs = shape(head, "g");
  const sprout = drawBangs(bangs, hair);
  // Over the hair, as they are drawn in comics: a face whose brows are hidden says little.
  const brows = shape(head, "g", { fill: "#7561ad" });
  const leftBrow = shape(brows, "path");
  const rightBrow = shape(brows, "path");
  const parts = { brows, leftBrow, rightBrow, body, chest, backHair, head, skull, ears, features, bangs, locks, sprout, nose, mouth };
  return { root, ...parts, ...mouthParts, blush, shadow, puffs, left, right };
}

function drawBackHair(parent: Element, fill: string): void {
  shape(parent, "path", { d: "M -112 -30 C -132 90 -126 150 -96 206 C -70 190 -60 176 -50 158 L 50 158 C 60 176 70 190 96 206 C 126 150 132 90 112 -30 C 104 -130 -104 -130 -112 -30 Z", fill });
}

function drawBody(body: Element): SVGElement {
  const chest = shape(body, "g");
  shape(chest, "path", { d: "M -176 460 C -176 214 -138 178 -58 164 L 58 164 C 138 178 176 214 176 460 Z", fill: CREAM });
  shape(chest, "path", { d: "M -176 460 C -176 262 -162 218 -128 193 C -118 240 -118 290 -122 460 Z", fill: "#eee3df" });
  shape(chest, "path", { d: "M 176 460 C 176 262 162 218 128 193 C 118 240 118 290 122 460 Z", fill: "#eee3df" });
  shape(chest, "path", { d: "M -30 96 L 30 96 L 34 168 Q 0 196 -34 168 Z", fill: SKIN });
  shape(chest, "path", { d: "M -31 112 Q 0 138 31 112 L 32 126 Q 0 156 -32 126 Z", fill: SHADE, opacity: 0.9 });
  shape(chest, "path", { d: "M -66 160 C -40 190 -20 202 0 206 C 20 202 40 190 66 160 C 84 178 74 216 0 238 C -74 216 -84 178 -66 160 Z", fill: NAVY });
  shape(chest, "path", { d: "M -62 178 C -40 204 -18 216 0 220 C 18 216 40 204 62 178", fill: "none", stroke: CORAL, "stroke-width": 5, "stroke-linecap": "round" });
  shape(chest, "path", { d: "M 0 238 L 0 460", stroke: "#d9cbc6", "stroke-width": 4 });
  for (const x of [-24, 24]) {
    shape(chest, "path", { d: `M ${x} 228 Q ${x * 1.2} 256 ${x} 280`, fill: "none", stroke: CORAL, "stroke-width": 4.5, "stroke-linecap": "round" });
    shape(chest, "circle", { cx: x, cy: 283, r: 5, fill: GOLD });
  }
  return chest;
}

function drawEye(defs: Element, features: Element, side: string, x: number, iris: string): EyeParts {
  const group = shape(features, "g", { transform: `translate(${x} 17)` });
  const clip = shape(defs, "clipPath", { id: `eye-${side}` });
  const opening = shape(clip, "path");
  const inside = shape(group, "g", { "clip-path": `url(#eye-${side})` });
  const white = shape(inside, "rect", { x: -40, y: -45, width: 80, height: 90, fill: "#fff" });
  const ball = shape(inside, "g");
  shape(ball, "ellipse", { rx: 18.5, ry: 24, fill: iris, stroke: "#0c2440", "stroke-width": 2.5 });
  shape(ball, "ellipse", { cy: 2, rx: 7.5, ry: 10.5, fill: "#0b2238" });
  shape(ball, "ellipse", { cy: 15, rx: 10, ry: 5, fill: "#ff9a7d", opacity: 0.42 });
  shape(ball, "ellipse", { cx: -6.5, cy: -10, rx: 6, ry: 7.5, fill: "#fff" });
  shape(ball, "circle", { cx: 7.5, cy: 10, r: 3, fill: "#fff", opacity: 0.9 });
  shape(inside, "rect", { x: -40, y: -45, width: 80, height: 30, fill: "#7a6aa8", opacity: 0.16 });
  const lash = shape(group, "path", { fill: INK });
  const crease = shape(group, "path", { fill: "none", stroke: "#e2a898", "stroke-width": 2.4, "stroke-linecap": "round" });
  return { group, opening, white, iris: ball, lash, crease };
}

function drawMouth(defs: Element, mouth: Element): Pick<Drawing, "mouthOutline" | "mouthClip" | "teeth" | "tongue" | "lolling"> {
  const clip = shape(defs, "clipPath", { id: "mouth" });
  const mouthClip = shape(clip, "path");
  const inside = shape(mouth, "g", { "clip-path": "url(#mouth)" });
  shape(inside, "rect", { x: -45, y: -30, width: 90, height: 80, fill: "#8e3046" });
  const tongue = shape(inside, "ellipse", { rx: 16, ry: 10, fill: "#f58a8a" });
  const teeth = shape(inside, "rect", { x: -45, y: -30, width: 90, height: 30, rx: 4, fill: "#fff" });
  const mouthOutline = shape(mouth, "path", { fill: "none", stroke: "#7a3440", "stroke-width": 3.2, "stroke-linejoin": "round", "stroke-linecap": "round" });
  const lolling = shape(mouth, "path", { d: "M -10 0 C -11 18 -7 22 0 22 C 7 22 11 18 10 0 Z", fill: "#f58a8a", stroke: "#d96a72", "stroke-width": 2 });
  return { mouthOutline, mouthClip, teeth, tongue, lolling };
}

function drawLocks(parent: Element, fill: string): void {
  for (const side of [-1, 1]) {
    const d = [
      `M ${side * 78} -58 C ${side * 112} -10 ${side * 104} 62 ${side * 98} 118`,
      `C ${side * 94} 146 ${side * 84} 160 ${side * 74} 172 C ${side * 72} 130 ${side * 74} 84 ${side * 78} 40`,
      `C ${side * 80} 8 ${side * 72} -20 ${side * 56} -44 Z`,
    ].join(" ");
    shape(parent, "path", { d, fill });
  }
}

function drawBangs(parent: Element, fill: string): SVGElement {
  const sprout = shape(parent, "path", { d: "M -4 -112 C -10 -142 12 -156 34 -146 C 18 -144 8 -132 10 -110 Z", fill: "#c9bbf3" });
  shape(parent, "path", {
    d:
      "M -100 8 C -116 -92 -60 -124 0 -124 C 60 -124 116 -92 100 8 C 96 -14 92 -30 84 -42 C 82 -22 76 -8 66 4 " +
      "C 62 -20 52 -36 38 -46 C 38 -28 32 -14 20 -2 C 14 -22 4 -36 -10 -44 C -12 -26 -20 -12 -32 -4 " +
      "C -36 -22 -42 -34 -50 -42 C -56 -22 -66 -6 -80 4 C -82 -14 -84 -28 -86 -40 C -92 -28 -97 -12 -100 8 Z",
    fill,
  });
  shape(parent, "path", { d: "M -78 -66 C -40 -92 36 -94 76 -68 C 60 -78 30 -80 0 -80 C -30 -80 -56 -76 -78 -66 Z", fill: "#f6f0ff", opacity: 0.75 });
  const pin = shape(parent, "g", { transform: "translate(70 -58) rotate(24)" });
  shape(pin, "rect", { x: -14, y: -4.5, width: 28, height: 9, rx: 4.5, fill: GOLD });
  shape(pin, "circle", { r: 7.5, fill: CORAL });
  return sprout;
}
