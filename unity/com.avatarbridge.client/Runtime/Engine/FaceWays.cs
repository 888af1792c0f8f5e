using System;
using System.Collections.Generic;

namespace AvatarBridge
{
    /// <summary>One way to show a part of the face: shapes that are moved together, each by its weight.</summary>
    internal sealed class FaceWay
    {
        public readonly string Part;
        public readonly FaceStyle Style;
        public readonly string[] Names;
        public readonly float[] Weights;

        public FaceWay(string part, FaceStyle style, string shapes)
        {
            Part = part;
            Style = style;
            var words = shapes.Split(' ');
            Names = new string[words.Length];
            Weights = new float[words.Length];
            for (var index = 0; index < words.Length; index++)
            {
                var colon = words[index].IndexOf(':');
                Names[index] = FaceWays.Plain(colon < 0 ? words[index] : words[index].Substring(0, colon));
                Weights[index] = colon < 0 ? 1f : float.Parse(words[index].Substring(colon + 1), System.Globalization.CultureInfo.InvariantCulture);
            }
        }
    }

    /// <summary>
    /// How each part of a face is shown in each style, best first. A part is a channel of the rig, with + or - for one half
    /// of a signed one. ARKit has no visemes and no emotions: they are composed of its shapes.
    /// </summary>
    internal static class FaceWays
    {
        public static readonly string[] Visemes = { "aa", "ih", "ou", "ee", "oh" };
        public static readonly string[] Emotions = { "happy", "angry", "sad", "relaxed", "surprised" };

        /// <summary>A name without what stands before it, without case, spaces, _ . and -; `_L` is spelled out.</summary>
        public static string Plain(string name)
        {
            var from = name.LastIndexOf("Fcl_", StringComparison.OrdinalIgnoreCase);
            var text = from > 0 ? name.Substring(from) : name.Substring(name.LastIndexOf('.') + 1);
            if (text.EndsWith("_L", StringComparison.OrdinalIgnoreCase)) text = text.Substring(0, text.Length - 2) + "Left";
            else if (text.EndsWith("_R", StringComparison.OrdinalIgnoreCase)) text = text.Substring(0, text.Length - 2) + "Right";
            var kept = new System.Text.StringBuilder(text.Length);
            foreach (var letter in text)
                if (letter != ' ' && letter != '_' && letter != '-') kept.Append(char.ToLowerInvariant(letter));
            return kept.ToString();
        }

        public static readonly IList<FaceWay> All = Table();

        private static List<FaceWay> Table()
        {
            var ways = new List<FaceWay>();
            Arkit(ways);
            Vrm(ways);
            Vroid(ways);
            Mmd(ways);
            Oculus(ways);
            return ways;
        }

        private static void Add(List<FaceWay> ways, FaceStyle style, string part, string shapes)
        {
            ways.Add(new FaceWay(part, style, shapes));
        }

        private static void Arkit(List<FaceWay> ways)
        {
            const FaceStyle S = FaceStyle.Arkit;
            Add(ways, S, "mouth_open", "jawOpen:0.7");
            Add(ways, S, "aa", "jawOpen:0.62 mouthLowerDownLeft:0.25 mouthLowerDownRight:0.25 mouthUpperUpLeft:0.12 mouthUpperUpRight:0.12");
            Add(ways, S, "ih", "jawOpen:0.2 mouthStretchLeft:0.35 mouthStretchRight:0.35 mouthLowerDownLeft:0.2 mouthLowerDownRight:0.2");
            Add(ways, S, "ou", "jawOpen:0.14 mouthPucker:0.75 mouthFunnel:0.2");
            Add(ways, S, "ee", "jawOpen:0.16 mouthSmileLeft:0.3 mouthSmileRight:0.3 mouthStretchLeft:0.3 mouthStretchRight:0.3 mouthLowerDownLeft:0.2 mouthLowerDownRight:0.2");
            Add(ways, S, "oh", "jawOpen:0.4 mouthFunnel:0.65");
            Add(ways, S, "happy", "mouthSmileLeft:0.7 mouthSmileRight:0.7 cheekSquintLeft:0.5 cheekSquintRight:0.5 eyeSquintLeft:0.3 eyeSquintRight:0.3");
            Add(ways, S, "angry", "browDownLeft:0.9 browDownRight:0.9 noseSneerLeft:0.4 noseSneerRight:0.4 mouthPressLeft:0.3 mouthPressRight:0.3 eyeSquintLeft:0.3 eyeSquintRight:0.3");
            Add(ways, S, "sad", "browInnerUp:0.8 mouthFrownLeft:0.6 mouthFrownRight:0.6 mouthShrugLower:0.2");
            Add(ways, S, "relaxed", "mouthSmileLeft:0.3 mouthSmileRight:0.3 eyeSquintLeft:0.2 eyeSquintRight:0.2");
            Add(ways, S, "surprised", "browInnerUp:0.7 browOuterUpLeft:0.7 browOuterUpRight:0.7 eyeWideLeft:0.7 eyeWideRight:0.7 jawOpen:0.18");
            Add(ways, S, "blink_left", "eyeBlinkLeft");
            Add(ways, S, "blink_right", "eyeBlinkRight");
            Add(ways, S, "brow_left+", "browOuterUpLeft:0.8 browInnerUp:0.35");
            Add(ways, S, "brow_right+", "browOuterUpRight:0.8 browInnerUp:0.35");
            Add(ways, S, "brow_left-", "browDownLeft:0.8");
            Add(ways, S, "brow_right-", "browDownRight:0.8");
            Add(ways, S, "mouth_smile+", "mouthSmileLeft:0.7 mouthSmileRight:0.7");
            Add(ways, S, "mouth_smile-", "mouthFrownLeft:0.7 mouthFrownRight:0.7");
            Add(ways, S, "mouth_x+", "mouthLeft");
            Add(ways, S, "mouth_x-", "mouthRight");
            Add(ways, S, "eye_wide", "eyeWideLeft eyeWideRight");
            Add(ways, S, "eye_smile", "eyeSquintLeft:0.8 eyeSquintRight:0.8 cheekSquintLeft:0.5 cheekSquintRight:0.5");
            Add(ways, S, "cheek_puff", "cheekPuff");
            Add(ways, S, "tongue_out", "tongueOut");
        }

        private static void Vrm(List<FaceWay> ways)
        {
            const FaceStyle S = FaceStyle.Vrm;
            foreach (var viseme in Visemes) Add(ways, S, viseme, viseme);
            foreach (var emotion in Emotions) Add(ways, S, emotion, emotion);
            string[] old = { "aa", "A", "ih", "I", "ou", "U", "ee", "E", "oh", "O", "happy", "Joy", "angry", "Angry", "sad", "Sorrow", "relaxed", "Fun", "surprised", "Surprised" };
            for (var index = 0; index < old.Length; index += 2) Add(ways, S, old[index], old[index + 1]);
            Add(ways, S, "blink_left", "blinkLeft");
            Add(ways, S, "blink_right", "blinkRight");
            Add(ways, S, "blink_left", "blink:0.5");
            Add(ways, S, "blink_right", "blink:0.5");
        }

        private static void Vroid(List<FaceWay> ways)
        {
            const FaceStyle S = FaceStyle.Vroid;
            string[] mouth = { "aa", "A", "ih", "I", "ou", "U", "ee", "E", "oh", "O" };
            for (var index = 0; index < mouth.Length; index += 2) Add(ways, S, mouth[index], "Fcl_MTH_" + mouth[index + 1]);
            string[] all = { "happy", "Joy", "angry", "Angry", "sad", "Sorrow", "relaxed", "Fun", "surprised", "Surprised" };
            for (var index = 0; index < all.Length; index += 2) Add(ways, S, all[index], "Fcl_ALL_" + all[index + 1]);
            Add(ways, S, "blink_left", "Fcl_EYE_Close_L");
            Add(ways, S, "blink_right", "Fcl_EYE_Close_R");
            Add(ways, S, "brow_left+", "Fcl_BRW_Surprised:0.5");
            Add(ways, S, "brow_right+", "Fcl_BRW_Surprised:0.5");
            Add(ways, S, "brow_left-", "Fcl_BRW_Angry:0.5");
            Add(ways, S, "brow_right-", "Fcl_BRW_Angry:0.5");
            Add(ways, S, "mouth_smile+", "Fcl_MTH_Fun");
            Add(ways, S, "mouth_smile-", "Fcl_MTH_Down");
            Add(ways, S, "eye_wide", "Fcl_EYE_Spread");
            Add(ways, S, "eye_smile", "Fcl_EYE_Fun");
        }

        private static void Mmd(List<FaceWay> ways)
        {
            const FaceStyle S = FaceStyle.Mmd;
            string[] all =
            {
                "aa", "あ", "ih", "い", "ou", "う", "ee", "え", "oh", "お",
                "happy", "にこり 笑い:0.6", "happy", "にっこり:1 笑い:0.6", "happy", "笑い:0.7", "angry", "怒り", "sad", "困る", "relaxed", "なごみ:0.6", "surprised", "びっくり:0.8",
                "blink_left", "ウィンク", "blink_right", "ウィンク右", "blink_left", "まばたき:0.5", "blink_right", "まばたき:0.5",
                "brow_left+", "上:0.5", "brow_right+", "上:0.5", "brow_left-", "下:0.5", "brow_right-", "下:0.5",
                "mouth_smile+", "口角上げ", "mouth_smile-", "口角下げ", "mouth_smile+", "にやり:0.7", "mouth_smile-", "∧:0.7",
                "eye_wide", "びっくり:0.5", "eye_smile", "笑い:0.6", "cheek", "照れ", "tongue_out", "ぺろっ"
            };
            for (var index = 0; index < all.Length; index += 2) Add(ways, S, all[index], all[index + 1]);
        }

        private static void Oculus(List<FaceWay> ways)
        {
            const FaceStyle S = FaceStyle.Oculus;
            string[] all =
            {
                "aa", "viseme_aa", "ih", "viseme_I", "ou", "viseme_U", "ee", "viseme_E", "oh", "viseme_O",
                "aa", "vrc.v_aa", "ih", "vrc.v_ih", "ou", "vrc.v_ou", "ee", "vrc.v_e", "oh", "vrc.v_oh"
            };
            for (var index = 0; index < all.Length; index += 2) Add(ways, S, all[index], all[index + 1]);
        }
    }
}
