using System.Collections.Generic;
using UnityEngine;

namespace AvatarBridge
{
    /// <summary>The rig's bones under Unity's names.</summary>
    internal static class HumanBones
    {
        /// <summary>VRM 1.0 counts a thumb from the palm, Unity from the first joint.</summary>
        private static readonly Dictionary<HumanBodyBones, string> Thumbs = new Dictionary<HumanBodyBones, string>
        {
            { HumanBodyBones.LeftThumbProximal, "left_thumb_metacarpal" },
            { HumanBodyBones.LeftThumbIntermediate, "left_thumb_proximal" },
            { HumanBodyBones.RightThumbProximal, "right_thumb_metacarpal" },
            { HumanBodyBones.RightThumbIntermediate, "right_thumb_proximal" }
        };

        /// <summary>The rig's name of Unity's bone: "left_upper_arm".</summary>
        public static string Name(HumanBodyBones bone)
        {
            string thumb;
            if (Thumbs.TryGetValue(bone, out thumb)) return thumb;
            var text = new System.Text.StringBuilder();
            foreach (var letter in bone.ToString())
            {
                if (char.IsUpper(letter) && text.Length > 0) text.Append('_');
                text.Append(char.ToLowerInvariant(letter));
            }
            return text.ToString();
        }

        public static Quaternion ToUnity(Rotation rotation)
        {
            var turned = rotation.ToUnity();
            return new Quaternion(turned.X, turned.Y, turned.Z, turned.W);
        }
    }
}
