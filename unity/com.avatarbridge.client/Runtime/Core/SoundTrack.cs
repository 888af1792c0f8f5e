using System;
using System.Threading;

namespace AvatarBridge
{
    /// <summary>Where the audio thread is in an utterance; times by the sound card's clock.</summary>
    internal struct SoundPlace
    {
        /// <summary>Counts the starts: the first one and one after each dry spell; 0 before the first.</summary>
        public int Starts;

        /// <summary>True while samples go out; false before the first start and where it ran dry.</summary>
        public bool Playing;

        /// <summary>Utterance time 0 goes out at this time, since the last start.</summary>
        public double Start;

        /// <summary>Utterance time from which on `Start` counts.</summary>
        public double From;

        /// <summary>`Start` before the last shift.</summary>
        public double OlderStart;

        /// <summary>The very first `Start`.</summary>
        public double FirstStart;

        /// <summary>Utterance time that went out at most; infinite where all did and time runs on.</summary>
        public double Limit;
    }

    /// <summary>
    /// The sound of one utterance on its way out: waits until 60 ms are there, resamples without drift, and starts anew
    /// where it ran dry. The audio thread calls <see cref="Render"/>, the main thread all the rest.
    /// </summary>
    internal sealed class SoundTrack
    {
        private const double Prebuffer = 0.06;
        private const float Decay = 0.98f;
        private const float Inaudible = 1e-4f;

        public readonly PcmRing Ring = new PcmRing(1 << 16);

        private long end = long.MaxValue;
        private long phase;
        private long cursor;
        private bool playing;
        private SoundPlace place;
        private SoundPlace told;
        private int version;
        private int left;
        private float tail;
        private long shown;

        public long Utterance { get; private set; }
        public int Rate { get; private set; }

        /// <summary>True when the audio thread will not touch it again.</summary>
        public bool Left
        {
            get { return Volatile.Read(ref left) != 0; }
        }

        public bool Finished
        {
            get { return Interlocked.Read(ref end) != long.MaxValue; }
        }

        /// <summary>Set up for an utterance that begins at a sample; only before the audio thread has it.</summary>
        public void Begin(long utterance, int rate, long first)
        {
            Utterance = utterance;
            Rate = rate;
            Ring.Reset(first);
            Interlocked.Exchange(ref end, long.MaxValue);
            cursor = first;
            Interlocked.Exchange(ref shown, first);
            phase = 0;
            playing = false;
            tail = 0;
            place = new SoundPlace { Limit = first / (double)rate };
            told = place;
            Volatile.Write(ref left, 0);
        }

        public void Finish(long samples)
        {
            Interlocked.Exchange(ref end, samples);
        }

        public void Leave()
        {
            Volatile.Write(ref left, 1);
        }

        /// <summary>Read where the audio thread is (any thread).</summary>
        public SoundPlace Place()
        {
            while (true)
            {
                int before = Volatile.Read(ref version);
                Thread.MemoryBarrier();
                SoundPlace copy = told;
                Thread.MemoryBarrier();
                if ((before & 1) == 0 && before == Volatile.Read(ref version))
                {
                    return copy;
                }
            }
        }

        /// <summary>The number of the next sample to go out, the utterance's length at most.</summary>
        public long Position
        {
            get { return Math.Min(Interlocked.Read(ref shown), Ring.Written); }
        }

        /// <summary>True where the last value that went out was silence (audio thread).</summary>
        public bool Silent
        {
            get { return tail == 0; }
        }

        /// <summary>Let the sound die away from its last value within some milliseconds (audio thread); true when it has.</summary>
        public bool FadeOut(float[] into, int from, int frames)
        {
            for (int index = from; index < frames; index++)
            {
                tail *= Decay;
                into[index] = tail;
            }
            bool gone = Math.Abs(tail) < Inaudible;
            tail = gone ? 0 : tail;
            return gone;
        }

        /// <summary>Write the next frames, which go out from time `dsp` on; return how many hold sound (audio thread).</summary>
        public int Render(float[] into, int frames, double dsp, int outputRate)
        {
            long written = Ring.Written;
            long last = Interlocked.Read(ref end);
            bool whole = written >= last;
            if (!playing && !Start(written, whole, dsp))
            {
                if (whole && place.Starts > 0 && !double.IsPositiveInfinity(place.Limit))
                {
                    place.Limit = double.PositiveInfinity;
                    Tell();
                }
                return 0;
            }
            Realign(dsp, frames, outputRate);
            int done = Rate == outputRate && phase == 0
                ? Copy(into, frames, written)
                : Resample(into, frames, written, whole, outputRate);
            Ring.Release(cursor - 1);
            Interlocked.Exchange(ref shown, cursor);
            if (done < frames && !whole)
            {
                Ring.CountUnderrun();
                playing = false;
            }
            tail = done > 0 ? into[done - 1] : tail;
            place.Playing = playing;
            place.Limit = playing && whole && cursor >= written ? double.PositiveInfinity : Heard(outputRate);
            if (playing && !whole)
            {
                place.Limit = written / (double)Rate;
            }
            Tell();
            return done;
        }

        private bool Start(long written, bool whole, double dsp)
        {
            if (written - cursor < Prebuffer * Rate && !whole || written <= cursor)
            {
                return false;
            }
            playing = true;
            phase = 0;
            double position = cursor / (double)Rate;
            place.OlderStart = place.Starts == 0 ? dsp - position : place.Start;
            place.Start = dsp - position;
            place.From = position;
            place.FirstStart = place.Starts == 0 ? place.Start : place.FirstStart;
            place.Starts++;
            return true;
        }

        /// <summary>Where the card left buffers out, the utterance goes on later by as much.</summary>
        private void Realign(double dsp, int frames, int outputRate)
        {
            double position = Heard(outputRate);
            double start = dsp - position;
            if (Math.Abs(start - place.Start) > 0.5 * frames / outputRate)
            {
                place.OlderStart = place.Start;
                place.Start = start;
                place.From = position;
                place.Starts++;
            }
        }

        private double Heard(int outputRate)
        {
            return (cursor + phase / (double)outputRate) / Rate;
        }

        private int Copy(float[] into, int frames, long written)
        {
            int mask;
            float[] samples = Ring.View(out mask);
            int count = (int)Math.Max(0, Math.Min(frames, written - cursor));
            for (int index = 0; index < count; index++)
            {
                into[index] = samples[(int)((cursor + index) & mask)];
            }
            // once all is there, the position runs on past the end with time
            cursor += Finished && written >= Interlocked.Read(ref end) ? frames : count;
            return count;
        }

        /// <summary>Catmull-Rom through four neighbours; the place between samples is a fraction of integers: no drift.</summary>
        private int Resample(float[] into, int frames, long written, bool whole, int outputRate)
        {
            int mask;
            float[] samples = Ring.View(out mask);
            long first = Ring.Read;
            int done = 0;
            for (int index = 0; index < frames; index++)
            {
                if (!whole && cursor + 2 >= written)
                {
                    return done;
                }
                if (cursor < written)
                {
                    float b = samples[(int)(cursor & mask)];
                    float c = cursor + 1 < written ? samples[(int)((cursor + 1) & mask)] : 0;
                    float a = cursor > first ? samples[(int)((cursor - 1) & mask)] : 2 * b - c;
                    float d = cursor + 2 < written ? samples[(int)((cursor + 2) & mask)] : 0;
                    float t = phase / (float)outputRate;
                    into[index] = b + 0.5f * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
                    done++;
                }
                else
                {
                    into[index] = 0;
                }
                phase += Rate;
                while (phase >= outputRate)
                {
                    phase -= outputRate;
                    cursor++;
                }
            }
            return done;
        }

        private void Tell()
        {
            Interlocked.Increment(ref version);
            told = place;
            Interlocked.Increment(ref version);
        }
    }
}
