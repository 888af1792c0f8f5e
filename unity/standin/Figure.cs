using System;
using System.Collections.Generic;

namespace UnityEngine
{
    public sealed class Mesh : Object
    {
        private readonly List<string> m_Shapes = new List<string>();

        public int blendShapeCount { get { Alive(); return m_Shapes.Count; } }

        public string GetBlendShapeName(int index)
        {
            Alive();
            if (index < 0 || index >= m_Shapes.Count) throw new IndexOutOfRangeException("Blend shape index out of range.");
            return m_Shapes[index];
        }

        public int GetBlendShapeIndex(string name) { Alive(); return m_Shapes.IndexOf(name); }

        public int GetBlendShapeFrameCount(int shapeIndex) { GetBlendShapeName(shapeIndex); return 1; }
        public float GetBlendShapeFrameWeight(int shapeIndex, int frameIndex) { GetBlendShapeName(shapeIndex); return 100f; }

        /// <summary>Make a mesh of these blend shapes. Not part of Unity.</summary>
        public static Mesh With(params string[] shapes)
        {
            var mesh = new Mesh();
            mesh.m_Shapes.AddRange(shapes);
            return mesh;
        }
    }

    public class Renderer : Component { }

    public sealed class SkinnedMeshRenderer : Renderer
    {
        private readonly Dictionary<int, float> m_Weights = new Dictionary<int, float>();
        private Mesh m_Mesh;

        /// <summary>How many weights were set. Not part of Unity.</summary>
        public int writes;

        public Mesh sharedMesh { get { Alive(); return m_Mesh; } set { Alive(); m_Mesh = value; } }

        public float GetBlendShapeWeight(int index)
        {
            Check(index);
            float found;
            return m_Weights.TryGetValue(index, out found) ? found : 0f;
        }

        public void SetBlendShapeWeight(int index, float value)
        {
            Check(index);
            if (float.IsNaN(value)) throw new ArgumentException("a weight that is no number");
            writes += 1;
            m_Weights[index] = value;
        }

        private void Check(int index)
        {
            Alive();
            if (m_Mesh == null || index < 0 || index >= m_Mesh.blendShapeCount)
                throw new IndexOutOfRangeException("Array index (" + index + ") is out of bounds (size=" + (m_Mesh == null ? 0 : m_Mesh.blendShapeCount) + ")");
        }
    }

    public enum HumanBodyBones
    {
        Hips, LeftUpperLeg, RightUpperLeg, LeftLowerLeg, RightLowerLeg, LeftFoot, RightFoot, Spine, Chest, Neck, Head,
        LeftShoulder, RightShoulder, LeftUpperArm, RightUpperArm, LeftLowerArm, RightLowerArm, LeftHand, RightHand, LeftToes,
        RightToes, LeftEye, RightEye, Jaw, LeftThumbProximal, LeftThumbIntermediate, LeftThumbDistal, LeftIndexProximal,
        LeftIndexIntermediate, LeftIndexDistal, LeftMiddleProximal, LeftMiddleIntermediate, LeftMiddleDistal, LeftRingProximal,
        LeftRingIntermediate, LeftRingDistal, LeftLittleProximal, LeftLittleIntermediate, LeftLittleDistal, RightThumbProximal,
        RightThumbIntermediate, RightThumbDistal, RightIndexProximal, RightIndexIntermediate, RightIndexDistal,
        RightMiddleProximal, RightMiddleIntermediate, RightMiddleDistal, RightRingProximal, RightRingIntermediate,
        RightRingDistal, RightLittleProximal, RightLittleIntermediate, RightLittleDistal, UpperChest, LastBone
    }

    public enum AnimatorControllerParameterType { Float = 1, Int = 3, Bool = 4, Trigger = 9 }

    public sealed class AnimatorControllerParameter
    {
        public string name { get; set; }
        public AnimatorControllerParameterType type { get; set; }
        public int nameHash { get { return Animator.StringToHash(name); } }
    }

    public class RuntimeAnimatorController : Object { }

    public sealed class Avatar : Object
    {
        public bool isHuman { get; set; }
        public bool isValid { get; set; }
    }

    public struct AnimatorStateInfo
    {
        public int shortNameHash { get; internal set; }
        public int fullPathHash { get; internal set; }
        public float normalizedTime { get; internal set; }
    }

    /// <summary>Parameters and states as a test puts them in; warns and throws where Unity does.</summary>
    public sealed class Animator : Behaviour
    {
        private readonly List<AnimatorControllerParameter> m_Parameters = new List<AnimatorControllerParameter>();
        private readonly Dictionary<int, string> m_States = new Dictionary<int, string>();
        private readonly Dictionary<HumanBodyBones, Transform> m_Bones = new Dictionary<HumanBodyBones, Transform>();
        private string m_State = "";

        /// <summary>What was asked for, in order, as words. Not part of Unity.</summary>
        public readonly List<string> calls = new List<string>();
        /// <summary>What the clips write to the bones each frame; null writes nothing. Not part of Unity.</summary>
        public Action<float> pose;

        public RuntimeAnimatorController runtimeAnimatorController { get; set; }
        public Avatar avatar { get; set; }
        public bool isHuman { get { Alive(); return avatar != null && avatar.isHuman; } }
        public bool isInitialized { get { return runtimeAnimatorController != null; } }
        public int layerCount { get { return runtimeAnimatorController == null ? 0 : 1; } }

        public AnimatorControllerParameter[] parameters { get { Alive(); return m_Parameters.ToArray(); } }

        public static int StringToHash(string name)
        {
            var hash = 17;
            foreach (var letter in name) hash = unchecked(hash * 31 + letter);
            return hash;
        }

        public void AddParameter(string name, AnimatorControllerParameterType type)
        {
            m_Parameters.Add(new AnimatorControllerParameter { name = name, type = type });
        }

        public void AddState(string name)
        {
            m_States[StringToHash(name)] = name;
            if (m_State == "") m_State = name;
        }

        public void SetBone(HumanBodyBones bone, Transform transform) { m_Bones[bone] = transform; }

        public void SetTrigger(int id) { Set(id, AnimatorControllerParameterType.Trigger, "trigger"); }
        public void ResetTrigger(int id) { Set(id, AnimatorControllerParameterType.Trigger, "reset"); }
        public void SetBool(int id, bool value) { Set(id, AnimatorControllerParameterType.Bool, value ? "on" : "off"); }

        private void Set(int id, AnimatorControllerParameterType type, string what)
        {
            Alive();
            var found = m_Parameters.Find(parameter => parameter.nameHash == id);
            if (found == null) Debug.LogWarning("Parameter 'Hash " + id + "' does not exist.");
            else if (found.type != type) Debug.LogWarning("Parameter type 'Hash " + id + "' does not match.");
            else calls.Add(what + " " + found.name);
        }

        public bool HasState(int layerIndex, int stateID) { Alive(); return layerIndex < layerCount && m_States.ContainsKey(stateID); }

        public void CrossFadeInFixedTime(int stateHashName, float fixedTransitionDuration, int layer)
        {
            Alive();
            string name;
            if (!m_States.TryGetValue(stateHashName, out name))
            {
                Debug.LogWarning("Animator.GotoState: State could not be found");
                return;
            }
            m_State = name;
            calls.Add("state " + name);
        }

        public AnimatorStateInfo GetCurrentAnimatorStateInfo(int layerIndex)
        {
            Alive();
            if (layerIndex >= layerCount) Debug.LogWarning("Invalid Layer Index '" + layerIndex + "'");
            return new AnimatorStateInfo { shortNameHash = StringToHash(m_State), fullPathHash = StringToHash(m_State) };
        }

        public Transform GetBoneTransform(HumanBodyBones humanBoneId)
        {
            Alive();
            if (avatar == null || !avatar.isHuman) throw new InvalidOperationException("Avatar is null or not of type humanoid.");
            if (humanBoneId >= HumanBodyBones.LastBone) throw new IndexOutOfRangeException("humanBoneId must be between 0 and " + HumanBodyBones.LastBone);
            Transform found;
            return m_Bones.TryGetValue(humanBoneId, out found) ? found : null;
        }

        internal void Animate(float seconds) { if (enabled && pose != null) pose(seconds); }
    }

    public sealed class AnimationClip : Object { }

    /// <summary>The older component that plays clips by name.</summary>
    public sealed class Animation : Behaviour
    {
        private readonly Dictionary<string, AnimationClip> m_Clips = new Dictionary<string, AnimationClip>();
        /// <summary>What was asked for, in order. Not part of Unity.</summary>
        public readonly List<string> calls = new List<string>();

        public void AddClip(AnimationClip clip, string newName) { m_Clips[newName] = clip; }
        public AnimationClip GetClip(string name) { Alive(); return m_Clips.ContainsKey(name) ? m_Clips[name] : null; }

        public void CrossFade(string animation, float fadeLength)
        {
            Alive();
            if (!m_Clips.ContainsKey(animation)) Debug.LogError("The animation state " + animation + " could not be played because it couldn't be found!");
            else calls.Add("clip " + animation);
        }

        public void Stop(string name) { Alive(); calls.Add("stop " + name); }
    }
}

namespace UnityEngine.UI
{
    public class Text : MonoBehaviour
    {
        private string m_Text = "";
        public bool supportRichText { get; set; }
        public string text { get { Alive(); return m_Text; } set { Alive(); m_Text = value ?? ""; } }
    }
}
