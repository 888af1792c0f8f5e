#if AVATARBRIDGE_VRM10
using System.Collections.Generic;
using UniVRM10;
using UnityEngine;

namespace AvatarBridge
{
    /// <summary>Lets AvatarBridgeFace move the expressions of a VRM 1.0 model (UniVRM's Vrm10Instance).</summary>
    [AddComponentMenu("Avatar Bridge/Avatar Bridge VRM 1 Face")]
    [DisallowMultipleComponent]
    public sealed class AvatarBridgeVrm1Face : MonoBehaviour, IFaceTarget
    {
        [Tooltip("Empty: the first on or below this object.")]
        [SerializeField] private Vrm10Instance instance;

        private List<ExpressionKey> _keys;

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
            if (index < Keys().Count && instance != null && instance.Runtime != null) instance.Runtime.Expression.SetWeight(_keys[index], weight);
        }

        /// <summary>Vrm10Instance shows the weights itself, late in the frame.</summary>
        public void Apply()
        {
        }

        private List<ExpressionKey> Keys()
        {
            if (_keys != null && _keys.Count > 0) return _keys;
            _keys = new List<ExpressionKey>();
            // In edit mode there is no runtime, and asking for it would make one.
            if (!Application.isPlaying) return _keys;
            if (instance == null) instance = GetComponentInChildren<Vrm10Instance>();
            if (instance == null || instance.Runtime == null) return _keys;
            foreach (var key in instance.Runtime.Expression.ExpressionKeys)
                if (!LooksAway(key.Preset)) _keys.Add(key);
            return _keys;
        }

        /// <summary>VRM's own look-at has these.</summary>
        private static bool LooksAway(ExpressionPreset preset)
        {
            return preset == ExpressionPreset.lookUp || preset == ExpressionPreset.lookDown || preset == ExpressionPreset.lookLeft || preset == ExpressionPreset.lookRight;
        }
    }
}
#endif
