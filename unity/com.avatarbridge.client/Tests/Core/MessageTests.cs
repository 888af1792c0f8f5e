using System.Collections.Generic;
using NUnit.Framework;

namespace AvatarBridge.Tests
{
    [TestFixture]
    public class MessageTests
    {
        private readonly GameMessages messages = new GameMessages();

        private static GameConnection Game(JsonValue hello)
        {
            var options = new GameOptions
            {
                Token = hello.Text("token"),
                GameName = hello["client"].Text("name"),
                Engine = hello["client"].Text("engine"),
                GameVersion = hello["client"].Text("version"),
                Sound = Has(hello, "sound"),
                Motion = Has(hello, "motion"),
                Speech = Has(hello, "speech"),
                Captions = Has(hello, "captions")
            };
            var connection = new GameConnection(options);
            foreach (JsonValue told in Vectors.Items(hello["characters"]))
            {
                GameCharacter character = connection.Add(told.Text("name"));
                character.WantsSound = told.Boolean("sound");
                Fill(character.Actions, told["actions"]);
                Fill(character.Natives, told["natives"]);
            }
            return connection;
        }

        private static bool Has(JsonValue hello, string capability)
        {
            return new List<string>(hello.Texts("capabilities")).Contains(capability);
        }

        private static void Fill(IList<string> into, JsonValue names)
        {
            foreach (JsonValue name in Vectors.Items(names))
            {
                into.Add(name.AsText());
            }
        }

        private static void Fill(NativeNames natives, JsonValue told)
        {
            Fill(natives.Triggers, told["trigger"]);
            Fill(natives.States, told["state"]);
            Fill(natives.Clips, told["clip"]);
            Fill(natives.Expressions, told["expression"]);
        }

        private string Written(JsonValue m)
        {
            int character = m.Integer("character");
            switch (m.Text("type"))
            {
                case "hello":
                    GameConnection game = Game(m);
                    return messages.Hello(game.Options, game.Characters);
                case "ping":
                    return messages.Ping(m.Number("sent"));
                case "sound":
                    return messages.Sound(character, m.Boolean("claim"));
                case "abilities":
                    var natives = new NativeNames();
                    Fill(natives, m["natives"]);
                    return messages.Abilities(character, m.Texts("actions"), natives);
                case "playing":
                    return messages.Playing(character, new PlayingReport
                    {
                        Utterance = m.Long("utterance"),
                        Start = m.Number("start"),
                        LateMs = m.Number("late_ms"),
                        LatencyMs = m.Number("latency_ms"),
                        Underruns = m.Integer("underruns")
                    });
                case "acted":
                    return messages.Acted(character, Optional(m, "utterance"), (int?)Optional(m, "cue"), m.Text("action"), m.Number("at"));
                case "report":
                    var problems = new List<Problem>();
                    foreach (JsonValue one in Vectors.Items(m["problems"]))
                    {
                        problems.Add(new Problem { Message = one.Text("message"), Suggestion = one.Text("suggestion") });
                    }
                    return messages.Report(m.Optional("margin_ms"), m.Long("late_frames"), m.Number("fps"), problems);
                case "event":
                    return messages.Event(m.Text("name"), (int?)Optional(m, "character"), Data(m));
                case "say":
                    return messages.Say(character, m.Text("text"), m.Text("id"));
                case "interrupt":
                    return messages.Interrupt(character);
                default:
                    return messages.Act(character, m.Text("action"), m.Number("strength"), m.Optional("duration"), m.Text("id"));
            }
        }

        private static long? Optional(JsonValue message, string key)
        {
            return message[key].IsNull ? (long?)null : message.Long(key);
        }

        private static string Data(JsonValue message)
        {
            return message["data"].Count == 0 ? null : "{\"distance\":1.5,\"who\":[\"\u00e9\",null]}";
        }

        [Test]
        public void WritesWhatTheProtocolSays()
        {
            JsonValue file = Vectors.Read("messages.json");
            Assert.IsTrue(file["writes"].Count > 10);
            foreach (JsonValue one in Vectors.Items(file["writes"]))
            {
                JsonValue written = JsonValue.Parse(Written(one["message"]));
                // a list that is empty may stand or be left out
                JsonValue expected = one["message"];
                string name = one.Text("name");
                foreach (string key in expected.Keys)
                {
                    if (key == "natives")
                    {
                        foreach (string kind in expected[key].Keys)
                        {
                            Vectors.AreEqual(expected[key][kind], written[key][kind], name + ": natives." + kind);
                        }
                        continue;
                    }
                    Vectors.AreEqual(expected[key], written[key], name + ": " + key, 1e-9);
                }
                Assert.AreEqual(expected.Count, written.Count, name);
            }
        }
    }
}
