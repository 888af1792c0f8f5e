import assert from "node:assert/strict";
import { File } from "node:buffer";
import { test } from "node:test";
import type { Problem } from "../src/overlay/avatar.js";
import { acceptDrops } from "../src/overlay/drop.js";

class Taken {
  readonly said: string[] = [];
  readonly place = new EventTarget();
  readonly end = acceptDrops(this.place as unknown as Document, {
    model: (bytes, name) => void this.said.push(`model ${name} ${bytes.byteLength}`),
    clip: (url, action) => void this.said.push(`clip ${action} ${url.slice(0, 5)}`),
    refuse: (problem: Problem) => void this.said.push(`refused ${problem.message} / ${problem.suggestion}`),
    hover: (over) => void this.said.push(`hover ${over}`),
  });

  /** Something happens over the page, with these files; true when the page keeps the browser from opening them. */
  happens(type: string, ...files: File[]): boolean {
    const event = Object.assign(new Event(type, { cancelable: true }), { dataTransfer: { files } });
    return !this.place.dispatchEvent(event);
  }

  /** What was said, once all files are read. */
  async after(): Promise<string[]> {
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    return this.said.splice(0);
  }
}

const file = (name: string): File => new File([Uint8Array.of(1, 2, 3)], name);

test("a model becomes the avatar, an animation a clip of its name; the browser opens neither", async () => {
  const taken = new Taken();
  assert.ok(taken.happens("dragover"));
  assert.ok(taken.happens("drop", file("Ada.VRM")));
  assert.deepEqual(await taken.after(), ["hover true", "hover false", "model Ada.VRM 3"]);
  assert.ok(taken.happens("drop", file("Big Wave.vrma")));
  assert.deepEqual(await taken.after(), ["hover false", "clip Big Wave blob:"]);
});

test("of several files each is taken", async () => {
  const taken = new Taken();
  taken.happens("drop", file("wave.vrma"), file("ada.vrm"));
  const said = await taken.after();
  assert.ok(said.includes("model ada.vrm 3") && said.includes("clip wave blob:"));
});

test("anything else is refused by its name", async () => {
  const taken = new Taken();
  taken.happens("drop", file("<img>.png"));
  assert.match((await taken.after()).join(), /expected a \.vrm or \.vrma file, got <img>\.png/);
  taken.happens("drop");
  assert.match((await taken.after()).join(), /expected a file, got something without one/);
});

test("a file that goes away while it is read is told", async () => {
  const taken = new Taken();
  const lost = Object.assign(file("ada.vrm"), { arrayBuffer: () => Promise.reject(new Error("gone")) });
  taken.happens("drop", lost);
  assert.match((await taken.after()).join(), /ada\.vrm could not be read: Error: gone/);
});

test("a file that is carried off is forgotten, and after the end nothing is taken", async () => {
  const taken = new Taken();
  taken.happens("dragleave");
  assert.deepEqual(await taken.after(), ["hover false"]);
  taken.end();
  assert.ok(!taken.happens("drop", file("ada.vrm")));
  assert.deepEqual(await taken.after(), []);
});
