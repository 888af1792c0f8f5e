using System;
using System.Collections.Generic;
using UnityEngine;

namespace AvatarBridge
{
    /// <summary>An Animator's triggers, switches, states and clips by name, as the bridge names them.</summary>
    internal sealed class NativeActions
    {
        private struct Return
        {
            public int Layer;
            public int State;
            public float At;
        }

        private readonly Animator _animator;
        private readonly Animation _clips;
        private readonly Dictionary<string, int> _triggers = new Dictionary<string, int>();
        private readonly Dictionary<string, int> _switches = new Dictionary<string, int>();
        private readonly Dictionary<string, int> _states = new Dictionary<string, int>();
        private readonly List<Return> _returns = new List<Return>();
        private readonly float _fade;
        private readonly int _home;

        public NativeActions(Animator animator, Animation clips, IList<string> states, string home, float fade)
        {
            _animator = animator;
            _clips = clips;
            _fade = fade;
            if (animator == null || animator.runtimeAnimatorController == null) return;
            foreach (var parameter in animator.parameters)
            {
                if (parameter.type == AnimatorControllerParameterType.Trigger) _triggers[parameter.name] = parameter.nameHash;
                else if (parameter.type == AnimatorControllerParameterType.Bool) _switches[parameter.name] = parameter.nameHash;
            }
            foreach (var state in states)
                if (LayerOf(Animator.StringToHash(state)) >= 0) _states[state] = Animator.StringToHash(state);
            _home = string.IsNullOrEmpty(home) || LayerOf(Animator.StringToHash(home)) < 0 ? 0 : Animator.StringToHash(home);
        }

        /// <summary>What it can do, for the bridge.</summary>
        public void Tell(NativeNames names, IList<string> clips)
        {
            foreach (var name in _triggers.Keys) Add(names.Triggers, name);
            foreach (var name in _switches.Keys) Add(names.Triggers, name);
            foreach (var name in _states.Keys) Add(names.States, name);
            foreach (var clip in clips)
                if (_clips != null && _clips.GetClip(clip) != null) Add(names.Clips, clip);
        }

        private static void Add(IList<string> names, string name)
        {
            if (!names.Contains(name)) names.Add(name);
        }

        /// <summary>Begin what a cue names; false where this figure has no such thing.</summary>
        public bool Begin(Cue cue, float now)
        {
            int hash;
            switch (cue.Native.Key)
            {
                case "trigger":
                    if (_switches.TryGetValue(cue.Native.Name, out hash))
                    {
                        _animator.SetBool(hash, true);
                        return true;
                    }
                    if (!_triggers.TryGetValue(cue.Native.Name, out hash)) return false;
                    _animator.SetTrigger(hash);
                    return true;
                case "state":
                    if (!_states.TryGetValue(cue.Native.Name, out hash)) return false;
                    Enter(hash, cue, now);
                    return true;
                case "clip":
                    if (_clips == null || _clips.GetClip(cue.Native.Name) == null) return false;
                    _clips.CrossFade(cue.Native.Name, _fade);
                    return true;
                default:
                    return false;
            }
        }

        /// <summary>End what a cue switched on.</summary>
        public void End(Cue cue)
        {
            int hash;
            switch (cue.Native.Key)
            {
                case "trigger":
                    if (_switches.TryGetValue(cue.Native.Name, out hash)) _animator.SetBool(hash, false);
                    else if (_triggers.TryGetValue(cue.Native.Name, out hash)) _animator.ResetTrigger(hash);
                    break;
                case "state":
                    Leave();
                    break;
                case "clip":
                    if (_clips != null && _clips.GetClip(cue.Native.Name) != null) _clips.Stop(cue.Native.Name);
                    break;
            }
        }

        /// <summary>End everything.</summary>
        public void Reset()
        {
            if (_animator == null) return;
            foreach (var hash in _switches.Values) _animator.SetBool(hash, false);
            foreach (var hash in _triggers.Values) _animator.ResetTrigger(hash);
            Leave();
        }

        /// <summary>Return from states whose time is over.</summary>
        public void Advance(float now)
        {
            for (var index = _returns.Count - 1; index >= 0; index--)
                if (now >= _returns[index].At) Back(index);
        }

        private void Enter(int state, Cue cue, float now)
        {
            var layer = LayerOf(state);
            var over = cue.IsGesture && cue.Duration != null ? now + (float)cue.Duration.Value : float.PositiveInfinity;
            var from = _home;
            for (var index = _returns.Count - 1; index >= 0; index--)
            {
                if (_returns[index].Layer != layer) continue;
                from = _returns[index].State;
                _returns.RemoveAt(index);
            }
            if (from == 0) from = _animator.GetCurrentAnimatorStateInfo(layer).shortNameHash;
            _returns.Add(new Return { Layer = layer, State = from, At = over });
            _animator.CrossFadeInFixedTime(state, _fade, layer);
        }

        private void Leave()
        {
            for (var index = _returns.Count - 1; index >= 0; index--) Back(index);
        }

        private void Back(int index)
        {
            var to = _returns[index];
            _returns.RemoveAt(index);
            if (_animator.HasState(to.Layer, to.State)) _animator.CrossFadeInFixedTime(to.State, _fade, to.Layer);
        }

        private int LayerOf(int state)
        {
            for (var layer = 0; layer < _animator.layerCount; layer++)
                if (_animator.HasState(layer, state)) return layer;
            return -1;
        }
    }
}
