/** A small picture of keyframes: smoothstep from key to key, as the bridge joins them. */

const WIDTH = 132;
const HEIGHT = 30;
const SVG = "http://www.w3.org/2000/svg";

/** An SVG of the curve; `keys` are [seconds, value] in order. */
export function curvePicture(keys: readonly (readonly number[])[]): SVGSVGElement {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  picture.setAttribute("class", "curve");
  picture.setAttribute("aria-hidden", "true");
  const last = keys[keys.length - 1]?.[0] ?? 0;
  const most = Math.max(...keys.map((key) => Math.abs(key[1] ?? 0)), 1e-6);
  const x = (at: number): number => 2 + (at / Math.max(last, 1e-6)) * (WIDTH - 4);
  const y = (value: number): number => HEIGHT / 2 - (value / most) * (HEIGHT / 2 - 3);
  picture.append(shape("line", { x1: "0", x2: String(WIDTH), y1: String(HEIGHT / 2), y2: String(HEIGHT / 2), class: "axis" }));
  const points: string[] = [];
  for (let step = 0; step <= 66; step += 1) {
    const at = (step / 66) * last;
    points.push(`${x(at).toFixed(1)},${y(valueAt(keys, at)).toFixed(1)}`);
  }
  picture.append(shape("polyline", { points: points.join(" ") }));
  for (const [at, value] of keys) {
    if (at !== undefined && value !== undefined) picture.append(shape("circle", { cx: x(at).toFixed(1), cy: y(value).toFixed(1), r: "2" }));
  }
  return picture;
}

function shape(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** The curve's value at `at` seconds; held before the first key and behind the last. */
export function valueAt(keys: readonly (readonly number[])[], at: number): number {
  const next = keys.findIndex((key) => (key[0] ?? 0) >= at);
  const [until = 0, to = 0] = keys[next < 0 ? keys.length - 1 : next] ?? [];
  if (next <= 0) return to;
  const [since = 0, from = 0] = keys[next - 1] ?? [];
  const share = (at - since) / (until - since);
  return from + (to - from) * share * share * (3 - 2 * share);
}
