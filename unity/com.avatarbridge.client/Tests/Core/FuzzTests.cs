using System;
using System.Collections.Generic;
using System.Text;
using NUnit.Framework;

namespace AvatarBridge.Tests
{
    [TestFixture]
    public class FuzzTests
    {
        private static List<string> Texts()
        {
            var texts = new List<string>();
            foreach (JsonValue one in Vectors.Items(Vectors.Read("messages.json")["reads"]))
            {
                texts.Add(one.Text("text"));
            }
            return texts;
        }

        private static string Spoilt(string text, Random random)
        {
            var spoilt = new StringBuilder(text);
            for (int count = random.Next(1, 4); count > 0 && spoilt.Length > 0; count--)
            {
                int place = random.Next(spoilt.Length);
                switch (random.Next(5))
                {
                    case 0:
                        spoilt[place] = (char)random.Next(32, 127);
                        break;
                    case 1:
                        spoilt.Remove(place, Math.Min(random.Next(1, 20), spoilt.Length - place));
                        break;
                    case 2:
                        spoilt.Insert(place, "[{\"\\,:-1e9null"[random.Next(14)]);
                        break;
                    case 3:
                        // other numbers: characters and utterances that are not, times that cannot be
                        spoilt.Replace(random.Next(10).ToString(), random.Next(2) == 0 ? "-7" : "1e300");
                        break;
                    default:
                        spoilt.Replace("null", "\"x\"").Replace("[]", "{}");
                        break;
                }
            }
            return spoilt.ToString();
        }

        [Test]
        public void NothingThatComesThrows()
        {
            List<string> texts = Texts();
            string welcome = texts.Find(one => one.Contains("\"welcome\""));
            JsonValue frames = Vectors.Read("motion.json")["cases"];
            JsonValue sounds = Vectors.Read("sound.json")["cases"];
            var random = new Random(11);
            var mono = new float[64];
            for (int round = 0; round < 60; round++)
            {
                var connection = new GameConnection(new GameOptions());
                GameCharacter anna = connection.Add("anna");
                connection.Opened(1);
                connection.ReceiveText(welcome, 1);
                connection.ReceiveText("{\"type\":\"turn\",\"character\":0,\"has\":true}", 1);
                for (int step = 0; step < 60; step++)
                {
                    double now = 1 + step * 0.02;
                    string text = texts[random.Next(texts.Count)];
                    connection.ReceiveText(random.Next(3) == 0 ? text : Spoilt(text, random), now);
                    JsonValue from = random.Next(2) == 0 ? frames : sounds;
                    byte[] data = Convert.FromBase64String(from[random.Next(from.Count)].Text("binary"));
                    if (random.Next(3) > 0)
                    {
                        data[random.Next(data.Length)] = (byte)random.Next(256);
                    }
                    connection.ReceiveBinary(data, random.Next(data.Length + 1), now);
                    connection.ReceiveBinary(data, data.Length, now);
                    anna.Sound.Observe(now, now);
                    anna.Sound.Render(mono, mono.Length, now);
                    connection.Advance(now, 0.02);
                    anna.Sample(now);
                    Drain(connection);
                }
            }
        }

        private static void Drain(GameConnection connection)
        {
            BridgeEvent happened;
            while (connection.NextEvent(out happened))
            {
            }
            string text;
            while (connection.TrySend(out text))
            {
                Assert.AreEqual(JsonKind.Object, JsonValue.Parse(text).Kind);
            }
        }
    }
}
