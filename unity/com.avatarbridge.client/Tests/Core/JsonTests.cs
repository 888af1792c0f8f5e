using System.Globalization;
using System.Threading;
using NUnit.Framework;

namespace AvatarBridge.Tests
{
    [TestFixture]
    public class JsonTests
    {
        [Test]
        public void ReadsWhatTheBridgeSends()
        {
            JsonValue file = Vectors.Read("messages.json");
            double tolerance = file.Number("tolerance");
            Assert.IsTrue(file["reads"].Count > 20);
            foreach (JsonValue one in Vectors.Items(file["reads"]))
            {
                string name = one.Text("name");
                JsonValue message = JsonValue.Parse(one.Text("text"));
                Assert.AreEqual(one.Text("type"), message.Text("type"), name);
                foreach (string path in one["values"].Keys)
                {
                    Vectors.AreEqual(one["values"][path], Vectors.At(message, path), name + ": " + path, tolerance);
                }
                foreach (string path in one["counts"].Keys)
                {
                    Assert.AreEqual(one["counts"].Integer(path), Vectors.At(message, path).Count, name + ": " + path);
                }
                foreach (string path in one["starts"].Keys)
                {
                    StringAssert.StartsWith(one["starts"].Text(path), Vectors.At(message, path).AsText(), name);
                }
            }
        }

        [Test]
        public void BadTextIsReportedAndNeverFatal()
        {
            JsonValue file = Vectors.Read("messages.json");
            Assert.IsTrue(file["bad"].Count > 10);
            foreach (JsonValue text in Vectors.Items(file["bad"]))
            {
                var connection = new GameConnection(new GameOptions());
                connection.Opened(1);
                connection.ReceiveText(text.AsText(), 1);
                Assert.AreEqual(ConnectionState.Connecting, connection.State, text.AsText());
                JsonValue value;
                string problem;
                bool read = JsonValue.TryParse(text.AsText(), out value, out problem);
                Assert.IsTrue(!read || value["type"].Kind != JsonKind.String, text.AsText());
                Assert.AreEqual(read, problem == null, text.AsText());
            }
        }

        [TestCase("1.5", 1.5)]
        [TestCase("-0", 0.0)]
        [TestCase("1234.567891", 1234.567891)]
        [TestCase("0.1", 0.1)]
        [TestCase("9007199254740993", 9007199254740992.0)]
        [TestCase("123456789012345678901234567890", 123456789012345678901234567890.0)]
        [TestCase("1E-7", 1e-7)]
        [TestCase("4.9e-324", 4.9e-324)]
        [TestCase("0.000000000000000000000000000001", 1e-30)]
        public void NumbersAreExact(string text, double expected)
        {
            Assert.AreEqual(expected, JsonValue.Parse(text).AsNumber(), 0.0);
        }

        [TestCase("1e999")]
        [TestCase("-1e999")]
        [TestCase("01")]
        [TestCase("1.")]
        [TestCase(".5")]
        [TestCase("+1")]
        [TestCase("-")]
        [TestCase("Infinity")]
        [TestCase("tru")]
        [TestCase("\"\\ud83\"")]
        [TestCase("\"a")]
        [TestCase("[1,]")]
        [TestCase("{\"a\":1,}")]
        [TestCase("[1 2]")]
        public void WhatIsNotJsonIsRefusedWithItsPlace(string text)
        {
            JsonValue value;
            string problem;
            Assert.IsFalse(JsonValue.TryParse(text, out value, out problem));
            StringAssert.Contains("offset", problem);
        }

        [Test]
        public void NumbersAreTheSameInEveryCulture()
        {
            CultureInfo before = Thread.CurrentThread.CurrentCulture;
            Thread.CurrentThread.CurrentCulture = new CultureInfo("de-DE");
            try
            {
                Assert.AreEqual("{\"a\":-1.5,\"b\":1E-07}", new JsonWriter().Start().Number("a", -1.5).Number("b", 1e-7).Finish());
                Assert.AreEqual(1e-7, JsonValue.Parse("1e-7").AsNumber(), 0.0);
            }
            finally
            {
                Thread.CurrentThread.CurrentCulture = before;
            }
        }

        [Test]
        public void HalfOfAPairIsKeptAndEscaped()
        {
            string half = "half: \ud83d!";
            Assert.AreEqual(half, JsonValue.Parse("\"half: \\ud83d!\"").AsText());
            string written = new JsonWriter().Start().Text("a", half).Finish();
            Assert.AreEqual("{\"a\":\"half: \\ud83d!\"}", written);
        }

        [Test]
        public void WhatIsWrittenReadsTheSame()
        {
            string odd = "\"\\\u0001\t\n\u007f\u00e4\u4eca\ud83d\ude42\u2028";
            string written = new JsonWriter().Start().Text(odd, odd).Finish();
            Assert.AreEqual(odd, JsonValue.Parse(written).Text(odd));
        }

        [Test]
        public void NoNumberThatIsNotFiniteIsWritten()
        {
            Assert.Throws<JsonException>(() => new JsonWriter().Start().Number("a", double.NaN));
            Assert.Throws<JsonException>(() => new JsonWriter().Start().Number("a", double.PositiveInfinity));
        }

        [Test]
        public void NestingIsLimited()
        {
            Assert.Throws<JsonException>(() => JsonValue.Parse(new string('[', 100000)));
            Assert.AreEqual(1, JsonValue.Parse(new string('[', 60) + new string(']', 60)).Count);
        }
    }
}
