using System;
using System.Collections.Generic;
using NUnit.Framework;

namespace AvatarBridge.Tests
{
    [TestFixture]
    public class ConnectionTests
    {
        private const string Greeting = "{\"type\":\"welcome\",\"protocol\":1,\"version\":\"9\",\"now\":1000,\"channels\":"
            + "[\"head_yaw\",\"mouth_open\",\"aa\"],\"bones\":[\"hips_x\"],\"characters\":[{\"number\":4,\"name\":\"anna\"},"
            + "{\"number\":0,\"name\":\"main\"}],\"unknown\":[{\"name\":\"ana\",\"message\":\"no 'ana'\",\"nearest\":\"anna\"}]}";

        private static GameConnection Connected(double now = 10, int answers = 4)
        {
            var connection = new GameConnection(new GameOptions { Token = "secret" });
            connection.Add("anna").WantsSound = true;
            connection.Add("");
            connection.Opened(now);
            connection.ReceiveText(Greeting, now);
            for (int answer = 0; answer < answers; answer++)
            {
                connection.ReceiveText("{\"type\":\"pong\",\"sent\":" + (long)now + ",\"now\":1000}", now);
            }
            return connection;
        }

        private static List<BridgeEvent> Drain(GameConnection connection)
        {
            var all = new List<BridgeEvent>();
            BridgeEvent one;
            while (connection.NextEvent(out one))
            {
                all.Add(one);
            }
            return all;
        }

        private static List<JsonValue> Sent(GameConnection connection, string type)
        {
            var all = new List<JsonValue>();
            string text;
            while (connection.TrySend(out text))
            {
                JsonValue message = JsonValue.Parse(text);
                if (message.Text("type") == type)
                {
                    all.Add(message);
                }
            }
            return all;
        }

        private static void Take(GameConnection connection, double now, string text)
        {
            connection.ReceiveText(text.Replace('\'', '"'), now);
        }

        private static bool Has(List<BridgeEvent> events, BridgeEventKind kind)
        {
            return events.Exists(one => one.Kind == kind);
        }

        [Test]
        public void TheWelcomeNumbersCharactersByNameAndTheMainOneByNone()
        {
            GameConnection connection = Connected();
            Assert.AreEqual(ConnectionState.Connected, connection.State);
            Assert.AreEqual(4, connection.Find("anna").Number);
            Assert.AreEqual(0, connection.Find("").Number);
            Assert.AreEqual(1010, connection.BridgeTime(20), 1e-9);
            List<BridgeEvent> events = Drain(connection);
            Assert.AreEqual(BridgeEventKind.Connected, events[0].Kind);
            Assert.AreEqual("anna", events[1].Suggestion);
        }

        [TestCase("token", 4401, true)]
        [TestCase("version", 4426, true)]
        [TestCase("hello", 4400, false)]
        [TestCase("full", 4503, false)]
        public void ARefusalIsSurfacedOnceInWords(string code, int closing, bool forGood)
        {
            var connection = new GameConnection(new GameOptions { Token = "secret" });
            connection.Opened(1);
            connection.ReceiveText("{\"type\":\"refused\",\"code\":\"" + code + "\",\"message\":\"expected this, got that\"}", 1);
            List<BridgeEvent> events = Drain(connection);
            connection.Lost(1, closing, "expected this");
            events.AddRange(Drain(connection));
            Assert.AreEqual(ConnectionState.Refused, connection.State);
            Assert.AreEqual("expected this, got that", connection.Message);
            Assert.AreEqual(forGood, connection.RefusedForGood);
            Assert.IsTrue(connection.Suggestion.Length > 10);
            Assert.AreEqual(1, events.Count);
            Assert.AreEqual("expected this, got that", events[0].Text);
            Assert.AreEqual(BridgeEventKind.Refused, events[0].Kind);
            StringAssert.DoesNotContain("secret", events[0].Text + events[0].Suggestion);
        }

        [Test]
        public void CuesBeginByTheClockAndAreTold()
        {
            GameConnection connection = Connected();
            Take(connection, 10, "{'type':'utterance','character':4,'utterance':7}");
            Take(connection, 10, "{'type':'cues','character':4,'utterance':7,'cues':[{'id':0,'name':'nod','kind':'gesture',"
                + "'at':0.5,'start':0.3,'duration':0.6,'native':{'trigger':'Nod'}}]}");
            Take(connection, 10, "{'type':'segment','character':4,'utterance':7,'index':0,'text':'Hi you','at':0,'duration':1,"
                + "'words':[{'text':'Hi','at':0.1,'duration':0.2,'char':0},{'text':'you','at':0.5,'duration':0.2,'char':3}],"
                + "'mouth':{'at':0,'rate':1,'open':'AP8=','shapes':'AAAAAAD/AAAAAA=='}}");
            Take(connection, 10, "{'type':'clock','character':4,'utterance':7,'now':1000,'heard':0,'running':true}");
            Drain(connection);
            Sent(connection, "");
            connection.Advance(10.25, 0.016);
            Assert.AreEqual(0.25, connection.Find("anna").Playhead, 1e-6);
            Assert.IsFalse(Has(Drain(connection), BridgeEventKind.CueBegan));
            connection.Advance(10.31, 0.016);
            BridgeEvent begun = Drain(connection).Find(one => one.Kind == BridgeEventKind.CueBegan);
            Assert.AreEqual("Nod", begun.Cue.Native.Name);
            Assert.AreEqual("trigger", begun.Cue.Native.Key);
            JsonValue acted = Sent(connection, "acted")[0];
            Assert.AreEqual(7, acted.Integer("utterance"));
            Assert.AreEqual(0, acted.Integer("cue"));
            Assert.AreEqual(1000.31, acted.Number("at"), 1e-6);
            connection.Find("anna").Sample(10.5);
            Assert.AreEqual(0.5f, connection.Find("anna").Channels[1], 1e-4f);
            Assert.AreEqual("you", connection.Find("anna").CurrentWord.Text);
        }

        [Test]
        public void AnInterruptShutsTheMouthAndEndsHolds()
        {
            GameConnection connection = Connected();
            GameCharacter anna = connection.Find("anna");
            Take(connection, 10, "{'type':'utterance','character':4,'utterance':7}");
            Take(connection, 10, "{'type':'cues','character':4,'utterance':7,'cues':[{'id':0,'name':'hat','kind':'prop',"
                + "'at':0,'start':0,'native':{'state':'Hat'}}]}");
            Take(connection, 10, "{'type':'segment','character':4,'utterance':7,'index':0,'text':'Hi','at':0,'duration':1,"
                + "'words':[],'mouth':{'at':0,'rate':1,'open':'//8=','shapes':'AAAAAAAAAAAAAA=='}}");
            Take(connection, 10, "{'type':'captions','character':4,'utterance':7,'from':0,'captions':[{'at':0,'end':9,"
                + "'lines':[[{'text':'Hi ','at':0,'end':1}],[{'text':'you','at':1,'end':2}]]}]}");
            Take(connection, 10, "{'type':'clock','character':4,'utterance':7,'now':1000,'heard':0.1,'running':true}");
            connection.Advance(10.1, 0.016);
            anna.Sample(10.1);
            Assert.AreEqual(1f, anna.Channels[1], 1e-6f);
            Assert.AreEqual("Hi\nyou", anna.Caption.PlainText);
            Drain(connection);
            Take(connection, 10.2, "{'type':'cancel','character':4,'utterance':7,'heard':0.3}");
            List<BridgeEvent> events = Drain(connection);
            Assert.IsTrue(Has(events, BridgeEventKind.Cancelled) && Has(events, BridgeEventKind.CueReleased));
            anna.Sample(10.15);
            Assert.AreEqual(0f, anna.Channels[1], 1e-6f);
            Assert.IsNull(anna.Caption);
            Assert.IsTrue(double.IsNaN(anna.Playhead));
            Take(connection, 10.2, "{'type':'ended','character':4,'utterance':7,'heard':0.3,'complete':false,'shown':'Hi'}");
            BridgeEvent ended = Drain(connection).Find(one => one.Kind == BridgeEventKind.UtteranceEnded);
            Assert.IsFalse(ended.Flag);
            Assert.AreEqual("Hi", ended.Text);
        }

        [Test]
        public void NothingIsMeasuredByAClockThatIsNotSettled()
        {
            GameConnection connection = Connected(10, 1);
            GameCharacter anna = connection.Find("anna");
            Take(connection, 10, "{'type':'turn','character':4,'has':true,'holder':'','message':''}");
            Take(connection, 10, "{'type':'utterance','character':4,'utterance':7}");
            var data = new byte[16 + 9600];
            data[0] = 2;
            data[2] = 4;
            data[4] = 7;
            BitConverter.GetBytes(48000u).CopyTo(data, 12);
            connection.ReceiveBinary(data, data.Length, 10);
            var frame = new byte[8 + 12 + 12];
            frame[0] = 1;
            frame[2] = 1;
            frame[8] = 4;
            BitConverter.GetBytes(1000.0).CopyTo(frame, 12);
            connection.ReceiveBinary(frame, frame.Length, 10.2);
            anna.Sound.Observe(500, 10);
            anna.Sound.Render(new float[480], 480, 500);
            connection.Advance(10.29, 0.01);
            Assert.AreEqual(0, Sent(connection, "playing").Count);
            connection.Advance(10.31, 0.01);
            Assert.AreEqual(1, Sent(connection, "playing").Count);
            connection.Advance(12.1, 0.01);
            Assert.IsTrue(Sent(connection, "report")[0]["margin_ms"].IsNull);
        }

        [Test]
        public void TheOwnerOfTheSoundReportsItsPlayhead()
        {
            GameConnection connection = Connected();
            GameCharacter anna = connection.Find("anna");
            anna.Sound.Configure(48000, 480, 0.01);
            Take(connection, 10, "{'type':'turn','character':4,'has':true,'holder':'','message':''}");
            Take(connection, 10, "{'type':'utterance','character':4,'utterance':7}");
            var data = new byte[16 + 9600];
            data[0] = 2;
            data[2] = 4;
            data[4] = 7;
            BitConverter.GetBytes(48000u).CopyTo(data, 12);
            connection.ReceiveBinary(data, data.Length, 10);
            Sent(connection, "");
            var mono = new float[480];
            anna.Sound.Observe(500, 10);
            anna.Sound.Render(mono, 480, 500);
            connection.Advance(10, 0.01);
            JsonValue playing = Sent(connection, "playing")[0];
            Assert.AreEqual(1000.01, playing.Number("start"), 1e-6);
            Assert.AreEqual(10, playing.Number("latency_ms"), 1e-9);
            Assert.IsTrue(anna.Sound.Playing);
            Assert.AreEqual(-0.01, anna.Playhead, 1e-6);
            Take(connection, 10, "{'type':'cancel','character':4,'utterance':7,'heard':0.1}");
            Assert.IsFalse(anna.Sound.Active);
            data[4] = 8;
            connection.ReceiveBinary(data, data.Length, 10);
            Assert.IsTrue(anna.Sound.Active);
            Take(connection, 10, "{'type':'turn','character':4,'has':false,'holder':'Other','message':'Other has it'}");
            Assert.IsFalse(anna.Sound.Active);
            Assert.AreEqual("Other has it", anna.SoundMessage);
        }

        [Test]
        public void AVoiceThatNobodyPlaysIsReported()
        {
            GameConnection connection = Connected();
            Take(connection, 10, "{'type':'turn','character':4,'has':true}");
            var data = new byte[16 + 19200];
            data[0] = 2;
            data[2] = 4;
            BitConverter.GetBytes(48000u).CopyTo(data, 12);
            connection.ReceiveBinary(data, data.Length, 10);
            for (int tick = 1; tick <= 250; tick++)
            {
                connection.Advance(10 + tick * 0.02, 0.02);
            }
            List<JsonValue> reports = Sent(connection, "report");
            Assert.AreEqual(0, reports[0]["problems"].Count);
            StringAssert.Contains("nothing plays it", reports[1]["problems"][0].Text("message"));
        }

        [Test]
        public void FramesOnTheirWayDoNotOpenACutMouth()
        {
            GameConnection connection = Connected();
            GameCharacter anna = connection.Find("anna");
            var frame = new byte[8 + 12 + 12];
            frame[0] = 1;
            frame[2] = 1;
            frame[8] = 4;
            BitConverter.GetBytes(1000.0).CopyTo(frame, 12);
            BitConverter.GetBytes(1f).CopyTo(frame, 24);
            connection.ReceiveBinary(frame, frame.Length, 10);
            Take(connection, 10, "{'type':'utterance','character':4,'utterance':7}");
            anna.Sample(10);
            Assert.AreEqual(1f, anna.Channels[1]);
            Take(connection, 10.01, "{'type':'cancel','character':4,'utterance':7,'heard':0}");
            anna.Sample(10.03);
            Assert.AreEqual(0.4f, anna.Channels[1], 1e-3f);
            anna.Sample(10.1);
            Assert.AreEqual(0f, anna.Channels[1]);
        }

        [Test]
        public void TheWelcomeGivesAFirstGuessOfTheTime()
        {
            var connection = new GameConnection(new GameOptions());
            connection.Opened(10);
            connection.ReceiveText(Greeting, 10);
            Assert.AreEqual(1000, connection.BridgeTime(10), 1e-9);
            Assert.IsFalse(connection.Clock.Known);
        }

        [Test]
        public void ReportsTellTheLeastMarginAndProblems()
        {
            GameConnection connection = Connected();
            var frame = new byte[8 + 12 + 12];
            frame[0] = 1;
            frame[2] = 1;
            frame[8] = 4;
            foreach (double at in new[] { 1000.04, 1000.05 })
            {
                BitConverter.GetBytes(at).CopyTo(frame, 12);
                connection.ReceiveBinary(frame, frame.Length, 10.03);
            }
            connection.ReceiveBinary(frame, frame.Length - 1, 10);
            connection.Problem("no blendshape 'aa'", "name one");
            Sent(connection, "");
            for (int tick = 1; tick <= 125; tick++)
            {
                connection.Advance(10 + tick * 0.02, 0.02);
            }
            JsonValue report = Sent(connection, "report")[0];
            Assert.AreEqual(10, report.Number("margin_ms"), 1e-6);
            Assert.AreEqual(0, report.Integer("late_frames"));
            Assert.AreEqual(50, report.Number("fps"), 1);
            Assert.AreEqual(2, report["problems"].Count);
        }

        [Test]
        public void WhatCannotBeAskedIsAnsweredInWords()
        {
            GameConnection connection = Connected();
            Drain(connection);
            GameCharacter stranger = connection.Add("stranger");
            string id = connection.Say(stranger, "Hi!");
            BridgeEvent result = Drain(connection)[0];
            Assert.AreEqual(id, result.Id);
            Assert.IsFalse(result.Flag);
            StringAssert.Contains("stranger", result.Text);
            Assert.Throws<ArgumentException>(() => connection.Tell("", null, null));
            Assert.Throws<ArgumentException>(() => connection.Tell("x", null, "[1]"));
            Assert.Throws<ArgumentException>(() => connection.Tell("x", null, "{\"a\":"));
            Assert.Throws<ArgumentException>(() => connection.Tell("x", null, "{\"a\":\"" + new string('b', 5000) + "\"}"));
        }

        [Test]
        public void ALostBridgeEndsEverythingAndTheBodyRests()
        {
            GameConnection connection = Connected();
            GameCharacter anna = connection.Find("anna");
            var frame = new byte[8 + 12 + 12];
            frame[0] = 1;
            frame[2] = 1;
            frame[8] = 4;
            BitConverter.GetBytes(1000.0).CopyTo(frame, 12);
            BitConverter.GetBytes(30f).CopyTo(frame, 20);
            connection.ReceiveBinary(frame, frame.Length, 10);
            Take(connection, 10, "{'type':'utterance','character':4,'utterance':7}");
            Take(connection, 10, "{'type':'act','character':4,'action':'hat','kind':'prop','at':1000,'native':{'state':'Hat'}}");
            Drain(connection);
            connection.Lost(10.1, 1006, "");
            List<BridgeEvent> events = Drain(connection);
            Assert.IsTrue(Has(events, BridgeEventKind.CueReleased) && Has(events, BridgeEventKind.Lost));
            Assert.IsFalse(anna.Known);
            anna.Sample(10.2);
            Assert.AreEqual(30f, anna.Channels[0], 1e-4f);
            anna.Sample(20);
            Assert.AreEqual(0f, anna.Channels[0], 1e-4f);
        }

        [Test]
        public void SilenceFromTheBridgeIsNoticed()
        {
            GameConnection connection = Connected();
            connection.Advance(19, 1);
            Assert.IsFalse(connection.WantsClose);
            connection.Advance(20.5, 1);
            Assert.IsTrue(connection.WantsClose);
        }

        private sealed class Stub : ITransport
        {
            public readonly Queue<TransportEvent> Events = new Queue<TransportEvent>();
            public int Connects;

            public void Connect()
            {
                Connects++;
            }

            public bool Poll(out TransportEvent happened)
            {
                happened = Events.Count > 0 ? Events.Dequeue() : new TransportEvent();
                return happened.Kind != TransportEventKind.Opened || happened.At > 0;
            }

            public bool Send(string text)
            {
                return true;
            }

            public void Close()
            {
            }
        }

        [Test]
        public void ItConnectsAgainLaterAndLaterButNotAfterAWrongToken()
        {
            var stub = new Stub();
            var connection = new GameConnection(new GameOptions());
            var session = new GameSession(connection, stub);
            session.Open();
            var attempts = new List<double>();
            for (int tick = 0; tick < 2000; tick++)
            {
                int before = stub.Connects;
                session.Advance(tick * 0.01, 0.01);
                if (stub.Connects > before)
                {
                    attempts.Add(tick * 0.01);
                    stub.Events.Enqueue(new TransportEvent { Kind = TransportEventKind.Closed, Code = 1006, Reason = "nobody there" });
                }
            }
            Assert.AreEqual(0.5, attempts[1] - attempts[0], 0.03);
            Assert.AreEqual(1.0, attempts[2] - attempts[1], 0.03);
            Assert.AreEqual(5.0, attempts[5] - attempts[4], 0.03);
            stub.Events.Enqueue(new TransportEvent { Kind = TransportEventKind.Closed, Code = 4401, Reason = "wrong token" });
            for (int tick = 2000; tick < 4000; tick++)
            {
                session.Advance(tick * 0.01, 0.01);
            }
            int refused = stub.Connects;
            Assert.IsFalse(session.WillReconnect);
            session.Retry();
            session.Advance(41, 0.01);
            Assert.AreEqual(refused + 1, stub.Connects);
        }
    }
}
