using System;
using System.Collections.Generic;
using NUnit.Framework;
using UnityEngine;

namespace AvatarBridge
{
    [TestFixture]
    public class MotionTests
    {
        private const float Near = 0.01f;
        private Stage _stage;
        private AvatarBridgeMotion _motion;
        private Animator _animator;

        [SetUp]
        public void SetUp()
        {
            _stage = new Stage();
            _stage.Figure.transform.position = new Vector3(3, 0, 2);
            _stage.Figure.transform.rotation = Quaternion.Euler(0, 130, 0);
        }

        [TearDown]
        public void TearDown()
        {
            CollectionAssert.IsEmpty(Debug.errors);
            CollectionAssert.IsEmpty(Debug.warnings);
        }

        private void Move(float arms, Quaternion twist, bool controller)
        {
            _stage.Build(arms, twist);
            _animator = _stage.AddAnimator(controller);
            _motion = _stage.Figure.AddComponent<AvatarBridgeMotion>();
        }

        private static void Same(float x, float y, float z, Vector3 found)
        {
            var wanted = new Vector3(x, y, z).normalized;
            Assert.Less((found - wanted).magnitude, Near, "wanted " + wanted + ", found " + found);
        }

        /// <summary>Where the nose points, in the figure's own space, whatever axes the bone has.</summary>
        private Vector3 Nose(Quaternion twist)
        {
            return Facing(HumanBodyBones.Head, twist);
        }

        private Vector3 Facing(HumanBodyBones bone, Quaternion twist)
        {
            var inFigure = Quaternion.Inverse(_stage.Figure.transform.rotation) * _stage.Bones[bone].rotation;
            return inFigure * Quaternion.Inverse(twist) * Vector3.forward;
        }

        private static IEnumerable<Quaternion> Twists()
        {
            yield return Quaternion.identity;
            yield return Quaternion.Euler(90, 0, 90);
            yield return Quaternion.Euler(20, -70, 200);
        }

        [TestCaseSource("Twists")]
        public void TheHeadTurnsToItsLeftLooksUpAndTilts(Quaternion twist)
        {
            Move(0, twist, false);
            _stage.Begin();
            _stage.Hold(1, "head_yaw", 30f);
            Same(-0.5f, 0, 0.866f, Nose(twist));
            _stage.Hold(1, "head_pitch", 30f);
            Same(0, 0.5f, 0.866f, Nose(twist));
            _stage.Hold(1, "head_roll", 30f);
            var up = Quaternion.Inverse(_stage.Figure.transform.rotation) * _stage.Bones[HumanBodyBones.Head].rotation * Quaternion.Inverse(twist) * Vector3.up;
            Same(-0.5f, 0.866f, 0, up);
        }

        [TestCase(0f)]
        [TestCase(45f)]
        [TestCase(60f)]
        public void ArmsHangInTheRestingPoseWhateverPoseTheModelHas(float arms)
        {
            foreach (var twist in Twists())
            {
                SetUp();
                Move(arms, twist, false);
                _stage.Begin();
                _stage.Hold(1, "head_yaw", 0f);
                var down = 68 * Mathf.Deg2Rad;
                Same(-Mathf.Cos(down), -Mathf.Sin(down), 0, _stage.Direction(HumanBodyBones.LeftUpperArm, HumanBodyBones.LeftLowerArm));
                Same(Mathf.Cos(down), -Mathf.Sin(down), 0, _stage.Direction(HumanBodyBones.RightUpperArm, HumanBodyBones.RightLowerArm));
                _stage.Hold(0.5, "left_upper_arm_z", 68.0);
                Same(-1, 0, 0, _stage.Direction(HumanBodyBones.LeftUpperArm, HumanBodyBones.LeftLowerArm));
                var bend = 14 * Mathf.Deg2Rad;
                Same(-Mathf.Cos(bend), 0, Mathf.Sin(bend), _stage.Direction(HumanBodyBones.LeftLowerArm, HumanBodyBones.LeftHand));
                _stage.Hold(0.5, "left_upper_arm_z", 68.0, "left_upper_arm_y", -90.0);
                Same(0, 0, 1, _stage.Direction(HumanBodyBones.LeftUpperArm, HumanBodyBones.LeftLowerArm));
                _stage.Hold(0.5, "left_upper_arm_z", 68.0, "left_lower_arm_y", -76.0);
                Same(0, 0, 1, _stage.Direction(HumanBodyBones.LeftLowerArm, HumanBodyBones.LeftHand));
            }
        }

        [Test]
        public void MotionGoesOnTopOfTheAnimatorsPoseWithoutDrift()
        {
            Move(0, Quaternion.identity, true);
            var arm = _stage.Bones[HumanBodyBones.LeftUpperArm];
            var head = _stage.Bones[HumanBodyBones.Head];
            var turned = Quaternion.Euler(0, 0, 30);
            _animator.pose = seconds =>
            {
                arm.localRotation = turned;
                head.localRotation = Quaternion.Euler(10, 0, 0);
            };
            _stage.Begin();
            _stage.Hold(5, "head_yaw", 20f);
            Assert.Less(Quaternion.Angle(turned, arm.localRotation), 0.5f, "an animated arm keeps its pose");
            var once = head.localRotation;
            _stage.Hold(5, "head_yaw", 20f);
            Assert.Less(Quaternion.Angle(once, head.localRotation), 0.1f);
            _stage.Hold(1, "head_yaw", 0f);
            Assert.Less(Quaternion.Angle(Quaternion.Euler(10, 0, 0), head.localRotation), 0.2f);
            var down = _stage.Direction(HumanBodyBones.RightUpperArm, HumanBodyBones.RightLowerArm);
            Assert.Less(down.y, -0.9f, "an arm that nothing animates rests");
        }

        [Test]
        public void WithoutAnAnimationNothingDriftsEither()
        {
            Move(0, Quaternion.Euler(0, 40, 0), false);
            _motion.Mode = JoinMode.Additive;
            var before = _stage.Bones[HumanBodyBones.LeftUpperArm].localRotation;
            _stage.Begin();
            _stage.Hold(4, "head_yaw", 20f, "left_upper_arm_z", 20.0);
            var once = _stage.Bones[HumanBodyBones.LeftUpperArm].localRotation;
            Assert.AreEqual(20f, Quaternion.Angle(before, once), 0.5f);
            _stage.Hold(4, "head_yaw", 20f, "left_upper_arm_z", 20.0);
            Assert.Less(Quaternion.Angle(once, _stage.Bones[HumanBodyBones.LeftUpperArm].localRotation), 0.1f);
        }

        [Test]
        public void ReplacingLeavesNothingOfTheAnimation()
        {
            Move(0, Quaternion.identity, true);
            _motion.Mode = JoinMode.Replace;
            _animator.pose = seconds => _stage.Bones[HumanBodyBones.LeftUpperArm].localRotation = Quaternion.Euler(0, 0, 30 + 10 * Mathf.Sin((float)StandIn.now));
            _stage.Begin();
            _stage.Hold(1, "head_yaw", 0f);
            var down = 68 * Mathf.Deg2Rad;
            Same(-Mathf.Cos(down), -Mathf.Sin(down), 0, _stage.Direction(HumanBodyBones.LeftUpperArm, HumanBodyBones.LeftLowerArm));
            _motion.Weight = 0f;
            _stage.Hold(0.1, "head_yaw", 0f);
            Assert.Greater(_stage.Direction(HumanBodyBones.LeftUpperArm, HumanBodyBones.LeftLowerArm).y, -0.8f);
        }

        [Test]
        public void EyesFollowTheGaze()
        {
            Move(0, Quaternion.identity, false);
            _stage.Begin();
            _stage.Hold(1, "gaze_x", 1f);
            var angle = 14 * Mathf.Deg2Rad;
            Same(-Mathf.Sin(angle), 0, Mathf.Cos(angle), Facing(HumanBodyBones.LeftEye, Quaternion.identity));
            _stage.Hold(1, "gaze_y", 1f);
            Same(0, Mathf.Sin(angle), Mathf.Cos(angle), Facing(HumanBodyBones.RightEye, Quaternion.identity));
        }

        [Test]
        public void AFigureThatIsNotHumanoidMovesItsNamedHead()
        {
            var head = new GameObject("Skull").transform;
            head.SetParent(_stage.Figure.transform, false);
            _motion = _stage.Figure.AddComponent<AvatarBridgeMotion>();
            _motion.Head = head;
            _stage.Begin();
            _stage.Hold(1, "head_yaw", 30f);
            Same(-0.5f, 0, 0.866f, Quaternion.Inverse(_stage.Figure.transform.rotation) * head.forward());
        }

        [Test]
        public void DisabledItPutsTheFigureBack()
        {
            Move(45, Quaternion.identity, false);
            var before = _stage.Bones[HumanBodyBones.LeftUpperArm].localRotation;
            _stage.Begin();
            _stage.Hold(1, "head_yaw", 30f);
            _motion.enabled = false;
            Assert.Less(Quaternion.Angle(before, _stage.Bones[HumanBodyBones.LeftUpperArm].localRotation), 0.1f);
            Assert.Less(Quaternion.Angle(Quaternion.identity, _stage.Bones[HumanBodyBones.Head].localRotation), 0.1f);
        }

        [Test]
        public void TheSceneIsNotJerkedWhenTheBridgeComes()
        {
            Move(0, Quaternion.identity, false);
            _stage.Begin();
            _stage.Run(1);
            var before = _stage.Bones[HumanBodyBones.Head].rotation;
            _stage.Bridge.Break();
            _stage.Run(0.1);
            Debug.warnings.Clear();
            for (var frame = 0; frame < 120; frame++)
            {
                _stage.Bridge.Move(_stage.Now, "head_yaw", 0f);
                _stage.Run(1.0 / 60);
                var after = _stage.Bones[HumanBodyBones.Head].rotation;
                Assert.Less(Quaternion.Angle(before, after), 5f);
                before = after;
            }
        }

        private void Act(string name, string kind, string native, string duration)
        {
            _stage.Bridge.Say("{'type':'act','character':0,'action':'" + name + "','kind':'" + kind + "','at':0,'strength':1,'duration':" + duration + ",'native':" + native + "}");
            _stage.Run(0.05);
        }

        private void Release(string name)
        {
            _stage.Bridge.Say("{'type':'release','character':0,'action':'" + name + "','cue':null,'at':null}");
            _stage.Run(0.05);
        }

        [Test]
        public void TriggersSwitchesStatesClipsAndOwnActionsArePerformed()
        {
            Move(0, Quaternion.identity, true);
            _animator.AddParameter("Nod", AnimatorControllerParameterType.Trigger);
            _animator.AddParameter("Sitting", AnimatorControllerParameterType.Bool);
            _animator.AddState("Idle");
            _animator.AddState("Dance");
            _motion.States.Add("Dance");
            _motion.Clips.Add("Jump");
            var clips = _stage.Figure.AddComponent<Animation>();
            clips.AddClip(new AnimationClip(), "Jump");
            var own = new AvatarBridgeMotion.OwnAction { name = "sparkle" };
            var sparkles = new List<string>();
            own.begins.AddListener(strength => sparkles.Add("begins " + strength));
            own.ends.AddListener(() => sparkles.Add("ends"));
            _motion.OwnActions.Add(own);
            _stage.Begin();
            Act("nod", "gesture", "{'trigger':'Nod'}", "0.6");
            Act("sit", "prop", "{'trigger':'Sitting'}", "null");
            Release("sit");
            Act("dance", "gesture", "{'state':'Dance'}", "0.5");
            _stage.Run(1);
            CollectionAssert.AreEqual(new[] { "trigger Nod", "on Sitting", "off Sitting", "state Dance", "state Idle" }, _animator.calls);
            Act("jump", "gesture", "{'clip':'Jump'}", "0.5");
            CollectionAssert.AreEqual(new[] { "clip Jump" }, clips.calls);
            Act("sparkle", "prop", "{'action':'sparkle'}", "null");
            Release("sparkle");
            CollectionAssert.AreEqual(new[] { "begins 1", "ends" }, sparkles);
            Assert.AreEqual(5, _stage.Bridge.All("acted").Count);
        }

        [Test]
        public void WhatTheFigureLacksIsReportedToTheBridge()
        {
            Move(0, Quaternion.identity, true);
            _stage.Begin();
            Act("nod", "gesture", "{'trigger':'Bow'}", "null");
            _stage.Run(3);
            var problems = _stage.Bridge.All("report");
            StringAssert.Contains("Bow", string.Join("\n", new List<string>(problems).ToArray()));
            Assert.AreEqual(1, Debug.warnings.Count);
            StringAssert.Contains("Bow", Debug.warnings[0]);
            Debug.warnings.Clear();
        }

        [Test]
        public void EachCharacterDoesWhatItIsTold()
        {
            Move(0, Quaternion.identity, true);
            _animator.AddParameter("Nod", AnimatorControllerParameterType.Trigger);
            var other = new GameObject("Other");
            other.SetActive(false);
            var animator = other.AddComponent<Animator>();
            animator.avatar = new Avatar();
            animator.runtimeAnimatorController = new RuntimeAnimatorController();
            animator.AddParameter("Nod", AnimatorControllerParameterType.Trigger);
            other.AddComponent<AvatarBridgeMotion>().Character = "bob";
            other.SetActive(true);
            _stage.Begin();
            Assert.AreEqual(1, _stage.Bridge.Connects, "parts that were there before the client are in the first hello");
            var bob = other.GetComponent<AvatarBridgeMotion>().Body.Number;
            _stage.Bridge.Say("{'type':'act','character':" + bob + ",'action':'nod','kind':'gesture','at':0,'strength':1,'duration':0.5,'native':{'trigger':'Nod'}}");
            _stage.Run(0.05);
            CollectionAssert.AreEqual(new[] { "trigger Nod" }, animator.calls);
            CollectionAssert.IsEmpty(_animator.calls);
        }

        [Test]
        public void BonesHaveTheRigsNames()
        {
            Assert.AreEqual("left_upper_arm", HumanBones.Name(HumanBodyBones.LeftUpperArm));
            Assert.AreEqual("upper_chest", HumanBones.Name(HumanBodyBones.UpperChest));
            Assert.AreEqual("right_thumb_metacarpal", HumanBones.Name(HumanBodyBones.RightThumbProximal));
            Assert.AreEqual("right_thumb_proximal", HumanBones.Name(HumanBodyBones.RightThumbIntermediate));
            Assert.AreEqual("left_little_distal", HumanBones.Name(HumanBodyBones.LeftLittleDistal));
            var rig = Environment.GetEnvironmentVariable("AVATAR_BRIDGE_TEST_BONES");
            if (string.IsNullOrEmpty(rig)) return;
            var known = new List<string>(rig.Split(' '));
            for (var bone = HumanBodyBones.Hips; bone < HumanBodyBones.LastBone; bone++)
                if (bone != HumanBodyBones.Head && bone != HumanBodyBones.Jaw && bone != HumanBodyBones.LeftEye && bone != HumanBodyBones.RightEye)
                    Assert.IsTrue(known.Remove(HumanBones.Name(bone)), HumanBones.Name(bone));
            CollectionAssert.IsEmpty(known);
        }

        [Test]
        public void ResetEndsEveryHold()
        {
            Move(0, Quaternion.identity, true);
            _animator.AddParameter("Sitting", AnimatorControllerParameterType.Bool);
            _stage.Begin();
            Act("sit", "prop", "{'trigger':'Sitting'}", "null");
            _stage.Bridge.Say("{'type':'reset','character':0}");
            _stage.Run(0.1);
            Assert.AreEqual("off Sitting", _animator.calls[_animator.calls.Count - 1]);
        }
    }

    internal static class TransformParts
    {
        public static Vector3 forward(this Transform transform)
        {
            return transform.rotation * Vector3.forward;
        }
    }
}
