"""A scripted stand-in for Live2D's Cubism Core, which is not ours to ship: a few quads that parameters move.

It has the interface of the Core for Web as far as docs.live2d.com tells it, and nothing of what is in it.
"""

from __future__ import annotations

import json
import struct
import zlib

__all__ = ["CORE", "files"]

CORE = """
// drawable: [texture, left, bottom, right, top, flags, masks]
// flags: 1 add, 2 multiply, 4 double-sided, 8 inverted mask
const QUADS = [
  [0, -0.5, -1, 0.5, 1, 4, []],          // body, red
  [1, -0.2, -0.2, 0.2, 0.2, 4, []],      // mask, green: below the body
  [2, -0.5, 0, 0.5, 0.4, 4, [1]],        // blue, clipped
  [3, -0.5, -0.4, 0.5, -0.1, 12, [1]],   // yellow, clipped to what is outside
  [1, -0.5, 0.5, -0.1, 0.9, 5, []],      // green added to red: yellow
  [1, 0.1, 0.5, 0.5, 0.9, 6, []],        // green times red: black
  [2, -0.5, -0.8, 0.5, -0.6, 0, []],     // blue, seen from behind
  [4, -0.1, -0.55, 0.1, -0.5, 4, []],    // mouth, white: grows with ParamMouthOpenY
  [5, 0.3, 0.42, 0.4, 0.48, 4, []],      // left eye, cyan: shrinks with ParamEyeLOpen
];
const ORDERS = [1, 0, 2, 3, 4, 5, 6, 7, 8];
const PARAMETERS = {
  ParamAngleX: [-30, 30, 0], ParamMouthOpenY: [0, 1, 0], ParamEyeLOpen: [0, 1.2, 1], ParamEyeROpen: [0, 1.2, 1],
  ParamBrowLY: [-1, 1, 0],
};
class Model {
  constructor() {
    const count = QUADS.length;
    const column = (index) => Float32Array.from(Object.values(PARAMETERS), (each) => each[index]);
    this.parameters = {
      count: 5, ids: Object.keys(PARAMETERS), minimumValues: column(0), maximumValues: column(1),
      defaultValues: column(2), values: column(2),
    };
    this.parts = { count: 2, ids: ["ArmA", "ArmB"], opacities: Float32Array.of(1, 1) };
    const corners = ([, left, bottom, right, top]) =>
      Float32Array.of(left, bottom, right, bottom, right, top, left, top);
    this.drawables = {
      count,
      constantFlags: Uint8Array.from(QUADS, (quad) => quad[5]),
      dynamicFlags: new Uint8Array(count).fill(1),
      textureIndices: Int32Array.from(QUADS, (quad) => quad[0]),
      opacities: new Float32Array(count).fill(1),
      masks: QUADS.map((quad) => Int32Array.from(quad[6])),
      vertexPositions: QUADS.map((quad) => corners(quad)),
      vertexUvs: QUADS.map(() => Float32Array.of(0, 0, 1, 0, 1, 1, 0, 1)),
      indices: QUADS.map((_, index) => Uint16Array.from(index === 6 ? [0, 2, 1, 0, 3, 2] : [0, 1, 2, 0, 2, 3])),
      resetDynamicFlags() {},
    };
    this.canvasinfo = {
      CanvasWidth: 200, CanvasHeight: 200, CanvasOriginX: 100, CanvasOriginY: 100, PixelsPerUnit: 100,
    };
  }
  getRenderOrders() { return Int32Array.from(ORDERS); }
  update() {
    const { values } = this.parameters;
    const shift = values[0] / 100;
    const body = this.drawables.vertexPositions[0];
    [body[0], body[2], body[4], body[6]] = [-0.5 + shift, 0.5 + shift, 0.5 + shift, -0.5 + shift];
    const mouth = this.drawables.vertexPositions[7];
    mouth[1] = mouth[3] = -0.5 - 0.05 - 0.3 * values[1];
    const eye = this.drawables.vertexPositions[8];
    eye[5] = eye[7] = 0.42 + 0.06 * values[2];
    this.drawables.opacities[8] = this.parts.opacities[0];
  }
  release() { window.released = true; }
}
var Live2DCubismCore = {
  Moc: {
    fromArrayBuffer: (bytes) => (new TextDecoder().decode(bytes.slice(0, 4)) === "MOC3" ? { _release() {} } : null),
  },
  Model: { fromMoc: () => new Model() },
};
window.Live2DCubismCore = Live2DCubismCore;
"""

_COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (255, 255, 255), (0, 255, 255))


def _png(colour: tuple[int, int, int]) -> bytes:
    """A picture of 2 x 2 pixels of one colour."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = (b"\0" + bytes(colour) * 2) * 2
    header = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def files() -> dict[str, bytes]:
    """Return a model's files by their path: description, .moc3, textures, an expression, a pose."""
    textures = {f"quads.2/texture_{index}.png": _png(colour) for index, colour in enumerate(_COLOURS)}
    angry = {"Parameters": [{"Id": "ParamMouthOpenY", "Value": 1.0, "Blend": "Overwrite"}]}
    description = {
        "Version": 3,
        "FileReferences": {
            "Moc": "quads.moc3",
            "Textures": list(textures),
            "Pose": "quads.pose3.json",
            "Physics": "quads.physics3.json",
            "Expressions": [{"Name": "Angry", "File": "angry.exp3.json"}],
        },
        "Groups": [{"Target": "Parameter", "Name": "EyeBlink", "Ids": ["ParamEyeLOpen", "ParamEyeROpen"]}],
    }
    pose = {"Groups": [[{"Id": "ArmB"}, {"Id": "ArmA", "Link": []}]]}
    return {
        "quads.model3.json": json.dumps(description).encode(),
        "quads.moc3": b"MOC3" + bytes(60),
        "angry.exp3.json": json.dumps(angry).encode(),
        "quads.pose3.json": json.dumps(pose).encode(),
        **textures,
    }
