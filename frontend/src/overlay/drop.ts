/** Drag and drop onto the page: a .vrm becomes the avatar, a .vrma plays on it. */

import type { Problem } from "./avatar.js";

/** What becomes of dropped files. */
export interface DropTaker {
  /** A .vrm was dropped: its bytes and the file's name. */
  model(bytes: ArrayBuffer, name: string): void;
  /** A .vrma was dropped: an address that this page can fetch, and an action's name for it. */
  clip(url: string, action: string): void;
  /** Something else was dropped, or a file could not be read. */
  refuse(problem: Problem): void;
  /** A file is held over the page (true) or not any more (false): the page may show that it would take it. */
  hover(over: boolean): void;
}

const TAKEN = "Drop a .vrm model or a .vrma animation.";

function kindOf(name: string): "vrm" | "vrma" | null {
  const match = /\.(vrma?)$/i.exec(name);
  return match ? (match[1]?.toLowerCase() as "vrm" | "vrma") : null;
}

async function take(file: File, taker: DropTaker): Promise<void> {
  const kind = kindOf(file.name);
  if (kind === "vrma") return taker.clip(URL.createObjectURL(file), file.name.replace(/\.vrma$/i, ""));
  if (kind === null) {
    return taker.refuse({ message: `expected a .vrm or .vrma file, got ${file.name}`, suggestion: TAKEN });
  }
  try {
    taker.model(await file.arrayBuffer(), file.name);
  } catch (error) {
    taker.refuse({ message: `${file.name} could not be read: ${String(error)}`, suggestion: "Is it still there, and open nowhere else?" });
  }
}

/** Take files dropped on `place`; of several, the model comes first. The function returned ends it. */
export function acceptDrops(place: HTMLElement | Document, taker: DropTaker): () => void {
  const files = (event: Event): readonly File[] => [...((event as DragEvent).dataTransfer?.files ?? [])];
  const over = (event: Event): void => {
    // Without this a browser leaves the page and opens the file.
    event.preventDefault();
    taker.hover(true);
  };
  const leave = (): void => taker.hover(false);
  const drop = (event: Event): void => {
    event.preventDefault();
    taker.hover(false);
    const dropped = [...files(event)].sort((a, b) => Number(kindOf(b.name) === "vrm") - Number(kindOf(a.name) === "vrm"));
    if (!dropped.length) taker.refuse({ message: "expected a file, got something without one", suggestion: TAKEN });
    for (const file of dropped) void take(file, taker);
  };
  const listeners = [["dragenter", over], ["dragover", over], ["dragleave", leave], ["drop", drop]] as const;
  for (const [type, listener] of listeners) place.addEventListener(type, listener);
  return () => {
    for (const [type, listener] of listeners) place.removeEventListener(type, listener);
  };
}
