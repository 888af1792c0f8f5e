using System.Collections.Generic;
using UnityEngine;

namespace AvatarBridge
{
    /// <summary>
    /// How a figure stands before anything moves it, and so how to turn its bones in the rig's terms, whatever axes they
    /// have. With G the rotation of a bone in the figure's own space in the T-pose, P that of the bone above and N the
    /// wanted rotation against a T-pose whose axes are all the figure's, the bone gets P^-1 * N * G.
    /// </summary>
    internal sealed class RestPose
    {
        /// <summary>One bone: local rotation = Before * N * After.</summary>
        public sealed class Bone
        {
            public HumanBodyBones Human;
            public Transform Transform;
            public Quaternion Before;
            public Quaternion After;
            public Quaternion Local;
            public Bone Parent;
            internal Quaternion Rest;
            internal Vector3 Place;
            internal Quaternion Straight = Quaternion.identity;

            /// <summary>The rig's rotation for what the bone has locally.</summary>
            public Quaternion Normal(Quaternion local)
            {
                return Quaternion.Inverse(Before) * local * Quaternion.Inverse(After);
            }
        }

        private readonly Transform _root;
        private readonly Dictionary<Transform, Bone> _byTransform = new Dictionary<Transform, Bone>();

        /// <summary>Bones, each after the one above it.</summary>
        public readonly List<Bone> Bones = new List<Bone>();

        /// <summary>Measure `bones` as they stand now; arms that hang (an A-pose) are taken as if they were held out.</summary>
        public RestPose(Transform root, IDictionary<HumanBodyBones, Transform> bones)
        {
            _root = root;
            var turned = Quaternion.Inverse(root.rotation);
            foreach (var pair in bones)
            {
                var bone = new Bone { Human = pair.Key, Transform = pair.Value, Local = pair.Value.localRotation };
                bone.Rest = turned * pair.Value.rotation;
                bone.Place = turned * (pair.Value.position - root.position);
                _byTransform[pair.Value] = bone;
                Bones.Add(bone);
            }
            foreach (var bone in Bones) bone.Parent = Above(bone.Transform);
            Bones.Sort((one, other) => Depth(one) != Depth(other) ? Depth(one).CompareTo(Depth(other)) : one.Human.CompareTo(other.Human));
            foreach (var bone in Bones) Straighten(bone);
            foreach (var bone in Bones) Solve(bone, turned);
        }

        public Bone Find(HumanBodyBones human)
        {
            return Bones.Find(bone => bone.Human == human);
        }

        private Bone Above(Transform from)
        {
            Bone found;
            for (var at = from.parent; at != null; at = at.parent)
                if (_byTransform.TryGetValue(at, out found)) return found;
            return null;
        }

        private static int Depth(Bone bone)
        {
            var depth = 0;
            for (var at = bone.Parent; at != null; at = at.Parent) depth++;
            return depth;
        }

        /// <summary>What must be turned so that an upper arm or a forearm points straight out, as in the T-pose.</summary>
        private void Straighten(Bone bone)
        {
            bone.Straight = bone.Parent == null ? Quaternion.identity : bone.Parent.Straight;
            HumanBodyBones next;
            Vector3 wanted;
            switch (bone.Human)
            {
                case HumanBodyBones.LeftUpperArm: next = HumanBodyBones.LeftLowerArm; wanted = Vector3.left; break;
                case HumanBodyBones.LeftLowerArm: next = HumanBodyBones.LeftHand; wanted = Vector3.left; break;
                case HumanBodyBones.RightUpperArm: next = HumanBodyBones.RightLowerArm; wanted = Vector3.right; break;
                case HumanBodyBones.RightLowerArm: next = HumanBodyBones.RightHand; wanted = Vector3.right; break;
                default: return;
            }
            var end = Find(next);
            if (end == null) return;
            var along = bone.Straight * (end.Place - bone.Place);
            if (along.sqrMagnitude < 1e-10f) return;
            bone.Straight = Quaternion.FromToRotation(along, wanted) * bone.Straight;
        }

        private void Solve(Bone bone, Quaternion turned)
        {
            var above = bone.Transform.parent;
            var aboveRest = above == null ? Quaternion.identity : turned * above.rotation;
            bone.After = bone.Straight * bone.Rest;
            if (bone.Parent == null)
            {
                bone.Before = Quaternion.Inverse(aboveRest);
                return;
            }
            // Bones that twist a limb may lie between: they keep their place against the bone above.
            var between = Quaternion.Inverse(bone.Parent.Rest) * aboveRest;
            bone.Before = Quaternion.Inverse(bone.Parent.After * between);
        }

        /// <summary>Where the figure's own space lies.</summary>
        public Transform Root
        {
            get { return _root; }
        }
    }
}
