/** What tests and measurements see of the page: `window.avatarBridge`. */

/** One drawn frame: when, where in the utterance, and what was shown. */
export interface TraceRow {
  /** `performance.now()` when the frame was made, milliseconds. */
  readonly t: number;
  /** The bridge's clock then, seconds. */
  readonly bridge: number;
  readonly utterance: number | null;
  readonly playhead: number;
  readonly mouth_open: number;
  readonly visemes: readonly number[];
  /** Subtitle words on the screen, and the one being said. */
  readonly words: number;
  readonly shown: string;
  readonly current: string;
  readonly head_pitch: number;
  readonly head_yaw: number;
  /** Every channel that is not at rest, only with `trace("all")`. */
  readonly pose?: Readonly<Record<string, number>>;
}

export interface PageState {
  readonly link: string;
  readonly ready: boolean;
  readonly avatar: { readonly kind: string; readonly name: string } | null;
  readonly problems: readonly { readonly message: string; readonly suggestion?: string }[];
  readonly sound: string;
  readonly hasSound: boolean;
  readonly utterance: number | null;
  readonly playhead: number;
  readonly subtitle: string;
  readonly fps: number;
  readonly drawMs: number;
  readonly frames: number;
}

export interface TestHook {
  state(): PageState;
  /** Freeze the pose with these channels and bones, as if for `seconds` already; null lets it move again. */
  hold(channels: Readonly<Record<string, number>> | null, seconds?: number): void;
  /** Begin (and empty) or end the record; without an argument, return it. */
  trace(on?: boolean | "all"): readonly TraceRow[];
  /** Seconds of the current utterance heard now; null while nothing is spoken. */
  heard(): number | null;
}

declare global {
  interface Window {
    avatarBridge?: TestHook;
  }
}

const MOST_ROWS = 60 * 60 * 20;

export class Trace {
  private rows: TraceRow[] = [];
  on = false;
  whole = false;

  set(on?: boolean | "all"): readonly TraceRow[] {
    if (on !== undefined) {
      if (on) this.rows = [];
      this.on = on !== false;
      this.whole = on === "all";
    }
    return this.rows;
  }

  add(row: TraceRow): void {
    if (this.rows.length < MOST_ROWS) this.rows.push(row);
  }
}
