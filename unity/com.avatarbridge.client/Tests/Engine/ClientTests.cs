using System;
using System.Collections.Generic;
using System.IO;
using NUnit.Framework;
using UnityEngine;

namespace AvatarBridge
{
    [TestFixture]
    public class ClientTests
    {
        private Stage _stage;

        [SetUp]
        public void SetUp()
        {
            _stage = new Stage();
        }

        [Test]
        public void HelloTellsTokenCharactersAndAbilities()
        {
            _stage.Build(0, Quaternion.identity);
            var animator = _stage.AddAnimator(true);
            animator.AddParameter("Nod", AnimatorControllerParameterType.Trigger);
            animator.AddParameter("Sitting", AnimatorControllerParameterType.Bool);
            animator.AddState("Idle");
            animator.AddState("Sit");
            var motion = _stage.Figure.AddComponent<AvatarBridgeMotion>();
            motion.Character = "anna";
            motion.States.Add("Sit");
            motion.States.Add("Nowhere");
            motion.OwnActions.Add(new AvatarBridgeMotion.OwnAction { name = "dance" });
            _stage.Figure.AddComponent<AvatarBridgeAudio>().Character = "anna";
            var connected = 0;
            _stage.Client.connected.AddListener(() => connected++);
            _stage.Begin();
            var hello = _stage.Bridge.Last("hello");
            Assert.AreEqual("secret", hello.Text("token"));
            Assert.AreEqual("unity", hello["client"].Text("engine"));
            Assert.AreEqual("Stand-in Game", hello["client"].Text("name"));
            Assert.AreEqual(1, hello["characters"].Count);
            var anna = hello["characters"][0];
            Assert.AreEqual("anna", anna.Text("name"));
            Assert.IsTrue(anna.Boolean("sound", false));
            Assert.AreEqual("dance", anna.Texts("actions")[0]);
            CollectionAssert.AreEquivalent(new[] { "Nod", "Sitting" }, anna["natives"].Texts("trigger"));
            CollectionAssert.AreEqual(new[] { "Sit" }, anna["natives"].Texts("state"));
            Assert.AreEqual(1, connected);
            Assert.AreEqual(ConnectionState.Connected, _stage.Client.State);
            NothingSaid();
        }

        [Test]
        public void ARefusalIsToldInWordsOnceAndTriedAgainOnlyWhenAsked()
        {
            _stage.Bridge.Token = "another";
            var words = new List<string>();
            _stage.Client.refused.AddListener((message, suggestion) => words.Add(message));
            _stage.Client.gameObject.SetActive(true);
            _stage.Run(12);
            Assert.AreEqual(1, words.Count);
            StringAssert.Contains("expected the token", words[0]);
            Assert.AreEqual(1, _stage.Bridge.Connects);
            Assert.AreEqual(ConnectionState.Refused, _stage.Client.State);
            foreach (var list in new[] { Debug.messages, Debug.warnings, Debug.errors })
                foreach (var said in list) StringAssert.DoesNotContain("secret", said);
            _stage.Client.Token = "another";
            _stage.Client.Retry();
            _stage.Run(0.5);
            Assert.AreEqual(ConnectionState.Connected, _stage.Client.State);
        }

        [Test]
        public void ALostConnectionIsTakenUpAgain()
        {
            var lost = 0;
            _stage.Client.lost.AddListener(why => lost++);
            _stage.Figure.AddComponent<AvatarBridgeAudio>();
            _stage.Begin();
            _stage.Bridge.Break();
            _stage.Run(0.1);
            Assert.AreEqual(1, lost);
            Assert.AreEqual(ConnectionState.Lost, _stage.Client.State);
            _stage.Run(1.0);
            Assert.AreEqual(ConnectionState.Connected, _stage.Client.State);
            Assert.AreEqual(2, _stage.Bridge.Connects);
            Assert.AreEqual(1, lost);
        }

        [Test]
        public void ACharacterThatComesLaterIsGreetedWithANewHello()
        {
            _stage.Begin();
            Assert.AreEqual(1, _stage.Bridge.Connects);
            var late = new GameObject("Late");
            late.SetActive(false);
            late.AddComponent<AvatarBridgeAudio>().Character = "bob";
            late.SetActive(true);
            _stage.Run(1);
            Assert.AreEqual("bob", _stage.Bridge.Last("hello")["characters"][0].Text("name"));
            Assert.AreEqual(ConnectionState.Connected, _stage.Client.State);
        }

        [Test]
        public void ACharacterNamedBeforehandNeedsNoNewConnection()
        {
            _stage.Client.LaterCharacters.Add("bob");
            _stage.Begin();
            var late = new GameObject("Late");
            late.SetActive(false);
            late.AddComponent<AvatarBridgeSubtitles>().Character = "bob";
            late.SetActive(true);
            _stage.Run(1);
            Assert.AreEqual(1, _stage.Bridge.Connects);
        }

        [Test]
        public void AnUnknownCharacterIsToldWithTheNearestName()
        {
            _stage.Bridge.Unknown = "ana";
            _stage.Figure.AddComponent<AvatarBridgeSubtitles>().Character = "ana";
            _stage.Begin();
            Assert.AreEqual(1, Debug.warnings.Count);
            StringAssert.Contains("\"anna\"", Debug.warnings[0]);
        }

        [Test]
        public void APausedGameLeavesAndComesBack()
        {
            _stage.Begin();
            StandIn.Pause(true);
            Assert.IsFalse(_stage.Bridge.Open);
            _stage.Run(3);
            Assert.AreEqual(1, _stage.Bridge.Connects);
            StandIn.Pause(false);
            _stage.Run(0.5);
            Assert.AreEqual(ConnectionState.Connected, _stage.Client.State);
            Assert.AreEqual(2, _stage.Bridge.Connects);
        }

        [Test]
        public void ADomainReloadBeginsAnew()
        {
            _stage.Build(0, Quaternion.identity);
            _stage.AddAnimator(false);
            _stage.Figure.AddComponent<AvatarBridgeMotion>();
            _stage.Figure.AddComponent<AvatarBridgeAudio>();
            _stage.Figure.AddComponent<AvatarBridgeFace>();
            _stage.Figure.AddComponent<AvatarBridgeSubtitles>();
            _stage.Begin();
            var bridge = _stage.Bridge;
            StandIn.ReloadDomain();
            Assert.IsFalse(bridge.Open);
            // What is not serialised is gone: set again as a script would in its OnEnable.
            _stage.Client.gameObject.SetActive(false);
            _stage.Client.MakeTransport = address => bridge;
            _stage.Client.Clock = () => StandIn.now;
            _stage.Client.Token = "secret";
            _stage.Client.gameObject.SetActive(true);
            _stage.Run(1);
            Assert.AreEqual(ConnectionState.Connected, _stage.Client.State);
            _stage.Utter(1, 1.0);
            var loudest = 0f;
            foreach (var buffer in _stage.Run(1.0))
                foreach (var value in buffer) loudest = Math.Max(loudest, value);
            Assert.AreEqual(0.5f, loudest, 0.05f);
            CollectionAssert.IsEmpty(Debug.errors);
        }

        [Test]
        public void RequestsAndEventsGoOut()
        {
            var said = new List<string>();
            Assert.IsFalse(_stage.Client.Tell("too_early"));
            Assert.IsNull(_stage.Client.Say("", "Hi"));
            _stage.Figure.AddComponent<AvatarBridgeSubtitles>();
            _stage.Begin();
            _stage.Client.Happened += happened => said.Add(happened.Kind.ToString());
            var id = _stage.Client.Say("", "Hi! [wave]");
            Assert.IsTrue(_stage.Client.Tell("player_near", "", "{\"distance\":2}"));
            _stage.Client.Act("", "wave", 0.5);
            _stage.Client.Interrupt("");
            _stage.Run(0.1);
            Assert.AreEqual("Hi! [wave]", _stage.Bridge.Last("say").Text("text"));
            Assert.AreEqual(id, _stage.Bridge.Last("say").Text("id"));
            Assert.AreEqual(2, _stage.Bridge.Last("event")["data"].Number("distance"));
            Assert.AreEqual(0.5, _stage.Bridge.Last("act").Number("strength"));
            Assert.IsNotNull(_stage.Bridge.Last("interrupt"));
            _stage.Bridge.Say("{'type':'result','id':'" + id + "','ok':false,'message':'nothing to say','suggestion':'give it text'}");
            _stage.Run(0.1);
            CollectionAssert.Contains(said, "Result");
            Assert.Throws<ArgumentException>(() => _stage.Client.Tell("player_near", "", "[1]"));
        }

        [Test]
        public void TheTokenComesFromTheFieldElseTheVariableElseTheFile()
        {
            var name = "avatar_bridge_token_" + Guid.NewGuid().ToString("N");
            var file = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), name);
            string problem;
            Environment.SetEnvironmentVariable("AB_TEST_TOKEN", "of variable");
            try
            {
                File.WriteAllText(file, "of file\nmore\n");
                Assert.AreEqual("of field", AccessToken.Find(" of field ", "AB_TEST_TOKEN", file, out problem));
                Assert.AreEqual("of variable", AccessToken.Find("", "AB_TEST_TOKEN", file, out problem));
                Assert.AreEqual("of file", AccessToken.Find("", "AB_NO_SUCH", file, out problem));
                Assert.AreEqual("of file", AccessToken.Find("", "AB_NO_SUCH", "~/" + name, out problem));
                Assert.IsNull(AccessToken.Find("", "AB_NO_SUCH", file + "x", out problem));
                StringAssert.Contains("cannot be read", problem);
                Assert.IsNull(AccessToken.Find("", "AB_NO_SUCH", "", out problem));
                StringAssert.Contains("AB_NO_SUCH", problem);
            }
            finally
            {
                File.Delete(file);
                Environment.SetEnvironmentVariable("AB_TEST_TOKEN", null);
            }
        }

        [Test]
        public void DestroyingPartsAndClientInTheMiddleIsQuiet()
        {
            _stage.Build(0, Quaternion.identity);
            _stage.AddAnimator(false);
            _stage.Figure.AddComponent<AvatarBridgeMotion>();
            _stage.Figure.AddComponent<AvatarBridgeAudio>();
            _stage.Begin();
            _stage.Utter(1, 2);
            _stage.Run(0.5);
            UnityEngine.Object.Destroy(_stage.Figure);
            _stage.Run(0.2);
            UnityEngine.Object.Destroy(_stage.Client.gameObject);
            _stage.Run(0.2);
            Assert.IsFalse(_stage.Bridge.Open);
            Assert.IsNull(AvatarBridgeClient.Current);
            NothingSaid();
        }

        [Test]
        public void TheClientStaysAcrossScenes()
        {
            _stage.Begin();
            Assert.IsTrue(StandIn.Keeps(_stage.Client.gameObject));
        }

        [Test]
        public void ASceneLoadedAgainBringsNoSecondConnection()
        {
            _stage.Begin();
            var again = new GameObject("Bridge of the second scene");
            again.SetActive(false);
            var second = again.AddComponent<AvatarBridgeClient>();
            second.MakeTransport = address => { throw new InvalidOperationException("a second connection"); };
            again.SetActive(true);
            var part = _stage.Figure.AddComponent<AvatarBridgeSubtitles>();
            part.Client = second;
            _stage.Run(0.5);
            Assert.IsTrue(second == null);
            Assert.IsTrue(AvatarBridgeClient.Current == _stage.Client);
            Assert.IsNotNull(part.Body);
            Assert.AreEqual(ConnectionState.Connected, _stage.Client.State);
            NothingSaid();
        }

        [Test]
        public void TheSamplesGreeterTellsWhenThePlayerComesAndGoes()
        {
            var player = new GameObject("Player").transform;
            _stage.Figure.AddComponent<AvatarBridgeSubtitles>();
            _stage.Figure.AddComponent<Samples.Greeter>().Player = player;
            player.position = new Vector3(0, 0, 6);
            _stage.Begin();
            Assert.IsNull(_stage.Bridge.Last("event"));
            foreach (var step in new[] { 2.5f, 3.5f, 2.9f, 5f, 6f })
            {
                player.position = new Vector3(0, 0, step);
                _stage.Run(0.1);
            }
            var told = new List<string>();
            foreach (var text in _stage.Bridge.All("event")) told.Add(JsonValue.Parse(text).Text("name"));
            CollectionAssert.AreEqual(new[] { "player_near", "player_left" }, told);
            Assert.AreEqual(2.5, JsonValue.Parse(_stage.Bridge.All("event")[0])["data"].Number("distance"));
        }

        private static void NothingSaid()
        {
            CollectionAssert.IsEmpty(Debug.errors);
            CollectionAssert.IsEmpty(Debug.warnings);
        }
    }
}
