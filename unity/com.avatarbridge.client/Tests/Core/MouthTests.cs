using NUnit.Framework;

namespace AvatarBridge.Tests
{
    [TestFixture]
    public class MouthTests
    {
        [Test]
        public void MouthsAreThoseOfTheVectors()
        {
            JsonValue file = Vectors.Read("mouth.json");
            double tolerance = file.Number("tolerance");
            var into = new float[MouthSampler.Size];
            foreach (JsonValue one in Vectors.Items(file["cases"]))
            {
                var mouth = new MouthSampler();
                foreach (JsonValue told in Vectors.Items(one["mouths"]))
                {
                    mouth.Add(told);
                }
                foreach (JsonValue sample in Vectors.Items(one["samples"]))
                {
                    mouth.Sample(sample.Number("time"), into);
                    string where = one.Text("name") + " at " + sample.Number("time");
                    Assert.AreEqual(sample.Number("open"), into[0], tolerance, where);
                    for (int shape = 0; shape < 5; shape++)
                    {
                        Assert.AreEqual(sample["shapes"][shape].AsNumber(), into[1 + shape], tolerance, where);
                    }
                }
            }
        }

        [Test]
        public void ASegmentAtBetterTimesReplacesItsWordsAndItsMouth()
        {
            var speech = new UtteranceTimeline();
            speech.Begin(7);
            const string Said = "\"utterance\":7,\"index\":0,\"text\":\"Hi you\",\"at\":1,\"duration\":1,\"silence\":0,\"words\":["
                + "{\"text\":\"Hi\",\"at\":1.0,\"duration\":0.2,\"char\":0},"
                + "{\"text\":\"you\",\"at\":%,\"duration\":0.2,\"char\":3}],"
                + "\"mouth\":{\"at\":1,\"rate\":100,\"open\":\"@\",\"shapes\":\"AAAAAAAAAAAAAA==\"}}";
            JsonValue first = JsonValue.Parse("{\"type\":\"segment\"," + Said.Replace("%", "1.4").Replace("@", "//8="));
            JsonValue better = JsonValue.Parse("{\"type\":\"corrected\"," + Said.Replace("%", "1.6").Replace("@", "MzM="));
            Assert.IsFalse(speech.Correct(better));
            Assert.IsNotNull(speech.Place(first));
            Assert.IsTrue(speech.Correct(better));
            Assert.AreEqual(1, speech.Segments.Count);
            Assert.AreEqual(2, speech.Words.Count);
            Assert.AreEqual(1.6, speech.Words[1].At, 1e-9);
            var into = new float[MouthSampler.Size];
            speech.Mouth.Sample(1.005, into);
            Assert.AreEqual(0.2, into[0], 1e-4);
            speech.Begin(8);
            Assert.IsFalse(speech.Correct(better));
        }

        [Test]
        public void WhatCannotBeReadLeavesTheMouthShut()
        {
            var mouth = new MouthSampler();
            mouth.Add(JsonValue.Parse("{\"at\":0,\"rate\":100,\"open\":\"%%\",\"shapes\":\"\"}"));
            mouth.Add(JsonValue.Parse("{\"at\":0,\"rate\":-1,\"open\":\"AA==\",\"shapes\":\"AAAAAAA=\"}"));
            mouth.Add(JsonValue.Parse("{}"));
            Assert.IsTrue(mouth.IsEmpty);
            var into = new float[MouthSampler.Size];
            into[0] = 1;
            mouth.Sample(double.NaN, into);
            Assert.AreEqual(0f, into[0]);
        }
    }
}
