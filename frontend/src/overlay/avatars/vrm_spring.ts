/** Critically damped springs: what follows something else without a snap and without an overshoot. */

/**
 * A number that follows another. The step is the exact solution for a target that stands still during it,
 * x(t) = goal + (c1 + c2 t) e^(-wt), so the frame rate does not change the motion.
 */
export class Spring {
  value = 0;
  private speed = 0;
  private fresh = true;

  /** `hertz` is the spring's own frequency: it is about there after half a period. */
  constructor(private readonly hertz: number) {}

  /** Follow `goal` for `seconds` and return where that leads; the first call starts there. */
  follow(goal: number, seconds: number): number {
    if (this.fresh) {
      this.fresh = false;
      this.value = goal;
      return goal;
    }
    const omega = 2 * Math.PI * this.hertz;
    const away = this.value - goal;
    const push = this.speed + omega * away;
    const decay = Math.exp(-omega * seconds);
    this.value = goal + (away + push * seconds) * decay;
    this.speed = (this.speed - omega * push * seconds) * decay;
    return this.value;
  }
}
