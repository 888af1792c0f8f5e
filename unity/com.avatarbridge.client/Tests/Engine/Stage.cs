using System;
using System.Collections.Generic;
using UnityEngine;

namespace AvatarBridge
{
    /// <summary>A scene with a client on a scripted bridge, and a figure to hang parts on.</summary>
    public sealed class Stage
    {
        public readonly ScriptedBridge Bridge = new ScriptedBridge();
        public readonly AvatarBridgeClient Client;
        public readonly GameObject Figure;
        public readonly Dictionary<HumanBodyBones, Transform> Bones = new Dictionary<HumanBodyBones, Transform>();
        private double _mixed;

        public Stage()
        {
            StandIn.NewScene();
            var holder = new GameObject("Bridge");
            holder.SetActive(false);
            Client = holder.AddComponent<AvatarBridgeClient>();
            Client.Token = "secret";
            Client.MakeTransport = address => Bridge;
            Client.Clock = () => StandIn.now;
            Figure = new GameObject("Figure");
            Figure.SetActive(false);
        }

        public double Now
        {
            get { return StandIn.now; }
        }

        /// <summary>Enable all and run until the game is let in.</summary>
        public void Begin()
        {
            Client.gameObject.SetActive(true);
            Figure.SetActive(true);
            Run(0.5);
        }

        /// <summary>Run frames of 1/60 s, and the sound card beside them.</summary>
        public List<float[]> Run(double seconds)
        {
            var heard = new List<float[]>();
            var end = StandIn.now + seconds;
            while (StandIn.now < end - 1e-9)
            {
                StandIn.Frame(1f / 60f);
                for (; _mixed < StandIn.now; _mixed += 1024.0 / Math.Max(AudioSettings.outputSampleRate, 44100)) heard.Add(AudioSettings.Mix());
            }
            return heard;
        }

        /// <summary>The sound card stood still until now.</summary>
        public void Skip()
        {
            _mixed = StandIn.now;
        }

        /// <summary>Keep showing the same channels for some time.</summary>
        public void Hold(double seconds, params object[] pairs)
        {
            var end = StandIn.now + seconds;
            while (StandIn.now < end - 1e-9)
            {
                Bridge.Move(StandIn.now + 0.01, pairs);
                Run(1.0 / 60);
            }
        }

        public Animator AddAnimator(bool controller)
        {
            var animator = Figure.AddComponent<Animator>();
            animator.avatar = new Avatar { isHuman = true, isValid = true };
            if (controller) animator.runtimeAnimatorController = new RuntimeAnimatorController();
            foreach (var pair in Bones) animator.SetBone(pair.Key, pair.Value);
            return animator;
        }

        /// <summary>A body whose arms stand at `armDegrees` below the horizontal, and whose bones have axes of their own.</summary>
        public void Build(float armDegrees, Quaternion twist)
        {
            var hips = Bone(HumanBodyBones.Hips, Figure.transform, new Vector3(0, 1, 0), twist);
            var spine = Bone(HumanBodyBones.Spine, hips, new Vector3(0, 1.2f, 0), twist);
            var chest = Bone(HumanBodyBones.Chest, spine, new Vector3(0, 1.35f, 0), twist);
            var neck = Bone(HumanBodyBones.Neck, chest, new Vector3(0, 1.5f, 0), twist);
            var head = Bone(HumanBodyBones.Head, neck, new Vector3(0, 1.6f, 0), twist);
            Bone(HumanBodyBones.LeftEye, head, new Vector3(-0.03f, 1.65f, 0.05f), twist);
            Bone(HumanBodyBones.RightEye, head, new Vector3(0.03f, 1.65f, 0.05f), twist);
            var down = armDegrees * Mathf.Deg2Rad;
            foreach (var side in new[] { -1f, 1f })
            {
                var along = new Vector3(side * Mathf.Cos(down), -Mathf.Sin(down), 0);
                var shoulder = new Vector3(side * 0.15f, 1.4f, 0);
                var hang = Quaternion.FromToRotation(new Vector3(side, 0, 0), along) * twist;
                var upper = Bone(side < 0 ? HumanBodyBones.LeftUpperArm : HumanBodyBones.RightUpperArm, chest, shoulder, hang);
                var lower = Bone(side < 0 ? HumanBodyBones.LeftLowerArm : HumanBodyBones.RightLowerArm, upper, shoulder + along * 0.3f, hang);
                Bone(side < 0 ? HumanBodyBones.LeftHand : HumanBodyBones.RightHand, lower, shoulder + along * 0.55f, hang);
            }
        }

        private Transform Bone(HumanBodyBones human, Transform parent, Vector3 place, Quaternion rotation)
        {
            var bone = new GameObject(human.ToString()).transform;
            bone.SetParent(parent, false);
            bone.rotation = Figure.transform.rotation * rotation;
            bone.position = Figure.transform.TransformPoint(place);
            Bones[human] = bone;
            return bone;
        }

        /// <summary>Which way a limb points, in the figure's own space.</summary>
        public Vector3 Direction(HumanBodyBones from, HumanBodyBones to)
        {
            var root = Figure.transform;
            return (root.InverseTransformPoint(Bones[to].position) - root.InverseTransformPoint(Bones[from].position)).normalized;
        }

        /// <summary>An utterance with sound of a constant loudness.</summary>
        public void Utter(uint number, double seconds)
        {
            Bridge.Say("{'type':'utterance','character':0,'utterance':" + number + "}");
            Bridge.Sound(number, (int)(seconds * 48000), 0.5f);
        }
    }
}
