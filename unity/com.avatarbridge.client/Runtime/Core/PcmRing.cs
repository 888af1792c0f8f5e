using System;
using System.Threading;

namespace AvatarBridge
{
    /// <summary>
    /// Samples between one thread that writes and one that reads, without a lock. Positions are absolute: sample numbers of
    /// the utterance. It grows by itself, up to <see cref="Largest"/> samples; what would go beyond is refused.
    /// </summary>
    public sealed class PcmRing
    {
        /// <summary>About 43 s at 48 kHz; the bridge sends up to 15 s ahead.</summary>
        public const int Largest = 1 << 21;

        private sealed class Store
        {
            public readonly float[] Samples;
            public readonly int Mask;

            public Store(int size)
            {
                Samples = new float[size];
                Mask = size - 1;
            }
        }

        private Store store;
        private long written;
        private long read;
        private int underruns;

        /// <summary>Make a ring for at least `capacity` samples at first.</summary>
        public PcmRing(int capacity)
        {
            int size = 256;
            while (size < capacity && size < Largest)
            {
                size *= 2;
            }
            store = new Store(size);
        }

        /// <summary>The position after the last sample written.</summary>
        public long Written
        {
            get { return Interlocked.Read(ref written); }
        }

        /// <summary>The position of the oldest sample that the reader still wants.</summary>
        public long Read
        {
            get { return Interlocked.Read(ref read); }
        }

        /// <summary>How often the reader wanted what was not there.</summary>
        public int Underruns
        {
            get { return Volatile.Read(ref underruns); }
        }

        /// <summary>Begin anew at a position; only while no reader is at it.</summary>
        public void Reset(long position)
        {
            Interlocked.Exchange(ref written, position);
            Interlocked.Exchange(ref read, position);
            Interlocked.Exchange(ref underruns, 0);
        }

        /// <summary>Write 16-bit little-endian samples from byte `offset` on; return how many were taken (writer).</summary>
        public int Write(byte[] data, int offset, int count)
        {
            int taken = Room(count);
            Store into = store;
            long position = written;
            for (int index = 0; index < taken; index++, offset += 2)
            {
                into.Samples[(int)((position + index) & into.Mask)] = Bytes.Int16(data, offset) / 32767f;
            }
            Interlocked.Exchange(ref written, position + taken);
            return taken;
        }

        /// <summary>Write samples; return how many were taken (writer).</summary>
        public int Write(float[] samples, int offset, int count)
        {
            int taken = Room(count);
            Store into = store;
            long position = written;
            for (int index = 0; index < taken; index++)
            {
                into.Samples[(int)((position + index) & into.Mask)] = samples[offset + index];
            }
            Interlocked.Exchange(ref written, position + taken);
            return taken;
        }

        /// <summary>Write silence; return how many samples were taken (writer).</summary>
        public int WriteSilence(long count)
        {
            int taken = Room((int)Math.Min(count, Largest));
            Store into = store;
            long position = written;
            for (int index = 0; index < taken; index++)
            {
                into.Samples[(int)((position + index) & into.Mask)] = 0;
            }
            Interlocked.Exchange(ref written, position + taken);
            return taken;
        }

        /// <summary>Hand out the samples and their mask; the one at `position` is at `position &amp; mask` (reader).</summary>
        public float[] View(out int mask)
        {
            Store now = Volatile.Read(ref store);
            mask = now.Mask;
            return now.Samples;
        }

        /// <summary>Let go of everything before `position` (reader).</summary>
        public void Release(long position)
        {
            if (position > read)
            {
                Interlocked.Exchange(ref read, Math.Min(position, Written));
            }
        }

        /// <summary>Let go of everything that is there (reader).</summary>
        public void Flush()
        {
            Release(Written);
        }

        /// <summary>Count that what was wanted was not there (reader).</summary>
        public void CountUnderrun()
        {
            Interlocked.Increment(ref underruns);
        }

        private int Room(int count)
        {
            Store old = store;
            long from = Read;
            long held = written - from;
            int size = old.Samples.Length;
            while (held + count > size && size < Largest)
            {
                size *= 2;
            }
            if (size > old.Samples.Length)
            {
                var larger = new Store(size);
                for (long position = from; position < written; position++)
                {
                    larger.Samples[(int)(position & larger.Mask)] = old.Samples[(int)(position & old.Mask)];
                }
                // the reader may go on with the old one: nothing in it changes any more
                Volatile.Write(ref store, larger);
            }
            return (int)Math.Max(0, Math.Min(count, size - held));
        }
    }
}
