using System;
using System.Reflection;
using NUnit.Framework;
using UnityEngine;

namespace AvatarBridge
{
    /// <summary>A frame allocates nothing: a game's garbage collector is not ours to wake.</summary>
    [TestFixture]
    public class FrameTests
    {
        [Test]
        public void AFrameAllocatesNothing()
        {
            var stage = new Stage();
            stage.Build(45, Quaternion.identity);
            stage.AddAnimator(false);
            var mesh = stage.Figure.AddComponent<SkinnedMeshRenderer>();
            mesh.sharedMesh = Mesh.With("aa", "ih", "ou", "ee", "oh", "happy", "blinkLeft", "blinkRight");
            stage.Figure.AddComponent<AvatarBridgeMotion>();
            stage.Figure.AddComponent<AvatarBridgeFace>();
            stage.Figure.AddComponent<AvatarBridgeSubtitles>().Highlighted = AvatarBridgeSubtitles.Highlight.SoFar;
            stage.Figure.AddComponent<AvatarBridgeAudio>();
            stage.Begin();
            stage.Hold(1, "head_yaw", 10f, "aa", 0.5f, "left_upper_arm_z", 20.0);
            stage.Utter(1, 3);
            stage.Bridge.Say("{'type':'captions','character':0,'utterance':1,'from':0,'captions':[{'at':0,'end':3,'lines':[[{'text':'Hi ','at':0,'end':0.1},{'text':'you','at':0.1,'end':3}]]}]}");
            stage.Run(0.5);
            Assert.AreEqual("<b>Hi you</b>", stage.Figure.GetComponent<AvatarBridgeSubtitles>().Shown);
            var updates = Messages(stage, "Update") + Messages(stage, "LateUpdate");
            const int Rounds = 60000;
            for (var round = 0; round < 100; round++) updates();
            GC.Collect();
            var before = GC.CollectionCount(0);
            for (var round = 0; round < Rounds; round++) updates();
            // The nursery holds half a megabyte (MONO_GC_PARAMS): 24 bytes a frame would fill it in less than the rounds.
            Assert.AreEqual(before, GC.CollectionCount(0));
        }

        private static Action Messages(Stage stage, string message)
        {
            Action all = null;
            foreach (var script in new MonoBehaviour[] { stage.Client, stage.Figure.GetComponent<AvatarBridgeMotion>(), stage.Figure.GetComponent<AvatarBridgeFace>(), stage.Figure.GetComponent<AvatarBridgeSubtitles>(), stage.Figure.GetComponent<AvatarBridgeAudio>() })
            {
                var method = script.GetType().GetMethod(message, BindingFlags.Instance | BindingFlags.NonPublic);
                if (method != null) all += (Action)Delegate.CreateDelegate(typeof(Action), script, method);
            }
            return all;
        }
    }
}
