using System;
using System.Collections.Generic;

namespace AvatarBridge
{
    /// <summary>The bones behind the bone channels that the bridge names: `left_hand_x`, `_y` and `_z` are one bone.</summary>
    public sealed class Skeleton
    {
        private readonly List<string> names = new List<string>();
        private readonly Dictionary<string, int> places = new Dictionary<string, int>(StringComparer.Ordinal);
        private readonly List<int> channels = new List<int>();
        private readonly List<double> resting = new List<double>();
        private readonly int[] owners;

        internal Skeleton(IList<string> boneChannels, Func<string, double> restingPose)
        {
            owners = new int[boneChannels.Count];
            for (int index = 0; index < boneChannels.Count; index++)
            {
                owners[index] = -1;
                string channel = boneChannels[index];
                int axis = channel.Length > 2 && channel[channel.Length - 2] == '_' ? channel[channel.Length - 1] - 'x' : -1;
                if (axis >= 0 && axis <= 2)
                {
                    int bone = Place(channel.Substring(0, channel.Length - 2));
                    owners[index] = bone;
                    channels[3 * bone + axis] = index;
                    resting[3 * bone + axis] = restingPose(channel);
                }
            }
        }

        public int Count
        {
            get { return names.Count; }
        }

        /// <summary>VRM 1.0's name in snake case: `left_upper_arm`.</summary>
        public string Name(int bone)
        {
            return names[bone];
        }

        /// <summary>The bone of that name; -1 where the bridge knows none.</summary>
        public int Find(string name)
        {
            int place;
            return name != null && places.TryGetValue(name, out place) ? place : -1;
        }

        /// <summary>Degrees of the resting pose about x, y or z (0, 1 or 2).</summary>
        public double Resting(int bone, int axis)
        {
            return resting[3 * bone + axis];
        }

        /// <summary>The bone that a bone channel turns; -1 where it is none.</summary>
        internal int Owner(int channel)
        {
            return owners[channel];
        }

        /// <summary>The channel of a bone's axis; -1 where the bridge sends none.</summary>
        internal int Channel(int bone, int axis)
        {
            return channels[3 * bone + axis];
        }

        private int Place(string name)
        {
            int place;
            if (!places.TryGetValue(name, out place))
            {
                place = names.Count;
                names.Add(name);
                places.Add(name, place);
                for (int axis = 0; axis < 3; axis++)
                {
                    channels.Add(-1);
                    resting.Add(0);
                }
            }
            return place;
        }
    }
}
