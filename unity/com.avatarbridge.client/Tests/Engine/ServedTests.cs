using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using NUnit.Framework;
using UnityEngine;
using Debug = UnityEngine.Debug;

namespace AvatarBridge
{
    /// <summary>The components on a real bridge: address and token come from the environment.</summary>
    [TestFixture]
    [Category("served")]
    public class ServedTests
    {
        [Test]
        public void ACharacterSpeaksMovesAndIsInterrupted()
        {
            var address = Environment.GetEnvironmentVariable("AVATAR_BRIDGE_TEST_ADDRESS");
            if (string.IsNullOrEmpty(address)) Assert.Ignore("no bridge: AVATAR_BRIDGE_TEST_ADDRESS is not set");
            var stage = new Stage();
            stage.Client.MakeTransport = null;
            stage.Client.Clock = null;
            stage.Client.Address = address;
            stage.Client.Token = Environment.GetEnvironmentVariable("AVATAR_BRIDGE_TEST_TOKEN");
            stage.Build(45, Quaternion.identity);
            stage.AddAnimator(true).AddParameter("Nod", AnimatorControllerParameterType.Trigger);
            var mesh = stage.Figure.AddComponent<SkinnedMeshRenderer>();
            mesh.sharedMesh = Mesh.With("aa", "ih", "ou", "ee", "oh", "blinkLeft", "blinkRight");
            stage.Figure.AddComponent<AvatarBridgeMotion>();
            stage.Figure.AddComponent<AvatarBridgeFace>();
            var sound = stage.Figure.AddComponent<AvatarBridgeAudio>();
            stage.Figure.AddComponent<AvatarBridgeSubtitles>();
            var words = new List<string>();
            var cues = new List<string>();
            var ended = new List<bool>();
            stage.Client.wordHeard.AddListener((who, word) => words.Add(word));
            stage.Client.cueBegan.AddListener((who, action) => cues.Add(action));
            stage.Client.utteranceEnded.AddListener((who, complete) => ended.Add(complete));
            stage.Client.gameObject.SetActive(true);
            stage.Figure.SetActive(true);
            var loudest = 0f;
            var widest = 0f;
            var real = new RealTime();
            Action frame = () =>
            {
                loudest = Math.Max(loudest, real.Frame());
                for (var index = 0; index < 5; index++) widest = Math.Max(widest, mesh.GetBlendShapeWeight(index));
            };
            Until(frame, () => stage.Client.State == ConnectionState.Connected && sound.Body.HasSound, "let in with the sound: " + stage.Client.StateInWords);
            stage.Client.Say("", "Hello there, [nod] my friend.");
            Until(frame, () => ended.Count > 0, "the utterance ended");
            Assert.IsTrue(ended[0], "complete");
            CollectionAssert.AreEqual(new[] { "Hello", "there", "my", "friend" }, words.ConvertAll(word => word.Trim(' ', ',', '.')));
            CollectionAssert.Contains(cues, "nod");
            Assert.Greater(loudest, 0.01f);
            Assert.Greater(widest, 10f);
            Assert.AreEqual(0, sound.Underruns);
            stage.Client.Say("", "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen.");
            Until(frame, () => words.Count > 6, "three more words");
            stage.Client.Interrupt("");
            Until(frame, () => ended.Count > 1, "the interrupted one ended");
            Assert.IsFalse(ended[1]);
            // The buffer after the interrupt holds the fade.
            var mixed = real.Buffers;
            while (real.Buffers < mixed + 2) frame();
            loudest = 0f;
            for (var count = 0; count < 10; count++) frame();
            Assert.AreEqual(0f, loudest);
            CollectionAssert.IsEmpty(Debug.errors);
            UnityEngine.Object.Destroy(stage.Client.gameObject);
            StandIn.Frame(0.01f);
        }

        private static void Until(Action frame, Func<bool> there, string what)
        {
            var watch = Stopwatch.StartNew();
            while (!there())
            {
                if (watch.Elapsed.TotalSeconds > 30) Assert.Fail("30 s passed, and not: " + what);
                frame();
            }
        }

        /// <summary>Frames and buffers as the wall clock has them.</summary>
        private sealed class RealTime
        {
            private readonly Stopwatch _watch = Stopwatch.StartNew();
            private double _shown;
            private double _mixed;

            public int Buffers { get; private set; }

            public float Frame()
            {
                Thread.Sleep(8);
                var now = _watch.Elapsed.TotalSeconds;
                StandIn.Frame((float)(now - _shown));
                _shown = now;
                var loudest = 0f;
                for (; _mixed < now; _mixed += 1024.0 / 48000, Buffers++)
                    foreach (var value in AudioSettings.Mix()) loudest = Math.Max(loudest, Math.Abs(value));
                return loudest;
            }
        }
    }
}
