using NUnit.Framework;

namespace AvatarBridge.Tests
{
    [TestFixture]
    public class ClockTests
    {
        [Test]
        public void OffsetsAreThoseOfTheVectors()
        {
            JsonValue file = Vectors.Read("clock.json");
            foreach (JsonValue one in Vectors.Items(file["cases"]))
            {
                var clock = new ClockSync();
                int number = 0;
                foreach (JsonValue sample in Vectors.Items(one["samples"]))
                {
                    clock.Answer(sample.Number("sent"), sample.Number("received"), sample.Number("now"));
                    string where = one.Text("name") + ", sample " + number++;
                    Assert.AreEqual(!sample["offset"].IsNull, clock.Known, where);
                    if (sample.Has("settled"))
                    {
                        Assert.AreEqual(sample.Boolean("settled"), clock.Settled(sample.Number("received")), where);
                    }
                    if (clock.Known)
                    {
                        Assert.AreEqual(sample.Number("offset"), clock.Offset, file.Number("tolerance"), where);
                    }
                }
            }
        }

        [Test]
        public void HalfARoundTripAndTenMillisecondsIsTheMostThatCanBeTrue()
        {
            var clock = new ClockSync();
            clock.Answer(0, 0.002, 50.001);
            // 0.1 s there and back, and 0.08 s off: more than 0.05 + 0.01
            Assert.IsFalse(clock.Answer(1, 1.1, 51.05 + 0.08));
            Assert.IsTrue(clock.Answer(2, 2.1, 52.05 + 0.08));
            Assert.AreEqual(50.08, clock.Offset, 1e-9);
        }

        [Test]
        public void AnotherConnectionSettlesAnew()
        {
            var clock = new ClockSync();
            clock.Answer(1, 1.01, 50);
            Assert.IsFalse(clock.Settled(1.29));
            Assert.IsTrue(clock.Settled(1.31));
            clock.Reset();
            Assert.IsFalse(clock.Settled(9));
            clock.Answer(9, 9.01, 50);
            Assert.IsFalse(clock.Settled(9.02));
        }

        [Test]
        public void ASoundCardThatStandsStillIsNotRunOnBeyondPatience()
        {
            var card = new DspClock();
            card.Observe(5.0, 10.0);
            Assert.AreEqual(5.1, card.At(10.1), 1e-9);
            card.Observe(5.0, 10.15);
            card.Observe(5.0, 11.9);
            Assert.AreEqual(5.0 + card.Patience, card.At(12.0), 1e-9);
            card.Patience = 0.5;
            Assert.AreEqual(5.5, card.At(12.0), 1e-9);
        }

        [Test]
        public void FourQuickPingsThenOneASecond()
        {
            var clock = new ClockSync();
            int pings = 0;
            for (int tick = 0; tick <= 1000; tick++)
            {
                pings += clock.PingDue(100 + tick / 100.0) ? 1 : 0;
            }
            // at 0, 0.05, 0.10, 0.15, then every second
            Assert.AreEqual(4 + 9, pings);
        }

        [Test]
        public void AClockThatJumpsIsPingedAnewAtOnce()
        {
            var clock = new ClockSync();
            while (clock.PingDue(10))
            {
                clock.Answer(10, 10.002, 20.001);
            }
            Assert.IsFalse(clock.Answer(11, 11.002, 91.001));
            Assert.IsTrue(clock.Answer(12, 12.002, 92.001));
            Assert.AreEqual(80, clock.Offset, 1e-9);
            Assert.AreEqual(1, clock.Jumps);
        }
    }
}
