using System;
using System.Collections.Generic;
using NUnit.Framework;
using UnityEngine;

namespace AvatarBridge
{
    [TestFixture]
    public class AudioTests
    {
        private Stage _stage;
        private AvatarBridgeAudio _audio;
        private AudioSource _source;

        [SetUp]
        public void SetUp()
        {
            _stage = new Stage();
            _audio = _stage.Figure.AddComponent<AvatarBridgeAudio>();
            _source = _stage.Figure.GetComponent<AudioSource>();
            _source.spatialBlend = 1f;
            _source.leftGain = 0.5f;
            _source.rightGain = 0.25f;
        }

        [TearDown]
        public void TearDown()
        {
            CollectionAssert.IsEmpty(Debug.errors);
        }

        [Test]
        public void TheVoiceIsHeardWhereTheSourceStands()
        {
            _stage.Begin();
            Silent(_stage.Run(0.2));
            _stage.Utter(1, 1.0);
            var heard = Voiced(_stage.Run(1.5));
            Assert.AreEqual(48000, heard.Count, 2000);
            foreach (var pair in heard.GetRange(2000, 40000))
            {
                Assert.AreEqual(0.25f, pair.Key, 0.01f);
                Assert.AreEqual(0.125f, pair.Value, 0.01f);
            }
            Assert.AreEqual(0, _audio.Underruns);
        }

        [Test]
        public void PlayingIsReportedOnTheBridgesClock()
        {
            _stage.Begin();
            var began = _stage.Now;
            _stage.Utter(3, 1.0);
            _stage.Run(0.6);
            var report = _stage.Bridge.Last("playing");
            Assert.IsNotNull(report);
            Assert.AreEqual(3, report.Integer("utterance"));
            var buffer = 1024.0 / 48000;
            Assert.AreEqual((4 - 1.5) * buffer, _audio.Latency, 1e-6);
            Assert.AreEqual(_audio.Latency * 1000, report.Number("latency_ms"), 0.01);
            Assert.AreEqual(began + _audio.Latency + 0.02, report.Number("start"), 3 * buffer);
            Assert.GreaterOrEqual(_stage.Bridge.All("playing").Count, 2);
        }

        [Test]
        public void AnInterruptFadesAtOnceInTheNextBuffer()
        {
            _stage.Begin();
            _stage.Utter(1, 5.0);
            Assert.Greater(Voiced(_stage.Run(0.5)).Count, 10000);
            _stage.Bridge.Say("{'type':'cancel','character':0,'utterance':1,'heard':0.4}");
            StandIn.Frame(1f / 60f);
            var next = AudioSettings.Mix();
            const int FadeFrames = 48000 * 10 / 1000;
            for (var index = 2 * FadeFrames; index < next.Length; index++) Assert.AreEqual(0f, next[index], 1e-4f);
            foreach (var value in AudioSettings.Mix()) Assert.AreEqual(0f, value);
        }

        [Test]
        public void AnotherDeviceGoesOnAtItsOwnRate()
        {
            _stage.Begin();
            _stage.Utter(1, 3.0);
            _stage.Run(0.5);
            AudioSettings.ChangeDevice(44100, 512);
            Assert.AreEqual(2.5 * 512 / 44100, _audio.Latency, 1e-6);
            Assert.IsTrue(_source.isPlaying);
            Assert.AreEqual(44100, _source.clip.frequency);
            var heard = Voiced(_stage.Run(0.5));
            Assert.Greater(heard.Count, 8000);
            Assert.AreEqual(0.25f, heard[heard.Count / 2].Key, 0.01f);
        }

        [Test]
        public void ASourceThatAScriptStoppedPlaysAgain()
        {
            _stage.Begin();
            _source.Stop();
            _stage.Run(0.1);
            Assert.IsTrue(_source.isPlaying);
        }

        [Test]
        public void ASpatialiserComesAfterTheVoice()
        {
            _source.spatialize = true;
            _stage.Begin();
            Assert.IsTrue(_source.spatializePostEffects);
        }

        [Test]
        public void TheSoundCanBeGivenUpAndClaimedAgain()
        {
            _stage.Begin();
            _audio.ClaimSound = false;
            _stage.Run(0.1);
            Assert.IsFalse(_stage.Bridge.Last("sound").Boolean("claim", true));
            _audio.ClaimSound = true;
            _stage.Run(0.1);
            Assert.IsTrue(_stage.Bridge.Last("sound").Boolean("claim", false));
        }

        [Test]
        public void DisabledItIsSilentAndTheCarrierGoes()
        {
            _stage.Begin();
            _stage.Utter(1, 3.0);
            _stage.Run(0.3);
            _audio.enabled = false;
            Silent(_stage.Run(0.3));
            Assert.IsTrue(_source.clip == null);
        }

        private static List<KeyValuePair<float, float>> Voiced(IList<float[]> buffers)
        {
            var heard = new List<KeyValuePair<float, float>>();
            foreach (var buffer in buffers)
                for (var index = 0; index < buffer.Length; index += 2)
                    if (Math.Abs(buffer[index]) > 1e-4f) heard.Add(new KeyValuePair<float, float>(buffer[index], buffer[index + 1]));
            return heard;
        }

        private static void Silent(IList<float[]> buffers)
        {
            Assert.AreEqual(0, Voiced(buffers).Count);
        }
    }
}
