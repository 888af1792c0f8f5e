using System;
using System.Collections.Generic;
using UnityEngine;

namespace AvatarBridge
{
    /// <summary>Expressions that the bridge switches on by the face's own names; they fade in, hold and fade out.</summary>
    internal sealed class FaceNatives
    {
        private sealed class Held
        {
            public string Name;
            public IList<int> Slots;
            public float Goal;
            public float Weight;
        }

        private readonly FaceSlots _slots;
        private readonly List<Held> _held = new List<Held>();

        public FaceNatives(FaceSlots slots, IList<string> names)
        {
            _slots = slots;
            foreach (var name in names)
            {
                var found = slots.Find(FaceWays.Plain(name));
                if (found.Count == 0) continue;
                foreach (var slot in found) slots.Use(slot);
                _held.Add(new Held { Name = name, Slots = found });
            }
        }

        public void Begin(Cue cue)
        {
            var held = Find(cue);
            if (held != null) held.Goal = (float)cue.Strength;
        }

        public void End(Cue cue)
        {
            var held = Find(cue);
            if (held != null) held.Goal = 0f;
        }

        public void EndAll()
        {
            for (var index = 0; index < _held.Count; index++) _held[index].Goal = 0f;
        }

        /// <summary>Move each towards its goal by these steps and put it on top of the face.</summary>
        public void Advance(float up, float down)
        {
            for (var index = 0; index < _held.Count; index++)
            {
                var held = _held[index];
                if (held.Weight < held.Goal) held.Weight = Mathf.Min(held.Weight + up, held.Goal);
                else held.Weight = Mathf.Max(held.Weight - down, held.Goal);
                if (held.Weight <= 0f) continue;
                var eased = held.Weight * held.Weight * (3f - 2f * held.Weight);
                for (var slot = 0; slot < held.Slots.Count; slot++) _slots.Put(held.Slots[slot], eased);
            }
        }

        private Held Find(Cue cue)
        {
            if (cue.Native == null || cue.Native.Key != "expression") return null;
            for (var index = 0; index < _held.Count; index++)
                if (string.Equals(_held[index].Name, cue.Native.Name, StringComparison.OrdinalIgnoreCase)) return _held[index];
            return null;
        }
    }
}
