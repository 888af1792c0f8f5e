using System;
using System.Collections.Generic;
using NUnit.Framework;
using UnityEngine;

namespace AvatarBridge
{
    /// <summary>What goes wrong ends in the console in words, and never in an exception.</summary>
    [TestFixture]
    public class TroubleTests
    {
        private Stage _stage;

        [SetUp]
        public void SetUp()
        {
            _stage = new Stage();
        }

        [TestCase("localhost:8787")]
        [TestCase("http://127.0.0.1:8787/v1/game")]
        [TestCase("")]
        public void AnAddressThatIsNoneIsToldOnceAndMended(string address)
        {
            _stage.Client.MakeTransport = null;
            _stage.Client.Address = address;
            _stage.Figure.AddComponent<AvatarBridgeSubtitles>();
            _stage.Begin();
            _stage.Run(3);
            Assert.AreEqual(1, Debug.errors.Count, string.Join("; ", Debug.errors.ToArray()));
            StringAssert.Contains("ws://127.0.0.1:8787/v1/game", Debug.errors[0]);
            StringAssert.Contains("Expected an address", _stage.Client.StateInWords);
            Assert.IsNull(_stage.Client.Say("", "Hi"));
            var bridge = _stage.Bridge;
            _stage.Client.MakeTransport = way => bridge;
            _stage.Client.Retry();
            _stage.Run(0.5);
            Assert.AreEqual(ConnectionState.Connected, _stage.Client.State);
        }

        [Test]
        public void ABridgeThatGoesIsSaidOnceAndItsReturnToo()
        {
            _stage.Begin();
            _stage.Bridge.Break();
            _stage.Run(0.1);
            Assert.AreEqual(1, Debug.warnings.Count);
            StringAssert.Contains("avatar-bridge serve --driver game", Debug.warnings[0]);
            _stage.Bridge.Break();
            _stage.Run(3);
            Assert.AreEqual(1, Debug.warnings.Count);
            Assert.AreEqual(ConnectionState.Connected, _stage.Client.State);
            StringAssert.Contains("connected again", Debug.messages[Debug.messages.Count - 1]);
        }

        [Test]
        public void ANoteOfTheBridgeStandsInTheConsole()
        {
            _stage.Begin();
            _stage.Bridge.Say("{'type':'note','message':'an event too many','suggestion':'send fewer'}");
            _stage.Run(0.1);
            CollectionAssert.AreEqual(new[] { "Avatar Bridge: an event too many send fewer" }, Debug.warnings);
        }

        [Test]
        public void TheSecondGameIsToldWhoHasTheVoice()
        {
            _stage.Figure.AddComponent<AvatarBridgeAudio>();
            _stage.Begin();
            _stage.Bridge.Say("{'type':'turn','character':0,'has':true,'holder':'Stand-in Game','message':''}");
            _stage.Run(0.1);
            CollectionAssert.IsEmpty(Debug.warnings);
            _stage.Bridge.Say("{'type':'turn','character':0,'has':false,'holder':'First Game','message':'First Game plays the voice'}");
            _stage.Bridge.Say("{'type':'turn','character':0,'has':false,'holder':'First Game','message':'First Game plays the voice'}");
            _stage.Run(0.1);
            Assert.AreEqual(1, Debug.warnings.Count);
            StringAssert.Contains("First Game plays the voice", Debug.warnings[0]);
        }

        [Test]
        public void WithoutASoundDeviceTheVoiceIsLeftToTheBridge()
        {
            AudioSettings.ChangeDevice(0, 0);
            var sound = _stage.Figure.AddComponent<AvatarBridgeAudio>();
            _stage.Begin();
            Assert.IsFalse(_stage.Bridge.Last("hello")["characters"][0].Boolean("sound", true));
            Assert.AreEqual(1, Debug.warnings.Count);
            StringAssert.Contains("no sound device", Debug.warnings[0]);
            AudioSettings.ChangeDevice(44100, 1024);
            _stage.Run(0.1);
            Assert.IsTrue(_stage.Bridge.Last("sound").Boolean("claim", false));
            _stage.Utter(1, 1.0);
            Assert.Greater(Voiced(_stage.Run(1.2)), 30000);
            AudioSettings.ChangeDevice(0, 0);
            _stage.Run(0.1);
            Assert.IsFalse(_stage.Bridge.Last("sound").Boolean("claim", true));
            Assert.AreEqual(0, sound.Underruns);
            CollectionAssert.IsEmpty(Debug.errors);
        }

        [Test]
        public void AVoiceThatNothingPlaysIsToldInTheConsoleToo()
        {
            _stage.Figure.AddComponent<AvatarBridgeAudio>();
            _stage.Begin();
            _stage.Utter(1, 2.0);
            for (var frame = 0; frame < 180; frame++) StandIn.Frame(1f / 60f);
            Assert.AreEqual(1, Debug.warnings.Count);
            StringAssert.Contains("AudioListener", Debug.warnings[0]);
        }

        [Test]
        public void EightBuffersDelayTheReportAndNothingElse()
        {
            AudioSettings.ChangeDevice(44100, 1024, 8);
            var sound = _stage.Figure.AddComponent<AvatarBridgeAudio>();
            _stage.Begin();
            var began = _stage.Now;
            _stage.Utter(1, 2.0);
            Assert.AreEqual(2 * 44100, Voiced(_stage.Run(2.5)), 2500);
            Assert.AreEqual(6.5 * 1024 / 44100, sound.Latency, 1e-6);
            Assert.AreEqual(0, sound.Underruns);
            Assert.AreEqual(began + sound.Latency, _stage.Bridge.Last("playing").Number("start"), 0.08);
        }

        [Test]
        public void AMinuteInTheEditorsPauseGoesOnWhereItStood()
        {
            var sound = _stage.Figure.AddComponent<AvatarBridgeAudio>();
            _stage.Begin();
            _stage.Utter(1, 4.0);
            var voiced = Voiced(_stage.Run(1.0));
            var start = _stage.Bridge.Last("playing").Number("start");
            // No frame, no buffer, and dspTime stands; the bridge goes on talking.
            StandIn.now += 60;
            for (var index = 0; index < 3000; index++) _stage.Bridge.Say("{'type':'clock','character':0,'utterance':1,'now':1,'heard':1,'running':true}");
            _stage.Skip();
            voiced += Voiced(_stage.Run(4.0));
            Assert.AreEqual(ConnectionState.Connected, _stage.Client.State);
            Assert.AreEqual(1, _stage.Bridge.Connects);
            Assert.AreEqual(4 * 48000, voiced, 5000);
            Assert.AreEqual(start + 60, _stage.Bridge.Last("playing").Number("start"), 0.05);
            Assert.AreEqual(0, sound.Underruns);
            CollectionAssert.IsEmpty(Debug.errors);
            CollectionAssert.IsEmpty(Debug.warnings);
        }

        [Test]
        public void AVoiceThatTheGamePausesGoesOnWhereItStood()
        {
            var sound = _stage.Figure.AddComponent<AvatarBridgeAudio>();
            _stage.Begin();
            _stage.Utter(1, 3.0);
            var voiced = Voiced(_stage.Run(1.0));
            var start = _stage.Bridge.Last("playing").Number("start");
            // AudioListener.pause: frames go on, buffers do not, and dspTime stands.
            var heard = sound.Body.Playhead;
            for (var frame = 0; frame < 60; frame++) StandIn.Frame(1f / 60f);
            Assert.Less(sound.Body.Playhead, heard + 0.3);
            Assert.Greater(sound.Body.Playhead, heard);
            _stage.Skip();
            voiced += Voiced(_stage.Run(0.2));
            Assert.AreEqual(start + 1.0, _stage.Bridge.Last("playing").Number("start"), 0.05);
            voiced += Voiced(_stage.Run(2.8));
            Assert.AreEqual(3 * 48000, voiced, 5000);
            Assert.AreEqual(0, sound.Underruns);
            CollectionAssert.IsEmpty(Debug.warnings);
        }

        [Test]
        public void APartThatComesOrGoesInTheMiddleClaimsTheVoiceOrGivesItUp()
        {
            _stage.Client.LaterCharacters.Add("");
            _stage.Begin();
            var sound = _stage.Figure.AddComponent<AvatarBridgeAudio>();
            _stage.Run(0.1);
            Assert.AreEqual(1, _stage.Bridge.Connects);
            Assert.IsTrue(_stage.Bridge.Last("sound").Boolean("claim", false));
            sound.enabled = false;
            _stage.Run(0.1);
            Assert.IsFalse(_stage.Bridge.Last("sound").Boolean("claim", true));
        }

        [Test]
        public void ARowOfWeightZeroIsPointedOut()
        {
            var mesh = _stage.Figure.AddComponent<SkinnedMeshRenderer>();
            mesh.sharedMesh = Mesh.With("aa", "Grin");
            var face = _stage.Figure.AddComponent<AvatarBridgeFace>();
            face.Custom.Add(new AvatarBridgeFace.CustomShape { channel = "happy", shape = "Grin" });
            var findings = new List<Finding>();
            face.Check(findings);
            Assert.IsTrue(findings.Exists(finding => finding.Message.Contains("weight 0")));
        }

        private static int Voiced(IList<float[]> buffers)
        {
            var count = 0;
            foreach (var buffer in buffers)
                for (var index = 0; index < buffer.Length; index += 2)
                    if (Math.Abs(buffer[index]) > 1e-4f) count++;
            return count;
        }
    }
}
