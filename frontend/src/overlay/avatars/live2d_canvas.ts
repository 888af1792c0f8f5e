/** Draws what the Cubism Core computes: textured triangles with blending, clipping masks and colours, in WebGL. */

import { AvatarError, type Framing } from "../avatar.js";
import { ADDITIVE, type CoreModel, DOUBLE_SIDED, INVERTED_MASK, MULTIPLICATIVE, VISIBLE } from "./live2d_core.js";

const VERTEX = `
attribute vec2 place;
attribute vec2 uv;
uniform vec4 view;
varying vec2 at;
void main() {
  at = vec2(uv.x, 1.0 - uv.y);
  gl_Position = vec4(place * view.xy + view.zw, 0.0, 1.0);
}`;
/** Colours are premultiplied by alpha. Multiply and screen colours as in the Cubism manual: screen keeps the alpha. */
const FRAGMENT = `
precision mediump float;
uniform sampler2D picture;
uniform sampler2D mask;
uniform vec2 size;
uniform vec3 multiply;
uniform vec3 screen;
uniform float opacity;
uniform float masked;
varying vec2 at;
void main() {
  vec4 colour = texture2D(picture, at);
  colour.rgb *= multiply;
  colour.rgb += screen * colour.a - colour.rgb * screen;
  float cover = texture2D(mask, gl_FragCoord.xy / size).a;
  float shown = masked > 0.5 ? cover : masked < -0.5 ? 1.0 - cover : 1.0;
  gl_FragColor = colour * opacity * shown;
}`;
const UNIFORMS = ["view", "picture", "mask", "size", "multiply", "screen", "opacity", "masked"] as const;

type Uniforms = Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>;

interface Box {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

function compile(gl: WebGLRenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(type);
    if (!shader || !program) continue;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  if (program) gl.linkProgram(program);
  if (!program || (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())) {
    throw new AvatarError("the browser could not prepare the Live2D picture", "Update the graphics driver, or use ?avatar=svg.");
  }
  return program;
}

/** A canvas that shows one model; `prepare` again after its context was lost. */
export class Live2dCanvas {
  readonly canvas = document.createElement("canvas");
  private readonly gl: WebGLRenderingContext;
  private uniforms: Uniforms = {} as Uniforms;
  private textures: (WebGLTexture | null)[] = [];
  private mask: WebGLTexture | null = null;
  private maskBuffer: WebGLFramebuffer | null = null;
  private readonly vertices: (WebGLBuffer | null)[] = [null, null];
  private maskShown = "";
  private framing: Framing = "half";
  private bounds: Box;

  constructor(
    private readonly model: CoreModel,
    private readonly pictures: readonly ImageBitmap[],
    private readonly quality: string,
  ) {
    Object.assign(this.canvas.style, { display: "block", width: "100%", height: "100%" });
    const gl = this.canvas.getContext("webgl", { alpha: true, premultipliedAlpha: true, antialias: quality !== "low" });
    if (!gl) throw new AvatarError("expected a browser that draws with WebGL, got one without", "Turn on hardware acceleration, or use ?avatar=svg.");
    this.gl = gl;
    this.bounds = this.measure();
    this.prepare();
  }

  /** Make everything that lives in the graphics card. */
  prepare(): void {
    const { gl } = this;
    const program = compile(gl);
    gl.useProgram(program);
    for (const name of UNIFORMS) this.uniforms[name] = gl.getUniformLocation(program, name);
    gl.uniform1i(this.uniforms.mask, 1);
    for (const [index, name] of ["place", "uv"].entries()) {
      const at = gl.getAttribLocation(program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, 2, gl.FLOAT, false, 0, 0);
      this.vertices[index] = gl.getParameter(gl.ARRAY_BUFFER_BINDING) as WebGLBuffer;
    }
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    this.textures = this.pictures.map((picture) => this.texture(picture));
    this.mask = this.texture(null);
    this.maskBuffer = gl.createFramebuffer();
    gl.enable(gl.BLEND);
    this.fitMask();
  }

  resize(width: number, height: number, pixelRatio: number): void {
    const ratio = Math.min(pixelRatio, this.quality === "low" ? 1 : 2);
    this.canvas.width = Math.max(Math.round(width * ratio), 1);
    this.canvas.height = Math.max(Math.round(height * ratio), 1);
    this.fitMask();
  }

  frame(framing: Framing): void {
    this.framing = framing;
  }

  draw(): void {
    const { gl, model, canvas } = this;
    if (gl.isContextLost()) return;
    model.update();
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform4fv(this.uniforms.view, this.view());
    gl.uniform2f(this.uniforms.size, canvas.width, canvas.height);
    this.maskShown = "";
    for (const index of this.order()) this.drawable(index);
    model.drawables.resetDynamicFlags();
  }

  dispose(): void {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
    this.canvas.remove();
    for (const picture of this.pictures) picture.close();
  }

  private order(): number[] {
    const { drawables } = this.model;
    const orders = this.model.getRenderOrders?.() ?? drawables.renderOrders ?? new Int32Array(drawables.count);
    const shown: number[] = [];
    for (let index = 0; index < drawables.count; index++) {
      if ((drawables.dynamicFlags[index] ?? 0) & VISIBLE && (drawables.opacities[index] ?? 0) > 0) shown.push(index);
    }
    return shown.sort((a, b) => (orders[a] ?? 0) - (orders[b] ?? 0));
  }

  private drawable(index: number): void {
    const { gl, uniforms } = this;
    const { drawables } = this.model;
    const flags = drawables.constantFlags[index] ?? 0;
    const masks = drawables.masks[index] ?? new Int32Array();
    if (masks.length) this.drawMask(masks);
    if (flags & ADDITIVE) gl.blendFuncSeparate(gl.ONE, gl.ONE, gl.ZERO, gl.ONE);
    else if (flags & MULTIPLICATIVE) gl.blendFuncSeparate(gl.DST_COLOR, gl.ONE_MINUS_SRC_ALPHA, gl.ZERO, gl.ONE);
    else gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.mask);
    gl.uniform1f(uniforms.masked, masks.length ? (flags & INVERTED_MASK ? -1 : 1) : 0);
    gl.uniform1f(uniforms.opacity, drawables.opacities[index] ?? 1);
    this.tint(uniforms.multiply, drawables.multiplyColors, index, 1);
    this.tint(uniforms.screen, drawables.screenColors, index, 0);
    this.triangles(index);
  }

  private tint(uniform: WebGLUniformLocation | null, colours: Float32Array | undefined, index: number, otherwise: number): void {
    const [red, green, blue] = [0, 1, 2].map((part) => colours?.[4 * index + part] ?? otherwise);
    this.gl.uniform3f(uniform, red ?? otherwise, green ?? otherwise, blue ?? otherwise);
  }

  /** Draw the shapes of a clipping mask where the fragments of the next drawables look it up. */
  private drawMask(masks: Int32Array): void {
    const key = masks.join();
    if (key === this.maskShown) return;
    this.maskShown = key;
    const { gl, uniforms } = this;
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, null);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.maskBuffer);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.uniform1f(uniforms.masked, 0);
    gl.uniform1f(uniforms.opacity, 1);
    gl.uniform3f(uniforms.multiply, 1, 1, 1);
    gl.uniform3f(uniforms.screen, 0, 0, 0);
    for (const index of masks) if (index >= 0) this.triangles(index);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  private triangles(index: number): void {
    const { gl } = this;
    const { drawables } = this.model;
    const indices = drawables.indices[index];
    const [places, uvs] = [drawables.vertexPositions[index], drawables.vertexUvs[index]];
    if (!indices?.length || !places || !uvs) return;
    if ((drawables.constantFlags[index] ?? 0) & DOUBLE_SIDED) gl.disable(gl.CULL_FACE);
    else gl.enable(gl.CULL_FACE);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.textures[drawables.textureIndices[index] ?? 0] ?? null);
    for (const [at, data] of [places, uvs].entries()) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.vertices[at] ?? null);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
    }
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.DYNAMIC_DRAW);
    gl.drawElements(gl.TRIANGLES, indices.length, gl.UNSIGNED_SHORT, 0);
  }

  private texture(picture: ImageBitmap | null): WebGLTexture | null {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
    for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, filter, gl.LINEAR);
    if (picture) gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, picture);
    return texture;
  }

  private fitMask(): void {
    const { gl, canvas } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.mask);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, canvas.width, canvas.height, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.maskBuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.mask, 0);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  /** What the model fills at rest, in its own units. */
  private measure(): Box {
    const { drawables } = this.model;
    this.model.update();
    const box = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity };
    for (const index of this.order()) {
      const places = drawables.vertexPositions[index] ?? new Float32Array();
      for (let at = 0; at + 1 < places.length; at += 2) {
        const [x, y] = [places[at] ?? 0, places[at + 1] ?? 0];
        box.left = Math.min(box.left, x);
        box.right = Math.max(box.right, x);
        box.bottom = Math.min(box.bottom, y);
        box.top = Math.max(box.top, y);
      }
    }
    const { CanvasWidth, CanvasHeight, PixelsPerUnit } = this.model.canvasinfo;
    const [x, y] = [CanvasWidth / PixelsPerUnit / 2, CanvasHeight / PixelsPerUnit / 2];
    return box.right > box.left && box.top > box.bottom ? box : { left: -x, right: x, bottom: -y, top: y };
  }

  /** Scale and shift from the model's units to clip space, so that the framing's part of it fits. */
  private view(): Float32Array {
    const { left, right, bottom, top } = this.bounds;
    const share = { full: 1, half: 0.55, face: 0.32 }[this.framing];
    const [height, width] = [1.06 * share * (top - bottom), Math.min(1.06, 1.2 * share + 0.2) * (right - left)];
    const aspect = this.canvas.width / this.canvas.height;
    const scale = Math.min(2 / height, (2 * aspect) / width);
    const [x, y] = [(left + right) / 2, top - (share * (top - bottom)) / 2];
    return Float32Array.of(scale / aspect, scale, (-x * scale) / aspect, -y * scale);
  }
}
