using System.Diagnostics;

namespace AvatarBridge
{
    /// <summary>Seconds of a clock that never jumps and that every thread may read.</summary>
    public static class MonotonicClock
    {
        public static double Now
        {
            get { return Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency; }
        }
    }
}
