using System;
using System.Collections.Generic;
using UnityEngine;

namespace AvatarBridge
{
    /// <summary>The rig's bones under Unity's names.</summary>
    internal static class HumanBones
    {
        private static readonly Dictionary<string, HumanBodyBones> Odd = new Dictionary<string, HumanBodyBones>
        {
            { "left_thumb_metacarpal", HumanBodyBones.LeftThumbProximal },
            { "left_thumb_proximal", HumanBodyBones.LeftThumbIntermediate },
            { "right_thumb_metacarpal", HumanBodyBones.RightThumbProximal },
            { "right_thumb_proximal", HumanBodyBones.RightThumbIntermediate }
        };

        /// <summary>Unity's bone for the rig's name ("left_upper_arm"); LastBone where it has none.</summary>
        public static HumanBodyBones Find(string name)
        {
            HumanBodyBones bone;
            if (Odd.TryGetValue(name, out bone)) return bone;
            return Enum.TryParse(name.Replace("_", ""), true, out bone) ? bone : HumanBodyBones.LastBone;
        }

        /// <summary>The rig's name of Unity's bone: "left_upper_arm".</summary>
        public static string Name(HumanBodyBones bone)
        {
            foreach (var pair in Odd)
                if (pair.Value == bone) return pair.Key;
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
