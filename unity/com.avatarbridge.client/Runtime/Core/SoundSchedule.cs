using System;
using System.Threading;

namespace AvatarBridge
{
    /// <summary>What the game tells of the sound that it plays.</summary>
    public struct PlayingReport
    {
        public long Utterance;

        /// <summary>The bridge's time at which utterance time 0 is or was heard.</summary>
        public double Start;

        public double LateMs;
        public double LatencyMs;
        public int Underruns;
    }

    /// <summary>
    /// A character's voice: takes in the bridge's samples, gives them to the sound card, and knows what of them is heard.
    /// The audio thread calls <see cref="Render"/>; the main thread all the rest.
    /// </summary>
    public sealed class SoundSchedule
    {
        private const double ReportEvery = 0.25;
        private const double Afterwards = 1.0;
        private const double Patience = 2.0;

        private readonly DspClock clock = new DspClock();
        private SoundTrack track;
        private SoundTrack spare;
        private SoundTrack sounding;
        private long refused = -1;
        private int outputRate;
        private int reportedStarts;
        private double reportedAt = double.NegativeInfinity;
        private int olderUnderruns;
        private double waitingSince = double.NaN;

        public SoundSchedule(int outputRate = 48000)
        {
            Configure(outputRate, 1024, 0.02);
        }

        /// <summary>Seconds from the sound card's time until it is heard.</summary>
        public double LatencySeconds { get; private set; }

        /// <summary>How often it ran dry within an utterance, in all.</summary>
        public int Underruns
        {
            get { return olderUnderruns + (track != null ? track.Ring.Underruns : 0); }
        }

        /// <summary>True while it has an utterance's sound that was not stopped.</summary>
        public bool Active
        {
            get { return track != null; }
        }

        /// <summary>True while samples go out.</summary>
        public bool Playing
        {
            get { return track != null && track.Place().Playing; }
        }

        /// <summary>The utterance whose sound it has; -1 for none.</summary>
        public long Utterance
        {
            get { return track != null ? track.Utterance : -1; }
        }

        /// <summary>Seconds that are there and have not gone out.</summary>
        public double BufferedSeconds
        {
            get { return track != null ? Math.Max(0, track.Ring.Written - track.Position) / (double)track.Rate : 0; }
        }

        /// <summary>True where sound has waited for two seconds and no audio thread takes it.</summary>
        internal bool IsStuck(double now)
        {
            if (track == null || track.Place().Starts > 0 || BufferedSeconds < 0.1)
            {
                waitingSince = double.NaN;
                return false;
            }
            waitingSince = double.IsNaN(waitingSince) ? now : waitingSince;
            return now - waitingSince > Patience;
        }

        internal long Position
        {
            get { return track != null ? track.Position : sounding != null ? sounding.Position : 0; }
        }

        internal int Taken { get; private set; }

        /// <summary>
        /// Learn the output's rate, its buffer in frames and the seconds from its clock until it is heard: at the start and
        /// when the device changes.
        /// </summary>
        public void Configure(int rate, int bufferFrames, double latencySeconds)
        {
            if (rate < 1 || bufferFrames < 1 || !(latencySeconds >= 0))
            {
                throw new ArgumentException("Expected a rate and a buffer above 0 and a latency of 0 s or more, got "
                    + rate + " Hz, " + bufferFrames + " frames, " + latencySeconds + " s.");
            }
            Volatile.Write(ref outputRate, rate);
            LatencySeconds = latencySeconds;
            clock.Patience = Math.Max(0.2, 4.0 * bufferFrames / rate);
            clock.Reset();
        }

        /// <summary>Take in samples; those of another utterance than the newest begin that one.</summary>
        public void Write(byte[] data, SoundMessage message)
        {
            if (message.Utterance == refused)
            {
                return;
            }
            if (track == null || track.Utterance != message.Utterance)
            {
                Begin(message.Utterance, message.Rate, message.Offset);
            }
            PcmRing ring = track.Ring;
            long gap = message.Offset - ring.Written;
            if (gap > 0)
            {
                ring.WriteSilence(gap);
            }
            int skipped = (int)Math.Min(Math.Max(0, -gap), message.Samples);
            ring.Write(data, message.Start + 2 * skipped, message.Samples - skipped);
        }

        /// <summary>No sample beyond that many follows.</summary>
        public void Finish(long utterance, long samples)
        {
            if (track == null && utterance != refused)
            {
                Begin(utterance, 48000, 0);
            }
            if (track != null && track.Utterance == utterance)
            {
                track.Finish(samples);
            }
        }

        /// <summary>Silence from the next buffer on; what still comes of this utterance is passed over.</summary>
        public void Stop(long utterance)
        {
            refused = utterance;
            if (track != null && track.Utterance == utterance)
            {
                Drop();
            }
        }

        /// <summary>Silence from the next buffer on: the sound went to somebody else, or the connection is gone.</summary>
        public void Clear()
        {
            refused = -1;
            Drop();
        }

        /// <summary>Tell what the sound card's clock shows; steps of a buffer are interpolated.</summary>
        public void Observe(double dspTime, double now)
        {
            clock.Observe(dspTime, now);
        }

        /// <summary>
        /// Seconds of the utterance heard at `now`; negative infinity before it starts. Where it ran dry it stands still,
        /// after its end it runs on.
        /// </summary>
        public double Heard(double now)
        {
            if (track == null || !clock.Known)
            {
                return double.NegativeInfinity;
            }
            SoundPlace place = track.Place();
            if (place.Starts == 0)
            {
                return double.NegativeInfinity;
            }
            double dsp = clock.At(now) - LatencySeconds;
            double heard = dsp - place.Start;
            if (heard < place.From && place.Starts > 1)
            {
                return Math.Min(dsp - place.OlderStart, place.From);
            }
            return Math.Min(heard, place.Limit);
        }

        /// <summary>What is to be reported now: after each start, and every 250 ms while it plays.</summary>
        public bool TakeReport(double now, double bridgeOffset, out PlayingReport report)
        {
            report = new PlayingReport();
            if (track == null || !clock.Known)
            {
                return false;
            }
            SoundPlace place = track.Place();
            bool anew = place.Starts != reportedStarts;
            bool due = place.Playing && (now - reportedAt >= ReportEvery || now < reportedAt);
            double end = track.Ring.Written / (double)track.Rate;
            if (place.Starts == 0 || !(anew || due) || track.Finished && !anew && Heard(now) > end + Afterwards)
            {
                return false;
            }
            reportedStarts = place.Starts;
            reportedAt = now;
            report.Utterance = track.Utterance;
            report.Start = clock.ToClient(place.Start + LatencySeconds) + bridgeOffset;
            report.LateMs = Math.Max(0, (place.Start - place.FirstStart) * 1000);
            report.LatencyMs = LatencySeconds * 1000;
            report.Underruns = track.Ring.Underruns;
            return true;
        }

        /// <summary>
        /// AUDIO THREAD: write the next frames, one value each, which the card's clock puts at `dspTime`; silence where
        /// nothing plays. Returns how many frames at the beginning hold anything.
        /// </summary>
        public int Render(float[] mono, int frames, double dspTime)
        {
            SoundTrack wanted = Volatile.Read(ref track);
            int done = 0;
            Taken = 0;
            if (sounding != wanted)
            {
                if (sounding != null && !sounding.Silent)
                {
                    // the new one begins with the next buffer
                    sounding.FadeOut(mono, 0, frames);
                    return frames;
                }
                if (sounding != null)
                {
                    sounding.Leave();
                }
                sounding = wanted;
            }
            if (sounding != null)
            {
                done = sounding.Render(mono, frames, dspTime, Volatile.Read(ref outputRate));
                Taken = done;
            }
            if (done == frames)
            {
                return frames;
            }
            if (done > 0 && sounding != null)
            {
                sounding.FadeOut(mono, done, frames);
                return frames;
            }
            Array.Clear(mono, 0, frames);
            return 0;
        }

        private void Begin(long utterance, int rate, long first)
        {
            Drop();
            SoundTrack fresh = spare != null && spare.Left ? spare : new SoundTrack();
            spare = null;
            fresh.Begin(utterance, rate, first);
            reportedStarts = 0;
            reportedAt = double.NegativeInfinity;
            Volatile.Write(ref track, fresh);
        }

        private void Drop()
        {
            if (track != null)
            {
                olderUnderruns += track.Ring.Underruns;
                spare = track;
                Volatile.Write(ref track, null);
            }
        }
    }
}
