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
