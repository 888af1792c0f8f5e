using System;

namespace AvatarBridge
{
    /// <summary>
    /// The bridge's clock as seen from the client's: the answer with the least round trip of the last eight counts, of equal ones the newest (as in
    /// NTP's clock filter, RFC 5905). A clock that jumped is noticed by two answers in a row that cannot be true.
    /// </summary>
    public sealed class ClockSync
    {
        private const int Window = 8;
        private const double Tolerance = 0.010;
        private const double Quick = 0.05;
        private const double Slow = 1.0;
        private const int QuickPings = 4;
        private const double WarmUp = 0.3;

        private readonly double[] offsets = new double[Window];
        private readonly double[] trips = new double[Window];
        private int count;
        private int next;
        private int contradictions;
        private int answers;
        private double begun;
        private int quick = QuickPings;
        private double pingAt = double.NegativeInfinity;

        /// <summary>True once an answer came.</summary>
        public bool Known
        {
            get { return count > 0; }
        }

        /// <summary>
        /// True once the offset may be relied on, at the client's `now`: the quick pings were answered, or one was and 0.3 s
        /// have passed. Before, a connection's first round trips may be long and slow one way.
        /// </summary>
        public bool Settled(double now)
        {
            return Known && (answers >= QuickPings || now - begun >= WarmUp);
        }

        /// <summary>Seconds to add to the client's time to get the bridge's.</summary>
        public double Offset { get; private set; }

        /// <summary>Seconds of the best answer's round trip; the offset is wrong by half of it at most.</summary>
        public double RoundTrip { get; private set; }

        /// <summary>How often the answers told that a clock had jumped.</summary>
        public int Jumps { get; private set; }

        public double ToBridge(double now)
        {
            return now + Offset;
        }

        public double ToClient(double bridge)
        {
            return bridge - Offset;
        }

        /// <summary>Forget everything: another connection, perhaps another bridge.</summary>
        public void Reset()
        {
            Forget();
            answers = 0;
            Offset = 0;
            RoundTrip = 0;
            pingAt = double.NegativeInfinity;
        }

        /// <summary>Set a first guess, good until an answer comes: the `now` of the welcome.</summary>
        public void Guess(double bridge, double now)
        {
            if (count == 0)
            {
                Offset = bridge - now;
            }
        }

        /// <summary>True when a ping is due; it counts as sent at `now` then.</summary>
        public bool PingDue(double now)
        {
            // a client's clock that went back must not silence the pings
            if (now < pingAt && now > pingAt - Slow)
            {
                return false;
            }
            quick = Math.Max(0, quick - 1);
            pingAt = now + (quick > 0 ? Quick : Slow);
            return true;
        }

        /// <summary>
        /// Take in an answer: sent and received by the client's clock, answered at `bridge`. True when the clock was
        /// found to have jumped and the estimate began anew.
        /// </summary>
        public bool Answer(double sent, double received, double bridge)
        {
            double trip = received - sent;
            if (!(trip >= 0) || double.IsInfinity(trip) || double.IsNaN(bridge) || double.IsInfinity(bridge))
            {
                return false;
            }
            begun = answers == 0 ? sent : begun;
            answers++;
            double offset = bridge - (sent + received) / 2;
            bool jumped = false;
            if (count > 0 && Math.Abs(offset - Offset) > trip / 2 + Tolerance)
            {
                contradictions++;
                if (contradictions < 2)
                {
                    return false;
                }
                Forget();
                Jumps++;
                jumped = true;
            }
            contradictions = 0;
            offsets[next] = offset;
            trips[next] = trip;
            next = (next + 1) % Window;
            count = Math.Min(count + 1, Window);
            Choose();
            return jumped;
        }

        private void Choose()
        {
            int best = (next + Window - count) % Window;
            for (int age = count - 1; age >= 0; age--)
            {
                int index = (next + Window - 1 - age) % Window;
                if (trips[index] <= trips[best])
                {
                    best = index;
                }
            }
            Offset = offsets[best];
            RoundTrip = trips[best];
        }

        private void Forget()
        {
            count = 0;
            next = 0;
            contradictions = 0;
            quick = QuickPings;
        }
    }
}
