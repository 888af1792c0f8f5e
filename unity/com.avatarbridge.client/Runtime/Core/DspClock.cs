using System;

namespace AvatarBridge
{
    /// <summary>
    /// The sound card's time between its steps. It moves by one buffer at a time, so what is read is late by up to a
    /// buffer: the greatest difference to the client's clock seen lately is the true one.
    /// </summary>
    public sealed class DspClock
    {
        private const int Slots = 16;
        private const double SlotSeconds = 0.1;
        private const double Jump = 0.2;

        private readonly double[] best = new double[Slots];
        private readonly long[] slotOf = new long[Slots];
        private double last = double.NaN;
        private double steppedAt;
        private double offset;

        /// <summary>True once it was observed.</summary>
        public bool Known
        {
            get { return !double.IsNaN(last); }
        }

        /// <summary>Seconds that a step may take before the sound is taken to stand still.</summary>
        public double Patience { get; set; }

        public DspClock()
        {
            Patience = 0.2;
        }

        public void Reset()
        {
            last = double.NaN;
        }

        /// <summary>Take in what the sound card's clock shows now.</summary>
        public void Observe(double dsp, double now)
        {
            double seen = dsp - now;
            bool stepped = dsp != last;
            if (!Known || dsp < last || Math.Abs(seen - offset) > Jump && stepped)
            {
                for (int index = 0; index < Slots; index++)
                {
                    slotOf[index] = long.MinValue;
                }
            }
            if (stepped)
            {
                last = dsp;
                steppedAt = now;
            }
            else if (now - steppedAt > Patience)
            {
                return;
            }
            long slot = (long)Math.Floor(now / SlotSeconds);
            int place = (int)(((slot % Slots) + Slots) % Slots);
            best[place] = slotOf[place] == slot ? Math.Max(best[place], seen) : seen;
            slotOf[place] = slot;
            offset = double.NegativeInfinity;
            for (int index = 0; index < Slots; index++)
            {
                if (slotOf[index] > slot - Slots && slotOf[index] <= slot)
                {
                    offset = Math.Max(offset, best[index]);
                }
            }
        }

        /// <summary>The sound card's time at `now`; it stands still where the card does.</summary>
        public double At(double now)
        {
            return Math.Min(now, steppedAt + Patience) + offset;
        }

        /// <summary>When the sound card's time is `dsp`, by the client's clock.</summary>
        public double ToClient(double dsp)
        {
            return dsp - offset;
        }
    }
}
