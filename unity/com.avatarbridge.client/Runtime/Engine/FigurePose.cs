using System.Collections.Generic;
using UnityEngine;

namespace AvatarBridge
{
    /// <summary>How motion joins what an Animator does.</summary>
    public enum JoinMode
    {
        /// <summary>On top of bones that something animates; the others take the bridge's resting pose.</summary>
        Auto,
        /// <summary>On top of how the figure stands or is animated; the resting pose is left out.</summary>
        Additive,
        /// <summary>In place of the animation: the bridge's resting pose and motion alone.</summary>
        Replace
    }

    /// <summary>Puts a character's channels and bones on a figure after the Animator, frame by frame.</summary>
    internal sealed class FigurePose
    {
        private const float HeadShare = 0.6f;
        private const float LeanDegrees = 12f;
        private const float BreathChest = 1.6f;
        private const float BreathNeck = -0.9f;
        private static readonly HumanBodyBones[] Spine = { HumanBodyBones.UpperChest, HumanBodyBones.Chest, HumanBodyBones.Spine };
        private static readonly float[] SpineShares = { 0.3f, 0.35f, 0.35f };

        private sealed class Driven
        {
            public RestPose.Bone Bone;
            public int Rig = -1;
            public Quaternion Resting = Quaternion.identity;
            public Quaternion Base;
            public Quaternion Written;
            public bool Animated;
            public float Body;
            public float Head;
            public float Breath;
            public bool Eye;
        }

        private readonly Driven[] _driven;
        private readonly Driven _hips;
        private readonly Quaternion _hipsSpace = Quaternion.identity;
        private Vector3 _hipsBase;
        private Vector3 _hipsWritten;
        private int[] _numbers = new int[0];
        private static readonly string[] Names =
        {
            "head_yaw", "head_pitch", "head_roll", "body_yaw", "body_pitch", "body_roll", "position_x", "position_y", "position_z", "gaze_x", "gaze_y", "breath"
        };

        public FigurePose(RestPose rest)
        {
            _driven = new Driven[rest.Bones.Count];
            for (var index = 0; index < _driven.Length; index++)
            {
                var bone = rest.Bones[index];
                _driven[index] = new Driven { Bone = bone, Base = bone.Local, Written = bone.Local };
                _driven[index].Eye = bone.Human == HumanBodyBones.LeftEye || bone.Human == HumanBodyBones.RightEye;
                if (bone.Human == HumanBodyBones.Hips) _hips = _driven[index];
            }
            Share();
            if (_hips == null) return;
            var above = _hips.Bone.Transform.parent;
            if (above != null) _hipsSpace = Quaternion.Inverse(above.rotation) * rest.Root.rotation;
            _hipsBase = _hipsWritten = _hips.Bone.Transform.localPosition;
        }

        /// <summary>Degrees that an eyeball turns when the gaze is full.</summary>
        public float EyeDegrees = 14f;
        /// <summary>Metres that the hips move when a position channel is full; feet slide along without IK.</summary>
        public float Sway;
        /// <summary>0 leaves the animation alone, 1 is all of the motion.</summary>
        public float Weight = 1f;
        public JoinMode Mode = JoinMode.Auto;

        /// <summary>Learn the bridge's numbers and its resting pose.</summary>
        public void Number(Welcome welcome)
        {
            _numbers = new int[Names.Length];
            for (var index = 0; index < Names.Length; index++) _numbers[index] = welcome.ChannelIndex(Names[index]);
            foreach (var driven in _driven)
            {
                var name = HumanBones.Name(driven.Bone.Human);
                driven.Rig = welcome.Skeleton.Find(name);
                driven.Resting = HumanBones.ToUnity(Rotation.FromDegrees(
                    welcome.RestingPose(name + "_x"), welcome.RestingPose(name + "_y"), welcome.RestingPose(name + "_z")));
            }
        }

        /// <summary>Move the figure; `live` fades the motion in and out (0 to 1), `present` the resting pose.</summary>
        public void Apply(GameCharacter body, float live, float present)
        {
            if (_numbers.Length == 0) return;
            for (var index = 0; index < _driven.Length; index++) Turn(_driven[index], body, live, present);
            if (_hips != null && Sway > 0f) Shift(body, live);
        }

        /// <summary>Put back what stands as this left it.</summary>
        public void Restore()
        {
            foreach (var driven in _driven)
                if (driven.Bone.Transform != null && driven.Bone.Transform.localRotation.Equals(driven.Written)) driven.Bone.Transform.localRotation = driven.Base;
            if (_hips != null && _hips.Bone.Transform != null && _hips.Bone.Transform.localPosition.Equals(_hipsWritten)) _hips.Bone.Transform.localPosition = _hipsBase;
        }

        private void Turn(Driven driven, GameCharacter body, float live, float present)
        {
            var bone = driven.Bone;
            var current = bone.Transform.localRotation;
            if (!current.Equals(driven.Written))
            {
                driven.Animated = true;
                driven.Base = current;
            }
            var normal = Own(driven, body, live, present);
            if (driven.Head > 0f) normal = Head(body, live * driven.Head) * normal;
            if (driven.Body > 0f) normal = Body(body, live * driven.Body) * normal;
            if (driven.Breath != 0f) normal = Quaternion.AngleAxis(-driven.Breath * live * Value(body, 11), Vector3.right) * normal;
            if (driven.Eye) normal = Turned(live * EyeDegrees * Value(body, 9), live * EyeDegrees * Value(body, 10), 0f) * normal;
            var turned = bone.Before * normal * bone.After;
            if (Weight < 1f) turned = Quaternion.Slerp(driven.Base, turned, Weight);
            bone.Transform.localRotation = turned;
            // Read back: Unity may have rounded it, and the next frame compares.
            driven.Written = bone.Transform.localRotation;
        }

        /// <summary>The bone's rotation in the rig's terms, by its own channels.</summary>
        private Quaternion Own(Driven driven, GameCharacter body, float live, float present)
        {
            var onTop = Mode == JoinMode.Additive || (Mode == JoinMode.Auto && driven.Animated);
            var moved = driven.Rig >= 0 && body.Motion.IsMoved(driven.Rig);
            var offset = Quaternion.identity;
            Rotation rotation;
            if (moved && body.Motion.Rotation(driven.Rig, true, out rotation))
                offset = Quaternion.Slerp(Quaternion.identity, HumanBones.ToUnity(rotation) * Quaternion.Inverse(driven.Resting), live);
            var normal = driven.Bone.Normal(driven.Base);
            if (onTop) return offset * normal;
            // Head and eyes have no resting pose: they keep how they stood.
            var resting = driven.Rig < 0 ? normal : driven.Resting;
            return offset * (present < 1f ? Quaternion.Slerp(normal, resting, present) : resting);
        }

        private Quaternion Head(GameCharacter body, float share)
        {
            return Turned(share * Value(body, 0), share * Value(body, 1), share * Value(body, 2));
        }

        private Quaternion Body(GameCharacter body, float share)
        {
            return Turned(share * Value(body, 3), share * (Value(body, 4) - LeanDegrees * Value(body, 8)), share * Value(body, 5));
        }

        private static Quaternion Turned(float yaw, float pitch, float roll)
        {
            return HumanBones.ToUnity(Rotation.Head(yaw, pitch, roll));
        }

        private float Value(GameCharacter body, int which)
        {
            return body.Channel(_numbers[which]);
        }

        private void Shift(GameCharacter body, float live)
        {
            var transform = _hips.Bone.Transform;
            var current = transform.localPosition;
            if (!current.Equals(_hipsWritten)) _hipsBase = current;
            var by = new Vector3(-Value(body, 6), Value(body, 7), Value(body, 8)) * (Sway * live * Weight);
            transform.localPosition = _hipsBase + _hipsSpace * by;
            _hipsWritten = transform.localPosition;
        }

        /// <summary>Share turns of the head and the body out; a bone that lacks leaves its share to the next.</summary>
        private void Share()
        {
            var neck = Find(HumanBodyBones.Neck);
            var head = Find(HumanBodyBones.Head);
            if (head != null) head.Head = neck != null ? HeadShare : 1f;
            if (neck != null) neck.Head = head != null ? 1f - HeadShare : 1f;
            var left = 0f;
            Driven lowest = null;
            for (var index = 0; index < Spine.Length; index++)
            {
                left += SpineShares[index];
                var bone = Find(Spine[index]);
                if (bone == null) continue;
                bone.Body = left;
                left = 0f;
                lowest = bone;
            }
            if (lowest != null) lowest.Body += left;
            var chest = Find(HumanBodyBones.Chest);
            if (chest != null) chest.Breath = BreathChest;
            if (chest != null && neck != null) neck.Breath = BreathNeck;
        }

        private Driven Find(HumanBodyBones human)
        {
            foreach (var driven in _driven)
                if (driven.Bone.Human == human) return driven;
            return null;
        }
    }
}
