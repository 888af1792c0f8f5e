/** The event socket of a page: says hello, keeps the clock, and comes back by itself for ever. */

import { BridgeClock } from "./clock.js";
import { decodeBinary } from "./protocol.js";
import type { MotionFrame, PageKind, ServerMessage, SoundChunk, StreamName, Welcome } from "./protocol.js";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5000;
const SILENCE_MS = 6000;
const PING_MS = 1000;
const QUICK_PINGS = 5;
const QUICK_PING_MS = 60;

/** connecting: on its way; open: welcomed; lost: will try again; refused: the token is wrong or missing. */
export type Link = "connecting" | "open" | "lost" | "refused";

export interface Wishes {
  readonly kind: PageKind;
  readonly name: string;
  readonly streams: readonly StreamName[];
}

export interface Listener {
  welcome?(welcome: Welcome): void;
  message?(message: ServerMessage): void;
  binary?(message: MotionFrame | SoundChunk): void;
  linked?(link: Link, detail: string): void;
}

/** The token of this page's own address; "" where it has none. */
export function tokenOf(address: string): string {
  return new URL(address).searchParams.get("token") ?? "";
}

/** An address of the bridge with this page's token, for what cannot send a header: pictures, models, clips. */
export function withToken(path: string, address: string = location.href): string {
  const url = new URL(path, address);
  if (url.origin === new URL(address).origin && url.pathname.startsWith("/v1/")) {
    url.searchParams.set("token", tokenOf(address));
  }
  return url.href;
}

export class Connection {
  readonly clock = new BridgeClock();
  private socket: WebSocket | null = null;
  private timer = 0;
  private pingTimer = 0;
  private pings = 0;
  private askedMs = 0;
  private watchMs = 0;
  private wait = FIRST_WAIT_MS;
  private heardMs = 0;
  private channelCount = 0;
  private current: Link = "connecting";
  private ended = false;

  constructor(
    private readonly wishes: Wishes,
    private readonly listener: Listener,
    private readonly address: string = location.href,
  ) {
    // Awake again, shown again, online again: do not wait for the timer.
    addEventListener("online", () => this.hurry());
    addEventListener("pageshow", () => this.hurry());
    document.addEventListener("visibilitychange", () => this.hurry());
  }

  get link(): Link {
    return this.current;
  }

  /** Connect, and go on connecting until `close`. */
  open(): void {
    if (this.ended || this.socket) return;
    clearTimeout(this.timer);
    if (this.current !== "lost" && this.current !== "refused") this.tell("connecting", "");
    const url = new URL("/v1/events", this.address);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.searchParams.set("token", tokenOf(this.address));
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.askedMs = performance.now();
    this.heardMs = 0;
    this.watchIn(socket, SILENCE_MS);
    socket.onopen = () => this.send({ type: "hello", ...this.wishes });
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.receive(event.data);
    socket.onclose = (event) => this.lose(socket, event.code, event.reason);
  }

  /** Send a message; dropped while there is no connection. */
  send(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  close(): void {
    this.ended = true;
    clearTimeout(this.timer);
    clearTimeout(this.pingTimer);
    this.socket?.close();
  }

  private receive(data: string | ArrayBuffer): void {
    const now = performance.now();
    this.heardMs = now;
    if (typeof data !== "string") {
      const message = decodeBinary(data, this.channelCount);
      if (message) this.listener.binary?.(message);
      return;
    }
    const message = JSON.parse(data) as ServerMessage;
    if (message.type === "pong") {
      this.clock.add(Number(message.sent), message.now, now);
    } else if (message.type === "welcome") {
      this.greet(message, now);
    } else {
      this.listener.message?.(message);
    }
  }

  private greet(welcome: Welcome, now: number): void {
    this.channelCount = welcome.channels.length;
    this.wait = FIRST_WAIT_MS;
    this.pings = 0;
    this.clock.reset();
    this.clock.seed(welcome.now, now);
    clearTimeout(this.pingTimer);
    this.ping();
    this.tell("open", "");
    this.listener.welcome?.(welcome);
  }

  private ping(): void {
    const socket = this.socket;
    if (!socket) return;
    this.askedMs = performance.now();
    this.send({ type: "ping", sent: this.askedMs });
    this.pings += 1;
    this.watchIn(socket, this.pings < QUICK_PINGS ? QUICK_PING_MS : PING_MS);
  }

  private watchIn(socket: WebSocket, waitMs: number): void {
    this.watchMs = performance.now() + waitMs;
    this.pingTimer = window.setTimeout(() => this.watch(socket), waitMs);
  }

  /** Give up a socket that answers nothing any more (a machine that slept), else ask it the time. */
  private watch(socket: WebSocket): void {
    if (socket !== this.socket) return;
    const now = performance.now();
    const silent = this.heardMs < this.askedMs;
    if (socket.readyState === WebSocket.OPEN && !silent) {
      this.ping();
    } else if (now - this.watchMs > PING_MS) {
      // This page stood still: what the bridge answered meanwhile waits behind this timer.
      this.askedMs = now;
      this.watchIn(socket, PING_MS);
    } else if (now - this.askedMs >= SILENCE_MS) {
      socket.onclose = null;
      socket.close();
      this.lose(socket, 0, "nothing heard");
    } else {
      this.watchIn(socket, PING_MS);
    }
  }

  private lose(socket: WebSocket, code: number, reason: string): void {
    if (socket !== this.socket) return;
    this.socket = null;
    clearTimeout(this.pingTimer);
    if (this.ended) return;
    if (this.current !== "refused") this.tell("lost", reason);
    if (code === 4401) this.tell("refused", reason);
    else void this.askWhy();
    this.retry();
  }

  private retry(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }

  /** A browser does not tell a refused socket from an absent server; the API does. */
  private async askWhy(): Promise<void> {
    const url = new URL("/v1/state", this.address);
    try {
      const answer = await fetch(url, { headers: { Authorization: `Bearer ${tokenOf(this.address)}` }, cache: "no-store" });
      if (this.current === "open") return;
      if (answer.status === 401 || answer.status === 403) {
        const body = (await answer.json()) as { error?: string; suggestion?: string };
        this.tell("refused", [body.error, body.suggestion].filter(Boolean).join(" "));
      } else {
        this.tell("lost", "");
      }
    } catch {
      this.tell("lost", "");
    }
  }

  private hurry(): void {
    if (this.ended || document.hidden) return;
    if (this.socket) return;
    this.wait = FIRST_WAIT_MS;
    this.open();
  }

  private tell(link: Link, detail: string): void {
    if (link === this.current && !detail) return;
    this.current = link;
    this.listener.linked?.(link, detail);
  }
}
