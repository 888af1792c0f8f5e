using System;
using System.Collections.Generic;
using UnityEngine;

namespace AvatarBridge
{
    /// <summary>
    /// Moves a character's face: mouth, lids, brows and emotions, on blendshapes by name or on UniVRM's expressions. What a
    /// face lacks is left out; shapes that are not used are never touched.
    /// </summary>
    [AddComponentMenu("Avatar Bridge/Avatar Bridge Face")]
    [DefaultExecutionOrder(1010)]
    [DisallowMultipleComponent]
    public sealed class AvatarBridgeFace : AvatarBridgePart
    {
        /// <summary>A row of the custom table: a channel of the rig, and the shape that shows it.</summary>
        [Serializable]
        public struct CustomShape
        {
            [Tooltip("A channel of the rig (mouth_open, aa, blink_left, happy), with + or - for one half of a signed one (mouth_smile+).")]
            public string channel;
            [Tooltip("The blendshape's or expression's name.")]
            public string shape;
            [Tooltip("How far the shape goes when the channel is full.")]
            [Range(0f, 1f)]
            public float weight;
        }

        private const float FadeIn = 0.25f;
        private const float FadeOut = 0.4f;

        [Tooltip("Whose names the blendshapes have.")]
        [SerializeField] private FaceStyle style = FaceStyle.Auto;
        [Tooltip("Meshes with the face's blendshapes. Empty: all below this object.")]
        [SerializeField] private List<SkinnedMeshRenderer> meshes = new List<SkinnedMeshRenderer>();
        [Tooltip("Your own shapes; a channel named here leaves the style's shapes for it alone.")]
        [SerializeField] private List<CustomShape> custom = new List<CustomShape>();
        [Tooltip("Blendshapes or expressions that the bridge may switch on by name (unity.expression in a motion map).")]
        [SerializeField] private List<string> nativeExpressions = new List<string>();
        [Tooltip("How much of the mouth's movement remains while an emotion that moves the mouth is full.")]
        [Range(0f, 1f)]
        [SerializeField] private float mouthUnderEmotion = 0.5f;
        [Tooltip("How much of a blink remains while \"happy\" is full: most happy faces close the eyes.")]
        [Range(0f, 1f)]
        [SerializeField] private float blinkUnderHappy = 0.2f;

        private FaceSlots _slots;
        private FaceBindings _bindings;
        private FaceNatives _natives;
        private Welcome _welcome;
        private int _shapes;

        public FaceStyle Style
        {
            get { return style; }
            set { style = value; }
        }

        public IList<SkinnedMeshRenderer> Meshes
        {
            get { return meshes; }
        }

        public IList<CustomShape> Custom
        {
            get { return custom; }
        }

        public IList<string> NativeExpressions
        {
            get { return nativeExpressions; }
        }

        /// <summary>The style that the face was found to have; Auto while there is no face.</summary>
        public FaceStyle FoundStyle { get; private set; }

        /// <summary>Look at the meshes again: to be called after a model was loaded or changed.</summary>
        public void Refresh()
        {
            if (_slots != null) _slots.Restore();
            _slots = Gather();
            _shapes = _slots.Count;
            FoundStyle = style == FaceStyle.Auto ? FaceBindings.Guess(_slots) : style;
            _bindings = new FaceBindings(_slots, FoundStyle, custom);
            _natives = new FaceNatives(_slots, nativeExpressions);
            _welcome = null;
        }

        public override void Check(IList<Finding> into)
        {
            base.Check(into);
            var slots = Gather();
            if (slots.Count == 0)
            {
                into.Add(new Finding("There are no blendshapes on this object.", "Put the component on the character's root, or name the meshes with the face.", true));
                return;
            }
            var found = style == FaceStyle.Auto ? FaceBindings.Guess(slots) : style;
            var bindings = new FaceBindings(slots, found, custom);
            var lacks = bindings.Lacking(FaceWays.Visemes);
            if (lacks.Length > 0)
                into.Add(new Finding("As a " + found + " face it lacks the mouth shapes " + lacks + ".", "Choose another style, or add rows to the custom table.", lacks.Split(',').Length == FaceWays.Visemes.Length));
            lacks = bindings.Lacking("blink_left", "blink_right");
            if (lacks.Length > 0) into.Add(new Finding("It lacks " + lacks + ": the eyes stay open.", "Add rows to the custom table.", false));
            lacks = bindings.Lacking(FaceWays.Emotions);
            if (lacks.Length > 0) into.Add(new Finding("It lacks the expressions " + lacks + ".", "Cues for them move the rest of the body only.", false));
            foreach (var row in custom)
                if (!string.IsNullOrEmpty(row.shape) && !slots.Has(FaceWays.Plain(row.shape)))
                    into.Add(new Finding("No mesh here has a blendshape \"" + row.shape + "\" (custom table, " + row.channel + ").", "The button below lists those that there are.", false));
            foreach (var row in custom)
                if (!string.IsNullOrEmpty(row.shape) && row.weight <= 0f)
                    into.Add(new Finding("The custom row of \"" + row.shape + "\" has the weight 0: the shape never moves.", "Raise its Weight; Unity begins a new row with 0.", false));
            foreach (var name in nativeExpressions)
                if (!slots.Has(FaceWays.Plain(name)))
                    into.Add(new Finding("No mesh here has a blendshape \"" + name + "\" (native expressions).", "The button below lists those that there are.", false));
        }

        /// <summary>The faces' own names, for the inspector's list.</summary>
        public IList<string> ShapeNames()
        {
            var names = new List<string>();
            foreach (var mesh in Faces())
                for (var index = 0; mesh.sharedMesh != null && index < mesh.sharedMesh.blendShapeCount; index++)
                    names.Add(mesh.sharedMesh.GetBlendShapeName(index));
            foreach (var target in GetComponentsInChildren<IFaceTarget>(true))
                for (var index = 0; index < target.Count; index++) names.Add(target.Name(index));
            return names;
        }

        public override void Take(ref BridgeEvent happened)
        {
            if (_natives == null) return;
            switch (happened.Kind)
            {
                case BridgeEventKind.CueBegan: _natives.Begin(happened.Cue); break;
                case BridgeEventKind.CueReleased: _natives.End(happened.Cue); break;
                case BridgeEventKind.HoldsReset:
                case BridgeEventKind.Lost: _natives.EndAll(); break;
            }
        }

        protected override void OnJoined()
        {
            Refresh();
            var changed = false;
            foreach (var name in nativeExpressions)
                if (_slots.Has(FaceWays.Plain(name)) && !Body.Natives.Expressions.Contains(name))
                {
                    Body.Natives.Expressions.Add(name);
                    changed = true;
                }
            if (changed && Connection.State == ConnectionState.Connected) Body.TellAbilities();
        }

        protected override void OnLeft()
        {
            if (_slots != null) _slots.Restore();
            _slots = null;
            _bindings = null;
            _natives = null;
        }

        private void LateUpdate()
        {
            if (Body == null || _bindings == null) return;
            if (_shapes == 0) Reload();
            if (Connection.Welcome == null)
            {
                Close();
                return;
            }
            if (Connection.Welcome != _welcome)
            {
                _welcome = Connection.Welcome;
                _bindings.Number(_welcome);
            }
            _slots.Clear();
            _bindings.Apply(Body, mouthUnderEmotion, blinkUnderHappy);
            _natives.Advance(Time.deltaTime / FadeIn, Time.deltaTime / FadeOut);
            _slots.Write();
        }

        /// <summary>Without a bridge the face rests.</summary>
        private void Close()
        {
            _slots.Clear();
            _natives.Advance(Time.deltaTime / FadeIn, Time.deltaTime / FadeOut);
            _slots.Write();
        }

        /// <summary>UniVRM's expressions are there only some frames after the model was loaded.</summary>
        private void Reload()
        {
            var target = GetComponentInChildren<IFaceTarget>();
            if (target != null && target.Count > 0) Refresh();
        }

        private IList<SkinnedMeshRenderer> Faces()
        {
            if (meshes.Count > 0) return meshes.FindAll(mesh => mesh != null);
            return GetComponentsInChildren<SkinnedMeshRenderer>(true);
        }

        private FaceSlots Gather()
        {
            var slots = new FaceSlots();
            var targets = GetComponentsInChildren<IFaceTarget>(true);
            foreach (var target in targets) slots.Add(target);
            // UniVRM writes the blendshapes itself: two hands on one shape would fight.
            if (targets.Length > 0 && meshes.Count == 0) return slots;
            foreach (var mesh in Faces()) slots.Add(mesh);
            return slots;
        }
    }
}
