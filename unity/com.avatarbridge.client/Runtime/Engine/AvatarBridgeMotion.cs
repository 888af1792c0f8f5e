using System;
using System.Collections.Generic;
using UnityEngine;
using UnityEngine.Events;

namespace AvatarBridge
{
    /// <summary>
    /// Moves a character's body: head, eyes, spine and humanoid bones after the Animator, and the Animator's own triggers,
    /// states and clips where a motion map names them.
    /// </summary>
    [AddComponentMenu("Avatar Bridge/Avatar Bridge Motion")]
    [DefaultExecutionOrder(1000)]
    [DisallowMultipleComponent]
    public sealed class AvatarBridgeMotion : AvatarBridgePart
    {
        /// <summary>An action of the motion map that this game does by its own script.</summary>
        [Serializable]
        public sealed class OwnAction
        {
            [Tooltip("The action's name in the motion map.")]
            public string name = "";
            [Tooltip("Begins: its strength, 0 to 1.")]
            public UnityEvent<float> begins = new UnityEvent<float>();
            public UnityEvent ends = new UnityEvent();
        }

        private const float FadeSeconds = 0.5f;

        [Tooltip("The figure's Animator. Empty: the first on or below this object.")]
        [SerializeField] private Animator animator;
        [Tooltip("How motion joins the Animator's.")]
        [SerializeField] private JoinMode mode = JoinMode.Auto;
        [Tooltip("How much of the motion is shown.")]
        [Range(0f, 1f)]
        [SerializeField] private float weight = 1f;
        [Tooltip("Degrees that the eyes turn when the gaze is full.")]
        [Range(0f, 30f)]
        [SerializeField] private float eyeDegrees = 14f;
        [Tooltip("Metres that the hips move with the body; 0 where the feet have no IK, or they slide.")]
        [Range(0f, 0.3f)]
        [SerializeField] private float sway = 0f;

        [Header("A figure that is not humanoid")]
        [SerializeField] private Transform head;
        [SerializeField] private Transform neck;
        [SerializeField] private Transform spine;
        [SerializeField] private Transform leftEye;
        [SerializeField] private Transform rightEye;

        [Header("What the figure does by itself")]
        [Tooltip("Animator states that the bridge may name (unity.state).")]
        [SerializeField] private List<string> states = new List<string>();
        [Tooltip("The state to return to. Empty: the one that it came from.")]
        [SerializeField] private string homeState = "";
        [Tooltip("Clips of an Animation component that the bridge may name (unity.clip).")]
        [SerializeField] private List<string> clips = new List<string>();
        [Tooltip("Seconds to fade between states and clips.")]
        [Range(0f, 1f)]
        [SerializeField] private float fade = 0.15f;
        [SerializeField] private List<OwnAction> ownActions = new List<OwnAction>();

        private FigurePose _pose;
        private NativeActions _natives;
        private Welcome _welcome;
        private float _live;
        private float _present;

        public Animator Animator
        {
            get { return animator; }
            set { animator = value; }
        }

        public JoinMode Mode
        {
            get { return mode; }
            set { mode = value; }
        }

        public float Weight
        {
            get { return weight; }
            set { weight = value; }
        }

        public float Sway
        {
            get { return sway; }
            set { sway = value; }
        }

        public Transform Head
        {
            get { return head; }
            set { head = value; }
        }

        public IList<string> States
        {
            get { return states; }
        }

        public IList<string> Clips
        {
            get { return clips; }
        }

        public IList<OwnAction> OwnActions
        {
            get { return ownActions; }
        }

        /// <summary>Measure the figure as it stands now, in T-pose or A-pose: to be called after it was exchanged.</summary>
        public void Measure()
        {
            var figure = Figure();
            if (_pose != null) _pose.Restore();
            _pose = null;
            var bones = Bones(figure);
            if (bones.Count > 0) _pose = new FigurePose(new RestPose(figure != null ? figure.transform : transform, bones));
            _natives = new NativeActions(figure, GetComponentInChildren<Animation>(), states, homeState, fade);
            _welcome = null;
        }

        public override void Check(IList<Finding> into)
        {
            base.Check(into);
            var figure = Figure();
            var bones = Bones(figure);
            if (bones.Count == 0)
                into.Add(new Finding("Nothing here can be moved.", "Set the model's Rig to Humanoid (Import Settings, Rig, Animation Type), or name its head below.", true));
            else if (!bones.ContainsKey(HumanBodyBones.Head))
                into.Add(new Finding("There is no head.", "Map it in the Avatar's configuration, or name it below.", false));
            else if (!bones.ContainsKey(HumanBodyBones.LeftEye) || !bones.ContainsKey(HumanBodyBones.RightEye))
                into.Add(new Finding("The figure has no eye bones: its gaze does not move.", "Map the eyes in the Avatar's configuration, or name them below.", false));
            if (figure == null || figure.runtimeAnimatorController == null) return;
            foreach (var state in states)
                if (Layers(figure, state) < 0 && Application.isPlaying)
                    into.Add(new Finding("The Animator has no state \"" + state + "\".", "Write it as the Animator window shows it.", false));
        }

        /// <summary>The Animator's triggers and switches, for the inspector's list.</summary>
        public IList<string> ParameterNames()
        {
            var names = new List<string>();
            var figure = Figure();
            if (figure == null || figure.runtimeAnimatorController == null) return names;
            foreach (var parameter in figure.parameters)
                if (parameter.type == AnimatorControllerParameterType.Trigger || parameter.type == AnimatorControllerParameterType.Bool)
                    names.Add(parameter.name + " (" + parameter.type + ")");
            return names;
        }

        public override void Take(ref BridgeEvent happened)
        {
            if (_natives == null) return;
            switch (happened.Kind)
            {
                case BridgeEventKind.CueBegan: Begin(happened.Cue); break;
                case BridgeEventKind.CueReleased: End(happened.Cue); break;
                case BridgeEventKind.HoldsReset:
                case BridgeEventKind.Lost: Reset(); break;
            }
        }

        protected override void OnJoined()
        {
            Measure();
            _live = 0f;
            _present = 0f;
            _natives.Tell(Body.Natives, clips);
            foreach (var own in ownActions)
                if (!string.IsNullOrEmpty(own.name) && !Body.Actions.Contains(own.name)) Body.Actions.Add(own.name);
            if (Connection.State == ConnectionState.Connected) Body.TellAbilities();
        }

        protected override void OnLeft()
        {
            if (_pose != null) _pose.Restore();
            if (_natives != null) Reset();
            _pose = null;
            _natives = null;
            _welcome = null;
        }

        private void LateUpdate()
        {
            if (Body == null || _natives == null) return;
            _natives.Advance(Time.time);
            if (_pose == null) return;
            var connected = Connection.State == ConnectionState.Connected;
            if (connected && Connection.Welcome != null && Connection.Welcome != _welcome)
            {
                _welcome = Connection.Welcome;
                _pose.Number(_welcome);
            }
            var step = Time.deltaTime / FadeSeconds;
            _live = connected ? Mathf.Min(_live + step, 1f) : Mathf.Max(_live - step, 0f);
            if (_welcome != null) _present = Mathf.Min(_present + step, 1f);
            _pose.Mode = mode;
            _pose.Weight = weight;
            _pose.EyeDegrees = eyeDegrees;
            _pose.Sway = sway;
            _pose.Apply(Body, Eased(_live), Eased(_present));
        }

        private static float Eased(float t)
        {
            return t * t * (3f - 2f * t);
        }

        private void Begin(Cue cue)
        {
            if (cue.Native == null) return;
            var own = Own(cue);
            if (own != null) own.begins.Invoke((float)cue.Strength);
            else if (cue.Native.Key != "expression" && !_natives.Begin(cue, Time.time))
                Connection.Problem("The figure of \"" + Body.Name + "\" has no " + cue.Native.Key + " \"" + cue.Native.Name + "\".", "Look at the list in the inspector of Avatar Bridge Motion.");
        }

        private void End(Cue cue)
        {
            if (cue.Native == null) return;
            var own = Own(cue);
            if (own != null) own.ends.Invoke();
            else _natives.End(cue);
        }

        private void Reset()
        {
            _natives.Reset();
            foreach (var own in ownActions) own.ends.Invoke();
        }

        private OwnAction Own(Cue cue)
        {
            for (var index = 0; index < ownActions.Count; index++)
                if (cue.Native.Key == "action" && string.Equals(ownActions[index].name, cue.Action, StringComparison.OrdinalIgnoreCase)) return ownActions[index];
            return null;
        }

        private Animator Figure()
        {
            return animator != null ? animator : GetComponentInChildren<Animator>();
        }

        private Dictionary<HumanBodyBones, Transform> Bones(Animator figure)
        {
            var bones = new Dictionary<HumanBodyBones, Transform>();
            if (figure != null && figure.avatar != null && figure.isHuman)
                for (var bone = HumanBodyBones.Hips; bone < HumanBodyBones.LastBone; bone++)
                {
                    var found = bone == HumanBodyBones.Jaw ? null : figure.GetBoneTransform(bone);
                    if (found != null) bones[bone] = found;
                }
            if (head != null) bones[HumanBodyBones.Head] = head;
            if (neck != null) bones[HumanBodyBones.Neck] = neck;
            if (spine != null) bones[HumanBodyBones.Spine] = spine;
            if (leftEye != null) bones[HumanBodyBones.LeftEye] = leftEye;
            if (rightEye != null) bones[HumanBodyBones.RightEye] = rightEye;
            return bones;
        }

        private static int Layers(Animator figure, string state)
        {
            for (var layer = 0; layer < figure.layerCount; layer++)
                if (figure.HasState(layer, Animator.StringToHash(state))) return layer;
            return -1;
        }
    }
}
