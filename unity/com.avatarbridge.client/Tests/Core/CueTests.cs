using System.Collections.Generic;
using NUnit.Framework;

namespace AvatarBridge.Tests
{
    [TestFixture]
    public class CueTests
    {
        private static string Play(CueScheduler scheduler, JsonValue tick, List<string> ended)
        {
            if (tick.Boolean("utterance"))
            {
                scheduler.Begin();
            }
            if (tick.Boolean("ended"))
            {
                scheduler.End();
            }
            if (tick.Boolean("cancel"))
            {
                scheduler.Cancel();
            }
            if (tick.Boolean("reset"))
            {
                scheduler.Reset();
            }
            JsonValue release = tick["release"];
            if (!release.IsNull)
            {
                int? cue = release["cue"].IsNull ? (int?)null : release.Integer("cue");
                scheduler.Release(release.Text("action"), cue, release.Optional("at"));
            }
            if (tick.Has("tell"))
            {
                var cues = new List<Cue>();
                foreach (JsonValue told in Vectors.Items(tick["tell"]))
                {
                    cues.Add(Cue.ReadPlaced(told, 7));
                }
                scheduler.Tell(cues);
            }
            var begun = new List<string>();
            Cue happened;
            while (scheduler.Next(tick.Number("heard"), out happened))
            {
                begun.Add(happened.Id.ToString());
            }
            while (scheduler.NextEnd(tick.Number("heard"), out happened))
            {
                ended.Add(happened.Action);
            }
            return string.Join(" ", begun.ToArray());
        }

        private static string Joined(JsonValue array)
        {
            var all = new List<string>();
            foreach (JsonValue one in Vectors.Items(array))
            {
                all.Add(one.Kind == JsonKind.String ? one.AsText() : one.AsInteger().ToString());
            }
            return string.Join(" ", all.ToArray());
        }

        [Test]
        public void CuesBeginAndEndAsInTheVectors()
        {
            JsonValue file = Vectors.Read("cues.json");
            Assert.IsTrue(file["cases"].Count > 5);
            foreach (JsonValue one in Vectors.Items(file["cases"]))
            {
                var scheduler = new CueScheduler();
                scheduler.Begin();
                foreach (JsonValue tick in Vectors.Items(one["ticks"]))
                {
                    var ended = new List<string>();
                    string where = one.Text("name") + " at " + tick.Number("heard");
                    Assert.AreEqual(Joined(tick["begin"]), Play(scheduler, tick, ended), where);
                    Assert.AreEqual(Joined(tick["ends"]), string.Join(" ", ended.ToArray()), where);
                }
            }
        }

        [Test]
        public void NothingBeginsBeforeTheSpeech()
        {
            var scheduler = new CueScheduler();
            scheduler.Begin();
            scheduler.Tell(new[] { Cue.ReadPlaced(JsonValue.Parse("{\"id\":0,\"name\":\"nod\",\"at\":0,\"start\":-0.5}"), 1) });
            Cue cue;
            Assert.IsFalse(scheduler.Next(double.NegativeInfinity, out cue));
            Assert.IsTrue(scheduler.Next(-0.4, out cue));
        }

        [Test]
        public void TheNextUtteranceUsesTheNumbersAnew()
        {
            var scheduler = new CueScheduler();
            JsonValue told = JsonValue.Parse("{\"id\":0,\"name\":\"sit\",\"kind\":\"prop\",\"at\":0,\"start\":0,\"native\":{\"state\":\"Sit\"}}");
            Cue cue;
            scheduler.Begin();
            scheduler.Tell(new[] { Cue.ReadPlaced(told, 1) });
            Assert.IsTrue(scheduler.Next(0.1, out cue));
            scheduler.Release("sit", 0, 5.0);
            scheduler.Begin();
            Assert.IsTrue(scheduler.NextEnd(double.NegativeInfinity, out cue));
            Assert.IsFalse(scheduler.NextEnd(double.NegativeInfinity, out cue));
            scheduler.Tell(new[] { Cue.ReadPlaced(told, 2) });
            Assert.IsTrue(scheduler.Next(0.1, out cue));
            Assert.AreEqual(2L, cue.Utterance);
            Assert.IsFalse(scheduler.NextEnd(0.1, out cue));
        }

        [Test]
        public void ACancelDoesNotLoseTheReleaseOfAnAct()
        {
            var scheduler = new CueScheduler();
            Cue cue;
            scheduler.Begin();
            scheduler.Await(Cue.ReadAct(JsonValue.Parse("{\"action\":\"sit\",\"kind\":\"prop\",\"at\":1,\"native\":{\"state\":\"Sit\"}}")));
            Assert.IsTrue(scheduler.NextAct(1, out cue));
            scheduler.Release("sit", null, 5.0);
            Assert.IsFalse(scheduler.NextEnd(0.5, out cue));
            scheduler.Cancel();
            Assert.IsTrue(scheduler.NextEnd(double.NegativeInfinity, out cue));
            Assert.AreEqual("sit", cue.Action);
            Assert.AreEqual(0, scheduler.Held.Count);
        }

        [Test]
        public void AnActWaitsForItsTime()
        {
            var scheduler = new CueScheduler();
            scheduler.Await(Cue.ReadAct(JsonValue.Parse("{\"action\":\"wave\",\"at\":10.5}")));
            Cue cue;
            Assert.IsFalse(scheduler.NextAct(10.4, out cue));
            Assert.IsTrue(scheduler.NextAct(10.5, out cue));
            Assert.IsNull(cue.Id);
            Assert.IsFalse(scheduler.NextAct(11, out cue));
        }
    }
}
