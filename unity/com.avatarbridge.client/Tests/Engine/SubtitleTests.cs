using System.Collections.Generic;
using NUnit.Framework;
using UnityEngine;
using Text = UnityEngine.UI.Text;

namespace AvatarBridge
{
    [TestFixture]
    public class SubtitleTests
    {
        private const string Captions = "{'type':'captions','character':0,'utterance':1,'from':0,'captions':[{'at':0,'end':1.0,'lines':[[{'text':'Hi ','at':0,'end':0.4},{'text':'<b>you','at':0.4,'end':0.9}]]},{'at':1.0,'end':2.0,'lines':[[{'text':'Bye','at':1.0,'end':2.0}]]}]}";
        private Stage _stage;
        private AvatarBridgeSubtitles _subtitles;
        private List<string> _shown;

        [SetUp]
        public void SetUp()
        {
            _stage = new Stage();
            _stage.Figure.AddComponent<AvatarBridgeAudio>();
            _subtitles = _stage.Figure.AddComponent<AvatarBridgeSubtitles>();
            _shown = new List<string>();
            _subtitles.shown.AddListener(text => _shown.Add(text));
        }

        private void Speak(double seconds)
        {
            _stage.Begin();
            _stage.Utter(1, 3);
            _stage.Bridge.Say(Captions);
            _stage.Run(seconds);
        }

        [Test]
        public void SubtitlesFollowTheVoice()
        {
            var text = new GameObject("Text").AddComponent<Text>();
            _subtitles.Text = text;
            Speak(0.4);
            Assert.AreEqual("Hi <\u200Bb>you", text.text);
            _stage.Run(1);
            Assert.AreEqual("Bye", text.text);
            _stage.Run(2);
            Assert.AreEqual("", text.text);
            CollectionAssert.AreEqual(new[] { "", "Hi <\u200Bb>you", "Bye", "" }, _shown);
        }

        [Test]
        public void WordsAreHighlightedAsTheyAreHeard()
        {
            _subtitles.Highlighted = AvatarBridgeSubtitles.Highlight.Word;
            Speak(0.9);
            CollectionAssert.AreEqual(new[] { "", "<b>Hi </b><\u200Bb>you", "Hi <b><\u200Bb>you</b>" }, _shown);
        }

        [Test]
        public void AnInterruptTakesThemAway()
        {
            Speak(0.5);
            Assert.AreNotEqual("", _subtitles.Shown);
            _stage.Bridge.Say("{'type':'cancel','character':0,'utterance':1,'heard':0.4}");
            _stage.Run(0.05);
            Assert.AreEqual("", _subtitles.Shown);
        }

        [Test]
        public void SoDoesALostBridge()
        {
            Speak(0.5);
            _stage.Bridge.Break();
            _stage.Run(0.05);
            Assert.AreEqual("", _subtitles.Shown);
        }
    }

    [TestFixture]
    public class InspectorTests
    {
        [Test]
        public void EveryInspectorDrawsAndSaysWhatToDo()
        {
            var stage = new Stage();
            StandIn.playing = false;
            stage.Client.Token = "";
            stage.Client.TokenVariable = "AB_NO_SUCH";
            stage.Client.Address = "127.0.0.1:8787";
            var shown = string.Join("\n", UnityEditor.Editor.Inspect(typeof(ClientInspector), stage.Client).ToArray());
            StringAssert.Contains("Expected one like ws://127.0.0.1:8787/v1/game", shown);
            StringAssert.Contains("AB_NO_SUCH", shown);
            var motion = stage.Figure.AddComponent<AvatarBridgeMotion>();
            StringAssert.Contains("Set the model's Rig to Humanoid", string.Join("\n", UnityEditor.Editor.Inspect(typeof(MotionInspector), motion).ToArray()));
            var subtitles = stage.Figure.AddComponent<AvatarBridgeSubtitles>();
            StringAssert.Contains("shown nowhere", string.Join("\n", UnityEditor.Editor.Inspect(typeof(PartInspector), subtitles).ToArray()));
            var audio = stage.Figure.AddComponent<AvatarBridgeAudio>();
            StringAssert.Contains("Spatial Blend", string.Join("\n", UnityEditor.Editor.Inspect(typeof(AudioInspector), audio).ToArray()));
            StandIn.playing = true;
            stage.Client.Address = AvatarBridgeClient.DefaultAddress;
            stage.Client.Token = "secret";
            stage.Begin();
            StringAssert.Contains("Round trip", string.Join("\n", UnityEditor.Editor.Inspect(typeof(ClientInspector), stage.Client).ToArray()));
            StringAssert.Contains("played here", string.Join("\n", UnityEditor.Editor.Inspect(typeof(AudioInspector), audio).ToArray()));
            UnityEditor.Editor.Inspect(typeof(MotionInspector), motion);
        }
    }
}
