/** How the show is, as GET /v1/state and the state messages tell it. */

export interface Note {
  readonly message: string;
  readonly suggestion?: string | null;
}

export interface TargetState {
  readonly name: string;
  readonly status: string;
  readonly detail: string;
  readonly latency_ms: number | null;
  readonly sent_frames: number;
  readonly dropped_frames: number;
  readonly lead?: number;
  readonly diagnostics: readonly Note[];
}

export interface PageState {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly sound: string;
  readonly has_sound: boolean;
  readonly ready: boolean;
  readonly fps: number | null;
  readonly draw_ms: number | null;
  readonly problems: readonly Note[];
}

/** What was spent: tokens, characters, seconds of sound and of computing, money. */
export interface Spent {
  readonly utterances: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly characters: number;
  readonly audio: number;
  readonly cpu: number;
  readonly money: number;
}

const NOTHING: Spent = { utterances: 0, prompt_tokens: 0, completion_tokens: 0, characters: 0, audio: 0, cpu: 0, money: 0 };

export interface ShowState {
  readonly version: string;
  readonly utterance: { readonly number: number; readonly heard: number; readonly duration: number } | null;
  readonly doing: string;
  readonly targets: readonly TargetState[];
  readonly pages: readonly PageState[];
  readonly notes: readonly Note[];
  readonly map: { readonly name: string; readonly path: string; readonly actions: number };
  readonly voice: string;
  readonly speaker: string;
  readonly spent: { readonly last: Spent; readonly session: Spent };
}

/** An action of the motion map. */
export interface ActionInfo {
  readonly name: string;
  readonly meaning: string;
  readonly kind: string;
  readonly aliases: readonly string[];
}

const STATUS_WORDS: Readonly<Record<string, string>> = {
  connecting: "connecting",
  waiting: "waiting for you",
  ready: "ready",
  unreachable: "not reached",
  refused: "refused us",
  closed: "closed",
  failed: "failed",
};

/** What to do, as a sentence; a note that suggests only a name means the nearest right one. */
export function remedyWords(suggestion: string): string {
  return /\s/.test(suggestion.trim()) ? suggestion : `Did you mean “${suggestion}”?`;
}

/** A target's status in words. */
export function statusWords(status: string): string {
  return STATUS_WORDS[status] ?? status;
}

/** How to colour a status: good, busy or bad. */
export function statusTone(status: string): "good" | "busy" | "bad" {
  if (status === "ready") return "good";
  return status === "connecting" || status === "waiting" ? "busy" : "bad";
}

/** The state in a message; what an older or newer bridge leaves out is empty. */
export function stateOf(message: object): ShowState {
  const given = message as Partial<ShowState>;
  return {
    version: given.version ?? "",
    utterance: given.utterance ?? null,
    doing: given.doing ?? "idle",
    targets: given.targets ?? [],
    pages: given.pages ?? [],
    notes: given.notes ?? [],
    map: given.map ?? { name: "", path: "", actions: 0 },
    voice: given.voice ?? "",
    speaker: given.speaker ?? "",
    spent: given.spent ?? { last: NOTHING, session: NOTHING },
  };
}
