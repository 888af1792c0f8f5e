using System;

namespace AvatarBridge
{
    /// <summary>
    /// The newest 32 frames of one character, and what lies between two of them. Beyond the last one it is held; bones that a
    /// frame does not list stand at rest.
    /// </summary>
    public sealed class MotionSampler
    {
        private const int Kept = 32;
        private const double NewClock = 1.0;
        private const float DegreesAStep = 1 / 50f;

        private sealed class Frame
        {
            public double At;
            public float[] Channels;
            public float[] Bones;
            public int[] Moved;
            public int MovedCount;
        }

        private readonly Frame[] frames = new Frame[Kept];
        private Skeleton skeleton;
        private int channelCount;
        private float[] degrees = new float[0];
        private bool[] moved = new bool[0];
        private int[] shown = new int[0];
        private int shownCount;
        private long added;
        private long cursor;

        /// <summary>True once a frame came.</summary>
        public bool HasFrame
        {
            get { return added > 0; }
        }

        /// <summary>The bridge's time at which the newest frame is to be seen.</summary>
        public double NewestAt
        {
            get { return added > 0 ? frames[(added - 1) & (Kept - 1)].At : double.NegativeInfinity; }
        }

        /// <summary>Frames that came when their time had passed.</summary>
        public long LateFrames { get; internal set; }

        /// <summary>Learn what frames hold; everything older is forgotten.</summary>
        public void Learn(int channels, int bones, Skeleton names)
        {
            skeleton = names;
            channelCount = channels;
            degrees = new float[bones];
            moved = new bool[bones];
            shown = new int[2 * bones];
            shownCount = 0;
            for (int index = 0; index < Kept; index++)
            {
                frames[index] = null;
            }
            added = 0;
            cursor = 0;
        }

        /// <summary>
        /// Take in a frame from `data` at `offset` on, where its channels begin. One out of order is dropped; one that is
        /// more than a second older comes from a new clock and puts an end to the others.
        /// </summary>
        public void Add(double at, byte[] data, int offset, int bones)
        {
            if (double.IsNaN(at) || double.IsInfinity(at))
            {
                return;
            }
            if (added > 0 && at <= NewestAt)
            {
                if (at >= NewestAt - NewClock)
                {
                    return;
                }
                added = 0;
                cursor = 0;
            }
            Frame frame = Next();
            frame.At = at;
            for (int index = 0; index < channelCount; index++, offset += 4)
            {
                float value = Bytes.Single(data, offset);
                frame.Channels[index] = float.IsNaN(value) || float.IsInfinity(value) ? 0 : value;
            }
            for (int count = 0; count < bones; count++, offset += 4)
            {
                int bone = Bytes.UInt16(data, offset);
                if (bone < frame.Bones.Length && frame.MovedCount < frame.Moved.Length)
                {
                    frame.Bones[bone] = Bytes.Int16(data, offset + 2) * DegreesAStep;
                    frame.Moved[frame.MovedCount++] = bone;
                }
            }
            added++;
        }

        /// <summary>Write the channels as they are to be seen at the bridge's time `at`; false before the first frame.</summary>
        public bool Sample(double at, float[] channels)
        {
            for (int index = 0; index < shownCount; index++)
            {
                degrees[shown[index]] = 0;
                moved[shown[index]] = false;
            }
            shownCount = 0;
            if (added == 0)
            {
                return false;
            }
            long after = Find(at);
            Frame late = frames[after & (Kept - 1)];
            Frame early = after > 0 && after > added - Kept ? frames[(after - 1) & (Kept - 1)] : late;
            if (at >= late.At)
            {
                early = late;
            }
            float share = late == early ? 1 : (float)((at - early.At) / (late.At - early.At));
            share = share < 0 ? 0 : share > 1 ? 1 : share;
            float[] from = early.Channels;
            float[] to = late.Channels;
            int count = Math.Min(channels.Length, to.Length);
            for (int index = 0; index < count; index++)
            {
                float value = from[index];
                channels[index] = value + share * (to[index] - value);
            }
            Turn(early, early, late, share);
            if (late != early)
            {
                Turn(late, early, late, share);
            }
            return true;
        }

        /// <summary>True where the frames now give the bone an angle of its own.</summary>
        public bool IsMoved(int bone)
        {
            return At(bone, 0, moved) || At(bone, 1, moved) || At(bone, 2, moved);
        }

        /// <summary>Degrees about x beyond the resting pose.</summary>
        public float BoneX(int bone)
        {
            return Degrees(bone, 0);
        }

        public float BoneY(int bone)
        {
            return Degrees(bone, 1);
        }

        public float BoneZ(int bone)
        {
            return Degrees(bone, 2);
        }

        /// <summary>
        /// The bone's rotation against its parent, with the resting pose or beyond it; false where nothing moves it now.
        /// </summary>
        public bool Rotation(int bone, bool withRestingPose, out Rotation rotation)
        {
            double x = Degrees(bone, 0), y = Degrees(bone, 1), z = Degrees(bone, 2);
            if (withRestingPose && skeleton != null && bone >= 0 && bone < skeleton.Count)
            {
                x += skeleton.Resting(bone, 0);
                y += skeleton.Resting(bone, 1);
                z += skeleton.Resting(bone, 2);
            }
            rotation = AvatarBridge.Rotation.FromDegrees(x, y, z);
            return IsMoved(bone);
        }

        /// <summary>Degrees of a bone channel (an index into the welcome's bones) beyond the resting pose.</summary>
        public float BoneChannel(int index)
        {
            return index >= 0 && index < degrees.Length ? degrees[index] : 0;
        }

        /// <summary>Bring the bones nearer to the resting pose by a factor.</summary>
        internal void Relax(float share)
        {
            for (int index = 0; index < shownCount; index++)
            {
                degrees[shown[index]] *= share;
            }
        }

        private void Turn(Frame listed, Frame early, Frame late, float share)
        {
            for (int index = 0; index < listed.MovedCount; index++)
            {
                int bone = listed.Moved[index];
                if (!moved[bone])
                {
                    moved[bone] = true;
                    shown[shownCount++] = bone;
                    float value = early.Bones[bone];
                    degrees[bone] = value + share * (late.Bones[bone] - value);
                }
            }
        }

        /// <summary>The oldest kept frame that is later than `at`, else the newest.</summary>
        private long Find(double at)
        {
            long oldest = Math.Max(0, added - Kept);
            cursor = Math.Min(Math.Max(cursor, oldest), added - 1);
            while (cursor < added - 1 && frames[cursor & (Kept - 1)].At <= at)
            {
                cursor++;
            }
            while (cursor > oldest && frames[(cursor - 1) & (Kept - 1)].At > at)
            {
                cursor--;
            }
            return cursor;
        }

        private Frame Next()
        {
            int place = (int)(added & (Kept - 1));
            Frame frame = frames[place];
            if (frame == null)
            {
                frame = new Frame();
                frame.Channels = new float[channelCount];
                frame.Bones = new float[degrees.Length];
                frame.Moved = new int[degrees.Length];
                frames[place] = frame;
                return frame;
            }
            for (int index = 0; index < frame.MovedCount; index++)
            {
                frame.Bones[frame.Moved[index]] = 0;
            }
            frame.MovedCount = 0;
            return frame;
        }

        private float Degrees(int bone, int axis)
        {
            int channel = skeleton != null && bone >= 0 && bone < skeleton.Count ? skeleton.Channel(bone, axis) : -1;
            return channel >= 0 ? degrees[channel] : 0;
        }

        private bool At(int bone, int axis, bool[] flags)
        {
            int channel = skeleton != null && bone >= 0 && bone < skeleton.Count ? skeleton.Channel(bone, axis) : -1;
            return channel >= 0 && flags[channel];
        }
    }
}
