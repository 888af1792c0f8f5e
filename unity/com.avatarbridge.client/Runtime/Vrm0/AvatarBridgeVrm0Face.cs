#if AVATARBRIDGE_UNIVRM
using System.Collections.Generic;
using UnityEngine;
using VRM;

namespace AvatarBridge
{
    /// <summary>Lets AvatarBridgeFace move the expressions of a VRM 0.x model (UniVRM's VRMBlendShapeProxy).</summary>
    [AddComponentMenu("Avatar Bridge/Avatar Bridge VRM 0 Face")]
    [DisallowMultipleComponent]
    public sealed class AvatarBridgeVrm0Face : MonoBehaviour, IFaceTarget
    {
        [Tooltip("Empty: the first on or below this object.")]
        [SerializeField] private VRMBlendShapeProxy proxy;

        private List<BlendShapeKey> _keys;
        private float[] _weights;

        public int Count
        {
            get { return Keys().Count; }
        }

        public string Name(int index)
        {
            return Keys()[index].Name;
        }

        public void Set(int index, float weight)
        {
            Keys();
            _weights[index] = weight;
        }

        public void Apply()
        {
            if (_keys == null || proxy == null) return;
            for (var index = 0; index < _keys.Count; index++) proxy.AccumulateValue(_keys[index], _weights[index]);
            proxy.Apply();
        }

        private List<BlendShapeKey> Keys()
        {
            if (_keys != null && _keys.Count > 0) return _keys;
            _keys = new List<BlendShapeKey>();
            if (proxy == null) proxy = GetComponentInChildren<VRMBlendShapeProxy>();
            if (proxy != null && proxy.BlendShapeAvatar != null)
                foreach (var clip in proxy.BlendShapeAvatar.Clips)
                    if (clip != null && !LooksAway(clip.Preset))
                        _keys.Add(clip.Preset == BlendShapePreset.Unknown ? BlendShapeKey.CreateUnknown(clip.BlendShapeName) : BlendShapeKey.CreateFromPreset(clip.Preset));
            _weights = new float[_keys.Count];
            return _keys;
        }

        /// <summary>UniVRM's own look-at has these.</summary>
        private static bool LooksAway(BlendShapePreset preset)
        {
            return preset == BlendShapePreset.LookUp || preset == BlendShapePreset.LookDown || preset == BlendShapePreset.LookLeft || preset == BlendShapePreset.LookRight;
        }
    }
}
#endif
