using System;
using System.Collections.Generic;
using System.Threading;
using NUnit.Framework;

namespace AvatarBridge.Tests
{
    [TestFixture]
    public class SoundTests
    {
        private static byte[] Pcm(long utterance, long offset, int samples, Func<long, double> wave)
        {
            var data = new byte[16 + 2 * samples];
            data[0] = 2;
            BitConverter.GetBytes((uint)utterance).CopyTo(data, 4);
            BitConverter.GetBytes((uint)offset).CopyTo(data, 8);
            BitConverter.GetBytes(48000u).CopyTo(data, 12);
            for (int index = 0; index < samples; index++)
            {
                BitConverter.GetBytes((short)Math.Round(32767 * wave(offset + index))).CopyTo(data, 16 + 2 * index);
            }
            return data;
        }

        private static void Write(SoundSchedule sound, long utterance, long offset, int samples, Func<long, double> wave)
        {
            byte[] data = Pcm(utterance, offset, samples, wave);
            SoundMessage message;
            Assert.IsTrue(SoundMessage.TryRead(data, data.Length, out message));
            sound.Write(data, message);
        }

        private static double Half(long sample)
        {
            return 0.5;
        }

        [Test]
        public void MessagesReadAsInTheVectors()
        {
            JsonValue file = Vectors.Read("sound.json");
            SoundMessage message;
            foreach (JsonValue one in Vectors.Items(file["cases"]))
            {
                byte[] data = Convert.FromBase64String(one.Text("binary"));
                Assert.IsTrue(SoundMessage.TryRead(data, data.Length, out message), one.Text("name"));
                Assert.AreEqual(one.Integer("character"), message.Character);
                Assert.AreEqual(one.Long("utterance"), message.Utterance);
                Assert.AreEqual(one.Long("offset"), message.Offset);
                Assert.AreEqual(one.Integer("rate"), message.Rate);
                Assert.AreEqual(one["samples"].Count, message.Samples);
                var ring = new PcmRing(16);
                ring.Reset(message.Offset);
                Assert.AreEqual(message.Samples, ring.Write(data, message.Start, message.Samples));
                int mask;
                float[] samples = ring.View(out mask);
                for (int index = 0; index < message.Samples; index++)
                {
                    float value = samples[(int)((message.Offset + index) & mask)];
                    Assert.AreEqual(one["samples"][index].AsNumber() / 32767, value, file.Number("tolerance"));
                }
            }
            foreach (JsonValue one in Vectors.Items(file["bad"]))
            {
                byte[] data = Convert.FromBase64String(one.Text("binary"));
                Assert.IsFalse(SoundMessage.TryRead(data, data.Length, out message), one.Text("name"));
            }
        }

        [Test]
        public void PlayheadsAreThoseOfTheVectors()
        {
            JsonValue file = Vectors.Read("playhead.json");
            int block = file.Integer("block");
            Assert.IsTrue(file["cases"].Count > 4);
            foreach (JsonValue one in Vectors.Items(file["cases"]))
            {
                var sound = new SoundSchedule();
                sound.Configure(file.Integer("rate"), block, one.Number("latency_ms") / 1000);
                var mono = new float[block];
                int starts = 0;
                foreach (JsonValue step in Vectors.Items(one["steps"]))
                {
                    double dsp = step.Number("dsp");
                    string where = one.Text("name") + " at " + dsp;
                    foreach (JsonValue chunk in Vectors.Items(step["arrive"]))
                    {
                        Write(sound, 7, chunk.Long("offset"), chunk.Integer("samples"), Half);
                    }
                    if (step.Has("end"))
                    {
                        sound.Finish(7, step.Long("end"));
                    }
                    if (step.Boolean("cancel"))
                    {
                        sound.Stop(7);
                    }
                    sound.Observe(dsp, dsp);
                    sound.Render(mono, block, dsp);
                    Assert.AreEqual(step.Integer("taken"), sound.Taken, where);
                    if (!step.Boolean("cancel") && sound.Active)
                    {
                        Assert.AreEqual(step.Long("position"), sound.Position, where);
                    }
                    PlayingReport report;
                    bool told = sound.TakeReport(dsp, one.Number("offset"), out report);
                    if (!step["report"].IsNull)
                    {
                        starts++;
                        Assert.IsTrue(told, where);
                        Assert.AreEqual(7L, report.Utterance, where);
                        Assert.AreEqual(step["report"].Number("start"), report.Start, 1e-4, where);
                        Assert.AreEqual(step["report"].Number("late_ms"), report.LateMs, 1e-3, where);
                        Assert.AreEqual(step["report"].Number("latency_ms"), report.LatencyMs, 1e-4, where);
                        Assert.AreEqual(step["report"].Integer("underruns"), report.Underruns, where);
                    }
                }
                Assert.IsTrue(starts > 0, one.Text("name"));
            }
        }

        [TestCase(48000)]
        [TestCase(44100)]
        [TestCase(96000)]
        [TestCase(22050)]
        public void AnyOutputRateKeepsTimeAndPitch(int rate)
        {
            Func<long, double> wave = sample => 0.5 * Math.Sin(2 * Math.PI * 440 * sample / 48000);
            var sound = new SoundSchedule();
            sound.Configure(rate, 441, 0);
            int total = 48000 * 20;
            for (int offset = 0; offset < total; offset += 24000)
            {
                Write(sound, 1, offset, 24000, wave);
            }
            sound.Finish(1, total);
            var mono = new float[441];
            double worst = 0;
            for (long frame = 0; frame + 882 < 20L * rate; frame += 441)
            {
                sound.Render(mono, 441, frame / (double)rate);
                for (int index = 0; index < 441; index++)
                {
                    double expected = 0.5 * Math.Sin(2 * Math.PI * 440 * (frame + index) / rate);
                    worst = Math.Max(worst, Math.Abs(mono[index] - expected));
                }
            }
            Assert.Less(worst, 0.001, "20 s of a tone, sample by sample");
            Assert.AreEqual(0, sound.Underruns);
        }

        [Test]
        public void SteppedTimeIsInterpolatedToLessThanABuffer()
        {
            double step = 1024 / 48000.0;
            var sound = new SoundSchedule();
            sound.Configure(48000, 1024, 0.02);
            Write(sound, 3, 0, 24000, Half);
            Write(sound, 3, 24000, 24000, Half);
            sound.Finish(3, 48000);
            var mono = new float[1024];
            long rendered = 0;
            double worst = 0;
            for (double now = 100; now < 101.0; now += 0.0037)
            {
                // the card's time runs 50 s behind and shows only the beginnings of buffers
                long buffers = (long)Math.Floor((now - 100) / step) + 1;
                while (rendered < buffers)
                {
                    sound.Render(mono, 1024, 50 + rendered++ * step);
                }
                sound.Observe(50 + (buffers - 1) * step, now);
                double truth = now - 100 - 0.02;
                if (now > 100.1 && truth < 0.95)
                {
                    worst = Math.Max(worst, Math.Abs(sound.Heard(now) - truth));
                }
            }
            Assert.Less(worst, 0.004, "seconds between the playhead and the truth");
        }

        [Test]
        public void CancelledSoundDiesAwayWithinFifteenMilliseconds()
        {
            var sound = new SoundSchedule();
            sound.Configure(48000, 256, 0);
            Write(sound, 1, 0, 24000, Half);
            var mono = new float[256];
            sound.Render(mono, 256, 0);
            Assert.AreEqual(0.5, mono[255], 0.001);
            sound.Stop(1);
            Write(sound, 1, 24000, 24000, Half);
            float before = mono[255];
            for (int block = 1; block < 4; block++)
            {
                sound.Render(mono, 256, block * 256 / 48000.0);
                Assert.Less(Math.Abs(mono[0] - before), 0.02, "no click");
                before = mono[255];
            }
            Assert.AreEqual(0.0, mono[0], 0.001);
            Assert.IsFalse(sound.Active);
            Write(sound, 2, 0, 24000, Half);
            sound.Render(mono, 256, 1);
            sound.Render(mono, 256, 1 + 256 / 48000.0);
            Assert.AreEqual(0.5, mono[255], 0.001);
        }

        [Test]
        public void ThePlayheadStandsWhileItIsDryAndRunsOnAfterTheEnd()
        {
            var sound = new SoundSchedule();
            sound.Configure(48000, 480, 0);
            Write(sound, 1, 0, 4800, Half);
            var mono = new float[480];
            for (int block = 0; block < 20; block++)
            {
                sound.Observe(block * 0.01, block * 0.01);
                sound.Render(mono, 480, block * 0.01);
            }
            Assert.AreEqual(0.1, sound.Heard(0.19), 1e-6);
            Assert.AreEqual(1, sound.Underruns);
            Assert.IsFalse(sound.Playing);
            sound.Finish(1, 4800);
            for (int block = 20; block < 40; block++)
            {
                sound.Observe(block * 0.01, block * 0.01);
                sound.Render(mono, 480, block * 0.01);
            }
            Assert.AreEqual(0.39, sound.Heard(0.39), 1e-6);
        }

        [Test]
        public void OneThreadWritesAndAnotherReads()
        {
            var ring = new PcmRing(256);
            const int total = 400000;
            var wrong = 0;
            var reader = new Thread(() =>
            {
                long position = 0;
                while (position < total)
                {
                    long written = ring.Written;
                    int mask;
                    float[] samples = ring.View(out mask);
                    for (; position < written; position++)
                    {
                        wrong += samples[(int)(position & mask)] == (position & 4095) ? 0 : 1;
                    }
                    ring.Release(position);
                    Thread.Yield();
                }
            });
            reader.Start();
            var piece = new float[1000];
            long sent = 0;
            while (sent < total)
            {
                for (int index = 0; index < piece.Length; index++)
                {
                    piece[index] = (sent + index) & 4095;
                }
                sent += ring.Write(piece, 0, (int)Math.Min(piece.Length, total - sent));
            }
            Assert.IsTrue(reader.Join(20000));
            Assert.AreEqual(0, wrong);
        }

        [Test]
        public void AGrownRingKeepsWhatItHeld()
        {
            var ring = new PcmRing(256);
            ring.Reset(1000);
            var piece = new float[700];
            for (int index = 0; index < piece.Length; index++)
            {
                piece[index] = index;
            }
            Assert.AreEqual(200, ring.Write(piece, 0, 200));
            ring.Release(1050);
            Assert.AreEqual(500, ring.Write(piece, 200, 500));
            int mask;
            float[] samples = ring.View(out mask);
            for (int index = 50; index < 700; index++)
            {
                Assert.AreEqual((float)index, samples[(1000 + index) & mask]);
            }
        }

        [Test]
        public void AFullRingTakesNoMore()
        {
            var ring = new PcmRing(256);
            var piece = new float[1 << 20];
            Assert.AreEqual(1 << 20, ring.Write(piece, 0, 1 << 20));
            Assert.AreEqual(1 << 20, ring.Write(piece, 0, 1 << 20));
            Assert.AreEqual(0, ring.Write(piece, 0, 1));
            ring.Release(10);
            Assert.AreEqual(10, ring.Write(piece, 0, 100));
            ring.Flush();
            Assert.AreEqual(ring.Written, ring.Read);
        }

        [Test]
        public void ASettingThatCannotBeIsToldInWords()
        {
            var error = Assert.Throws<ArgumentException>(() => new SoundSchedule().Configure(0, 1024, 0));
            StringAssert.Contains("above 0", error.Message);
        }
    }
}
