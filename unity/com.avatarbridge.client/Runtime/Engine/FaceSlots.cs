using System.Collections.Generic;
using UnityEngine;

namespace AvatarBridge
{
    /// <summary>Every shape that a face has, by name, and the weight that it is to have; writes only what changed.</summary>
    internal sealed class FaceSlots
    {
        private const float Least = 0.0005f;

        private struct Slot
        {
            public SkinnedMeshRenderer Mesh;
            public IFaceTarget Target;
            public int Index;
            public float Full;
            public float Rest;
            public float Weight;
            public float Shown;
            public bool Used;
        }

        private readonly List<IFaceTarget> _targets = new List<IFaceTarget>();
        private readonly Dictionary<string, List<int>> _names = new Dictionary<string, List<int>>();
        private Slot[] _slots = new Slot[64];
        private int _count;

        /// <summary>Number of shapes.</summary>
        public int Count
        {
            get { return _count; }
        }

        /// <summary>Names as compared: see FaceWays.Plain.</summary>
        public ICollection<string> Names
        {
            get { return _names.Keys; }
        }

        public void Add(SkinnedMeshRenderer mesh)
        {
            var shared = mesh.sharedMesh;
            if (shared == null) return;
            for (var index = 0; index < shared.blendShapeCount; index++)
            {
                var frames = shared.GetBlendShapeFrameCount(index);
                var full = frames > 0 ? shared.GetBlendShapeFrameWeight(index, frames - 1) : 100f;
                var rest = full > 0f ? mesh.GetBlendShapeWeight(index) / full : 0f;
                Put(shared.GetBlendShapeName(index), new Slot { Mesh = mesh, Index = index, Full = full, Rest = rest, Shown = rest });
            }
        }

        public void Add(IFaceTarget target)
        {
            _targets.Add(target);
            for (var index = 0; index < target.Count; index++)
                Put(target.Name(index), new Slot { Target = target, Index = index, Full = 1f });
        }

        private void Put(string name, Slot slot)
        {
            if (_count == _slots.Length) System.Array.Resize(ref _slots, _count * 2);
            _slots[_count] = slot;
            var plain = FaceWays.Plain(name);
            List<int> found;
            if (!_names.TryGetValue(plain, out found)) _names[plain] = found = new List<int>();
            found.Add(_count++);
        }

        public bool Has(string plain)
        {
            return _names.ContainsKey(plain);
        }

        /// <summary>Slots of a name (plain); none where there is none.</summary>
        public IList<int> Find(string plain)
        {
            List<int> found;
            return _names.TryGetValue(plain, out found) ? (IList<int>)found : new int[0];
        }

        /// <summary>Mark a slot as ours: only these are ever written.</summary>
        public void Use(int slot)
        {
            _slots[slot].Used = true;
        }

        public void Clear()
        {
            for (var index = 0; index < _count; index++) _slots[index].Weight = 0f;
        }

        public void Put(int slot, float weight)
        {
            _slots[slot].Weight += weight;
        }

        /// <summary>Show the weights: from how the shape stood (0 at weight 0) to full.</summary>
        public void Write()
        {
            for (var index = 0; index < _count; index++)
            {
                if (!_slots[index].Used) continue;
                var weight = Mathf.Clamp01(_slots[index].Weight);
                Show(index, _slots[index].Rest + (1f - _slots[index].Rest) * weight);
            }
            for (var index = 0; index < _targets.Count; index++) _targets[index].Apply();
        }

        /// <summary>Put every shape back as it stood.</summary>
        public void Restore()
        {
            for (var index = 0; index < _count; index++)
                if (_slots[index].Used) Show(index, _slots[index].Rest);
            for (var index = 0; index < _targets.Count; index++) _targets[index].Apply();
        }

        private void Show(int index, float value)
        {
            if (Mathf.Abs(value - _slots[index].Shown) < Least && (value > 0f || _slots[index].Shown == 0f)) return;
            _slots[index].Shown = value;
            if (_slots[index].Target != null) _slots[index].Target.Set(_slots[index].Index, value);
            else if (_slots[index].Mesh != null) _slots[index].Mesh.SetBlendShapeWeight(_slots[index].Index, value * _slots[index].Full);
        }
    }
}
