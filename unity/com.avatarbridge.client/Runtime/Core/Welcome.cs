using System;
using System.Collections.Generic;

namespace AvatarBridge
{
    /// <summary>What the bridge told when it let the game in: what its frames' numbers stand for.</summary>
    public sealed class Welcome
    {
        private readonly Dictionary<string, int> channelPlaces = new Dictionary<string, int>(StringComparer.Ordinal);
        private readonly Dictionary<string, int> bonePlaces = new Dictionary<string, int>(StringComparer.Ordinal);
        private readonly Dictionary<string, double> restingPose = new Dictionary<string, double>(StringComparer.Ordinal);

        public Welcome(JsonValue message)
        {
            Protocol = message.Integer("protocol", 1);
            Version = message.Text("version");
            Session = message.Integer("session");
            Now = message.Number("now");
            Rate = message.Integer("rate", 48000);
            Channels = message.Texts("channels");
            Bones = message.Texts("bones");
            Number(Channels, channelPlaces);
            Number(Bones, bonePlaces);
            JsonValue pose = message["resting_pose"];
            foreach (string name in pose.Keys)
            {
                restingPose[name] = pose.Number(name);
            }
            Skeleton = new Skeleton(Bones, RestingDegrees);
        }

        public int Protocol { get; private set; }
        public string Version { get; private set; }
        public int Session { get; private set; }

        /// <summary>The bridge's clock when it sent this.</summary>
        public double Now { get; private set; }

        /// <summary>Samples a second of the sound.</summary>
        public int Rate { get; private set; }

        public IList<string> Channels { get; private set; }
        public IList<string> Bones { get; private set; }
        public Skeleton Skeleton { get; private set; }

        /// <summary>Where a channel stands in a character's channels; -1 where the bridge sends none of that name.</summary>
        public int ChannelIndex(string name)
        {
            return Place(channelPlaces, name);
        }

        /// <summary>Where a bone's channel (`left_hand_x`) stands in <see cref="Bones"/>; -1 where it does not.</summary>
        public int BoneIndex(string name)
        {
            return Place(bonePlaces, name);
        }

        /// <summary>Degrees of a bone channel when nothing moves it, from the T-pose.</summary>
        public float RestingPose(string boneChannel)
        {
            return (float)RestingDegrees(boneChannel);
        }

        private double RestingDegrees(string boneChannel)
        {
            double degrees;
            return boneChannel != null && restingPose.TryGetValue(boneChannel, out degrees) ? degrees : 0;
        }

        private static int Place(Dictionary<string, int> places, string name)
        {
            int place;
            return name != null && places.TryGetValue(name, out place) ? place : -1;
        }

        private static void Number(IList<string> names, Dictionary<string, int> places)
        {
            for (int index = 0; index < names.Count; index++)
            {
                places[names[index]] = index;
            }
        }
    }
}
