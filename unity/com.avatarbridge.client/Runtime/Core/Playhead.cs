using System;

namespace AvatarBridge
{
    /// <summary>
    /// How much of an utterance was heard, as the bridge's `clock` messages tell it. Between two of them it runs on; what
    /// they correct is made good at 4 % of time's pace, and at once only beyond 120 ms.
    /// </summary>
    public sealed class Playhead
    {
        private const double Jump = 0.12;
        private const double Slew = 0.04;
        private const double Patience = 1.0;

        private bool running;
        private double standing = double.NegativeInfinity;
        private double start;
        private double goal;
        private double saidAt;
        private double askedAt = double.NegativeInfinity;

        /// <summary>A new utterance begins; nothing of it was heard yet.</summary>
        public void Begin()
        {
            running = false;
            standing = double.NegativeInfinity;
            askedAt = double.NegativeInfinity;
        }

        /// <summary>The bridge says: at its time `bridge` this much was heard.</summary>
        public void Follow(double bridge, double heard, bool runs)
        {
            double told = bridge - heard;
            if (!running || Math.Abs(told - start) > Jump)
            {
                start = told;
            }
            goal = told;
            running = runs;
            standing = heard;
            saidAt = bridge;
        }

        /// <summary>It is over: spoken out, it runs on past the end; cut off, it stands.</summary>
        public void End(double heard, bool complete)
        {
            if (!complete || !running)
            {
                running = false;
                standing = heard;
            }
        }

        /// <summary>Seconds heard at the bridge's time; negative infinity before it began.</summary>
        public double At(double bridge)
        {
            if (!running)
            {
                return standing;
            }
            double most = Slew * Math.Max(0, bridge - askedAt);
            askedAt = bridge;
            start += Math.Min(Math.Max(goal - start, -most), most);
            return Math.Min(bridge, saidAt + Patience) - start;
        }
    }
}
