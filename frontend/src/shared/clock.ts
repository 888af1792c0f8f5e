/** The bridge's clock as this page sees it. */

const KEPT = 8;
/** Milliseconds that two good clocks part while eight readings are kept. */
const DRIFT_MS = 3;

interface Reading {
  readonly offset: number;
  readonly roundTrip: number;
}

/**
 * Offset between the bridge's clock (seconds) and `performance.now()` (milliseconds).
 *
 * Taken from the ping with the least round trip of the last eight, as NTP does: what waits in a queue makes a round trip longer.
 * A reading is wrong by at most half its round trip: those that cannot agree with the newest are of a clock that stood still or
 * was set since (a machine that slept), and are forgotten.
 * After the first eight a change of the offset is spread over time, so that nothing that moves by this clock ever jumps.
 */
export class BridgeClock {
  private readings: Reading[] = [];
  private target: number | null = null;
  private offset = 0;
  private slewedAt = 0;
  private count = 0;

  /** Forget everything: another bridge has another clock. */
  reset(): void {
    this.readings = [];
    this.target = null;
    this.count = 0;
  }

  /** A first idea of the offset before any ping came back: the bridge's `now`, received at `receivedMs`. */
  seed(now: number, receivedMs: number): void {
    if (this.target === null) this.settle(now - receivedMs / 1000, receivedMs);
  }

  /** Take in a pong: `sentMs` and `receivedMs` on this page's clock, `now` on the bridge's. */
  add(sentMs: number, now: number, receivedMs: number): void {
    const roundTrip = receivedMs - sentMs;
    if (!Number.isFinite(now) || !(roundTrip >= 0)) return;
    this.count += 1;
    const offset = now - (sentMs + receivedMs) / 2000;
    this.readings = this.readings.filter((old) => Math.abs(old.offset - offset) * 1000 <= (old.roundTrip + roundTrip) / 2 + DRIFT_MS);
    this.readings.push({ offset, roundTrip });
    if (this.readings.length > KEPT) this.readings.shift();
    const best = this.readings.reduce((least, reading) => (reading.roundTrip < least.roundTrip ? reading : least));
    if (this.count <= KEPT || Math.abs(best.offset - this.offset) > 0.25) this.settle(best.offset, receivedMs);
    this.target = best.offset;
  }

  get known(): boolean {
    return this.target !== null;
  }

  /** Least round trip of the last pings in milliseconds; null before the first. */
  get roundTripMs(): number | null {
    return this.readings.length ? Math.min(...this.readings.map((reading) => reading.roundTrip)) : null;
  }

  /** Bridge clock in seconds at `pageMs` of `performance.now()`. */
  toBridge(pageMs: number): number {
    this.slew(pageMs);
    return pageMs / 1000 + this.offset;
  }

  /** `performance.now()` in milliseconds at `bridge` seconds of the bridge's clock. */
  toPage(bridge: number): number {
    return (bridge - this.offset) * 1000;
  }

  private settle(offset: number, pageMs: number): void {
    this.offset = offset;
    this.target = offset;
    this.slewedAt = pageMs;
  }

  /** Walk towards the target by at most 10 ms a second. */
  private slew(pageMs: number): void {
    const elapsed = pageMs - this.slewedAt;
    if (elapsed <= 0 || this.target === null) return;
    this.slewedAt = pageMs;
    const most = (elapsed / 1000) * 0.01;
    this.offset += Math.min(Math.max(this.target - this.offset, -most), most);
  }
}
