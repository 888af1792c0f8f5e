namespace AvatarBridge
{
    /// <summary>
    /// A binary message of kind 1: one frame of each of several characters. It is checked as a whole before anything of it
    /// is used.
    /// </summary>
    public struct MotionMessage
    {
        private const int Head = 8;
        private const int FrameHead = 12;

        private readonly byte[] data;
        private readonly int channels;
        private int next;
        private int left;

        private MotionMessage(byte[] data, int channels)
        {
            this.data = data;
            this.channels = channels;
            next = Head;
            left = Bytes.UInt16(data, 2);
            Sequence = Bytes.UInt32(data, 4);
            Character = -1;
            At = 0;
            Values = 0;
            BoneCount = 0;
        }

        public uint Sequence { get; private set; }

        /// <summary>The number of the character that the frame is of.</summary>
        public int Character { get; private set; }

        /// <summary>The bridge's time at which it is to be seen.</summary>
        public double At { get; private set; }

        /// <summary>Where in the message its channels begin; the bones follow.</summary>
        public int Values { get; private set; }

        public int BoneCount { get; private set; }

        /// <summary>False where the bytes are not a whole message of motion with that many channels and bones.</summary>
        public static bool TryRead(byte[] data, int count, int channels, int bones, out MotionMessage message)
        {
            message = new MotionMessage();
            if (count < Head || data[0] != 1)
            {
                return false;
            }
            int at = Head;
            for (int frames = Bytes.UInt16(data, 2); frames > 0; frames--)
            {
                if (at + FrameHead > count)
                {
                    return false;
                }
                int moved = Bytes.UInt16(data, at + 2);
                int first = at + FrameHead + 4 * channels;
                at = first + 4 * moved;
                if (at > count)
                {
                    return false;
                }
                for (int bone = first; bone < at; bone += 4)
                {
                    if (Bytes.UInt16(data, bone) >= bones)
                    {
                        return false;
                    }
                }
            }
            message = new MotionMessage(data, channels);
            return at == count;
        }

        /// <summary>Go to the next frame; false after the last.</summary>
        public bool Next()
        {
            if (left == 0)
            {
                return false;
            }
            left--;
            Character = Bytes.UInt16(data, next);
            BoneCount = Bytes.UInt16(data, next + 2);
            At = Bytes.Double(data, next + 4);
            Values = next + FrameHead;
            next = Values + 4 * channels + 4 * BoneCount;
            return true;
        }
    }

    /// <summary>A binary message of kind 2: 16-bit samples of an utterance.</summary>
    public struct SoundMessage
    {
        private const int Head = 16;

        public int Character { get; private set; }
        public long Utterance { get; private set; }

        /// <summary>The number of its first sample in the utterance.</summary>
        public long Offset { get; private set; }

        public int Rate { get; private set; }

        /// <summary>Where in the message the samples begin.</summary>
        public int Start { get; private set; }

        public int Samples { get; private set; }

        public static bool TryRead(byte[] data, int count, out SoundMessage message)
        {
            message = new SoundMessage();
            if (count < Head || data[0] != 2 || (count - Head) % 2 != 0)
            {
                return false;
            }
            long rate = Bytes.UInt32(data, 12);
            if (rate < 1 || rate > 768000)
            {
                return false;
            }
            message.Character = Bytes.UInt16(data, 2);
            message.Utterance = Bytes.UInt32(data, 4);
            message.Offset = Bytes.UInt32(data, 8);
            message.Rate = (int)rate;
            message.Start = Head;
            message.Samples = (count - Head) / 2;
            return true;
        }
    }
}
