/** The bridge's HTTP API, with this page's token; a refusal becomes an error in the bridge's own words. */

import { tokenOf } from "../shared/connection.js";

export interface MapProblem {
  readonly message: string;
  readonly action: string;
  readonly key: string;
  readonly line: number | null;
  readonly nearest: string | null;
}

/** What the bridge refused: what was expected and what came, and what to do. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly suggestion: string,
    readonly problems: readonly MapProblem[] = [],
  ) {
    super(message);
  }

  /** Both sentences, for one line. */
  get words(): string {
    return this.suggestion ? `${this.message} – ${this.suggestion}` : this.message;
  }
}

interface Refusal {
  readonly error?: string;
  readonly suggestion?: string;
  readonly problems?: readonly MapProblem[];
}

export class Api {
  constructor(private readonly address: string = location.href) {}

  get token(): string {
    return tokenOf(this.address);
  }

  get<T>(path: string): Promise<T> {
    return this.ask<T>("GET", path);
  }

  post<T>(path: string, body: object = {}, signal?: AbortSignal): Promise<T> {
    return this.ask<T>("POST", path, body, {}, signal);
  }

  put<T>(path: string, body: object, etag: string): Promise<T> {
    return this.ask<T>("PUT", path, body, { "If-Match": etag });
  }

  private async ask<T>(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<T> {
    const request: RequestInit = { method, cache: "no-store", headers: { ...headers, Authorization: `Bearer ${this.token}` } };
    if (signal) request.signal = signal;
    if (body !== undefined) {
      request.body = JSON.stringify(body);
      request.headers = { ...request.headers, "Content-Type": "application/json" };
    }
    let answer: Response;
    try {
      answer = await fetch(new URL(path, this.address), request);
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Refused(0, "The bridge does not answer", "is avatar-bridge still running?");
    }
    const content: unknown = await answer.json().catch(() => ({}));
    if (answer.ok) return content as T;
    const refusal = content as Refusal;
    throw new Refused(answer.status, refusal.error ?? `Error ${answer.status}`, refusal.suggestion ?? "", refusal.problems ?? []);
  }
}

/** Any error in words for a person. */
export function inWords(error: unknown): string {
  return error instanceof Refused ? error.words : error instanceof Error ? error.message : String(error);
}
