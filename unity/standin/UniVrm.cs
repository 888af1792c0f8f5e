using System;
using System.Collections.Generic;
using UnityEngine;

namespace VRM
{
    public enum BlendShapePreset
    {
        Unknown, Neutral, A, I, U, E, O, Blink, Joy, Angry, Sorrow, Fun, LookUp, LookDown, LookLeft, LookRight, Blink_L, Blink_R
    }

    public struct BlendShapeKey : IEquatable<BlendShapeKey>
    {
        public string Name { get; private set; }
        public BlendShapePreset Preset { get; private set; }

        public static BlendShapeKey CreateFromPreset(BlendShapePreset preset) { return new BlendShapeKey { Name = preset.ToString(), Preset = preset }; }
        public static BlendShapeKey CreateUnknown(string name) { return new BlendShapeKey { Name = name, Preset = BlendShapePreset.Unknown }; }
        public bool Equals(BlendShapeKey other) { return Name == other.Name && Preset == other.Preset; }
        public override int GetHashCode() { return Name.GetHashCode(); }
        public override string ToString() { return Name; }
    }

    public sealed class BlendShapeClip : ScriptableObject
    {
        public string BlendShapeName = "";
        public BlendShapePreset Preset;
    }

    public sealed class BlendShapeAvatar : ScriptableObject
    {
        public List<BlendShapeClip> Clips = new List<BlendShapeClip>();
    }

    public sealed class VRMBlendShapeProxy : MonoBehaviour
    {
        public BlendShapeAvatar BlendShapeAvatar;
        /// <summary>What was set and applied, by name. Not part of UniVRM.</summary>
        public readonly Dictionary<string, float> applied = new Dictionary<string, float>();
        private readonly Dictionary<BlendShapeKey, float> m_Waiting = new Dictionary<BlendShapeKey, float>();

        public void AccumulateValue(BlendShapeKey key, float value)
        {
            float had;
            m_Waiting.TryGetValue(key, out had);
            m_Waiting[key] = had + value;
        }

        public void ImmediatelySetValue(BlendShapeKey key, float value) { applied[key.Name] = value; }

        public void Apply()
        {
            foreach (var pair in m_Waiting) applied[pair.Key.Name] = pair.Value;
            m_Waiting.Clear();
        }
    }
}

namespace UniVRM10
{
    public enum ExpressionPreset
    {
        custom, happy, angry, sad, relaxed, surprised, aa, ih, ou, ee, oh, blink, blinkLeft, blinkRight, lookUp, lookDown, lookLeft, lookRight, neutral
    }

    public struct ExpressionKey : IEquatable<ExpressionKey>
    {
        public readonly ExpressionPreset Preset;
        public readonly string Name;

        private ExpressionKey(ExpressionPreset preset, string name)
        {
            Preset = preset;
            Name = name;
        }

        public static ExpressionKey CreateFromPreset(ExpressionPreset preset) { return new ExpressionKey(preset, preset.ToString()); }
        public static ExpressionKey CreateCustom(string key) { return new ExpressionKey(ExpressionPreset.custom, key); }
        public bool Equals(ExpressionKey other) { return Preset == other.Preset && Name == other.Name; }
        public override int GetHashCode() { return Name.GetHashCode(); }
    }

    public sealed class Vrm10RuntimeExpression
    {
        private readonly List<ExpressionKey> m_Keys = new List<ExpressionKey>();
        public readonly Dictionary<string, float> weights = new Dictionary<string, float>();
        public IReadOnlyList<ExpressionKey> ExpressionKeys { get { return m_Keys; } }
        public void Add(ExpressionKey key) { m_Keys.Add(key); }

        public void SetWeight(ExpressionKey key, float weight)
        {
            if (!m_Keys.Contains(key)) return;
            weights[key.Name] = weight;
        }
    }

    public sealed class Vrm10Runtime
    {
        public readonly Vrm10RuntimeExpression Expression = new Vrm10RuntimeExpression();
    }

    public sealed class Vrm10Instance : MonoBehaviour
    {
        public readonly Vrm10Runtime Runtime = new Vrm10Runtime();
    }
}
