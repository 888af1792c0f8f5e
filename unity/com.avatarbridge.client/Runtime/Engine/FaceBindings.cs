using System;
using System.Collections.Generic;
using UnityEngine;

namespace AvatarBridge
{
    /// <summary>Which shapes of one face each channel of the rig moves, and how far.</summary>
    internal sealed class FaceBindings
    {
        private enum Role { Plain, Mouth, Blink, Emotion }

        private struct Binding
        {
            public string Channel;
            public int Number;
            public float Sign;
            public float Weight;
            public int Slot;
            public Role Role;
        }

        private readonly FaceSlots _slots;
        private readonly HashSet<string> _shown = new HashSet<string>();
        private readonly List<Binding> _found = new List<Binding>();
        private Binding[] _bindings = new Binding[0];
        private int _happy = -1;
        private int[] _emotions = new int[0];
        private int[] _visemes = new int[0];
        private int _open = -1;
        private bool _openIsLeft;

        public FaceBindings(FaceSlots slots, FaceStyle style, IList<AvatarBridgeFace.CustomShape> custom)
        {
            _slots = slots;
            foreach (var row in custom)
                if (!string.IsNullOrEmpty(row.channel) && !string.IsNullOrEmpty(row.shape)) Bind(row.channel.Trim(), FaceWays.Plain(row.shape), row.weight);
            var byHand = new HashSet<string>(_shown);
            if (style != FaceStyle.Custom)
            {
                Take(style, byHand);
                for (var other = FaceStyle.Arkit; other < FaceStyle.Custom; other++)
                    if (other != style) Take(other, new HashSet<string>(_shown));
            }
            Opening();
            _bindings = _found.ToArray();
        }

        /// <summary>Return the style of which the face has most: visemes count double; Custom where it has none.</summary>
        public static FaceStyle Guess(FaceSlots slots)
        {
            var best = FaceStyle.Custom;
            var most = 0;
            for (var style = FaceStyle.Arkit; style < FaceStyle.Custom; style++)
            {
                var points = 0;
                var seen = new HashSet<string>();
                foreach (var way in FaceWays.All)
                    if (way.Style == style && Has(slots, way) && seen.Add(way.Part)) points += Array.IndexOf(FaceWays.Visemes, way.Part) >= 0 ? 2 : 1;
                if (points <= most) continue;
                most = points;
                best = style;
            }
            return best;
        }

        /// <summary>Return which of these parts nothing shows, with commas between them.</summary>
        public string Lacking(params string[] parts)
        {
            var lacking = new List<string>();
            foreach (var part in parts)
                if (!_shown.Contains(part)) lacking.Add(part);
            return string.Join(", ", lacking.ToArray());
        }

        /// <summary>Look the channels' numbers up: they are the bridge's.</summary>
        public void Number(Welcome welcome)
        {
            for (var index = 0; index < _bindings.Length; index++) _bindings[index].Number = welcome.ChannelIndex(_bindings[index].Channel);
            _happy = welcome.ChannelIndex("happy");
            _open = welcome.ChannelIndex("mouth_open");
            _emotions = new int[FaceWays.Emotions.Length];
            _visemes = new int[FaceWays.Visemes.Length];
            for (var index = 0; index < _emotions.Length; index++) _emotions[index] = welcome.ChannelIndex(FaceWays.Emotions[index]);
            for (var index = 0; index < _visemes.Length; index++) _visemes[index] = welcome.ChannelIndex(FaceWays.Visemes[index]);
        }

        /// <summary>Put the character's channels on the shapes.</summary>
        public void Apply(GameCharacter body, float mouthUnderEmotion, float blinkUnderHappy)
        {
            var emotions = 0f;
            for (var index = 0; index < _emotions.Length; index++) emotions += Mathf.Clamp01(body.Channel(_emotions[index]));
            var mouth = 1f - (1f - mouthUnderEmotion) * Mathf.Clamp01(emotions);
            var blink = 1f - (1f - blinkUnderHappy) * Mathf.Clamp01(body.Channel(_happy));
            var share = 1f / Mathf.Max(emotions, 1f);
            var rest = _openIsLeft ? Beyond(body) : 0f;
            for (var index = 0; index < _bindings.Length; index++)
            {
                var value = _bindings[index].Sign * body.Channel(_bindings[index].Number);
                if (_bindings[index].Channel == "mouth_open" && _openIsLeft) value = rest;
                if (value <= 0f) continue;
                var role = _bindings[index].Role;
                var by = role == Role.Mouth ? mouth : role == Role.Blink ? blink : role == Role.Emotion ? share : 1f;
                _slots.Put(_bindings[index].Slot, value * by * _bindings[index].Weight);
            }
        }

        /// <summary>What the mouth opens beyond its visemes: a yawn, a laugh.</summary>
        private float Beyond(GameCharacter body)
        {
            var sum = 0f;
            for (var index = 0; index < _visemes.Length; index++) sum += body.Channel(_visemes[index]);
            return body.Channel(_open) - sum;
        }

        private static bool Has(FaceSlots slots, FaceWay way)
        {
            // Half of a composed way is still worth having; its first shape is the one that matters.
            return slots.Has(way.Names[0]);
        }

        private void Take(FaceStyle style, HashSet<string> taken)
        {
            var seen = new HashSet<string>(taken);
            foreach (var way in FaceWays.All)
            {
                if (way.Style != style || seen.Contains(way.Part) || !Has(_slots, way)) continue;
                seen.Add(way.Part);
                for (var index = 0; index < way.Names.Length; index++) Bind(way.Part, way.Names[index], way.Weights[index]);
            }
        }

        /// <summary>A face with visemes opens by them; one without opens by mouth_open; one with "aa" alone, by both.</summary>
        private void Opening()
        {
            var visemes = 0;
            foreach (var viseme in FaceWays.Visemes) visemes += _shown.Contains(viseme) ? 1 : 0;
            _openIsLeft = visemes > 1;
            if (_shown.Contains("mouth_open") || !_shown.Contains("aa")) return;
            var aa = _found.FindAll(binding => binding.Channel == "aa");
            foreach (var binding in aa)
                _found.Add(new Binding { Channel = "mouth_open", Number = -1, Sign = 1f, Weight = binding.Weight, Slot = binding.Slot, Role = Role.Mouth });
            if (visemes == 1) _found.RemoveAll(binding => binding.Channel == "aa");
        }

        private void Bind(string part, string plain, float weight)
        {
            var half = part.EndsWith("-", StringComparison.Ordinal) ? -1f : 1f;
            var channel = part.TrimEnd('+', '-');
            foreach (var slot in _slots.Find(plain))
            {
                _slots.Use(slot);
                _shown.Add(part);
                _found.Add(new Binding { Channel = channel, Number = -1, Sign = half, Weight = weight, Slot = slot, Role = RoleOf(channel) });
            }
        }

        private static Role RoleOf(string channel)
        {
            if (channel == "mouth_open" || Array.IndexOf(FaceWays.Visemes, channel) >= 0) return Role.Mouth;
            if (channel == "blink_left" || channel == "blink_right") return Role.Blink;
            return Array.IndexOf(FaceWays.Emotions, channel) >= 0 ? Role.Emotion : Role.Plain;
        }
    }
}
