using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using NUnit.Framework;

namespace AvatarBridge.Tests
{
    [TestFixture]
    public class MotionTests
    {
        private static Welcome Layout(JsonValue layout)
        {
            var text = new StringBuilder("{\"channels\":[");
            Join(text, layout.Texts("channels"));
            text.Append("],\"bones\":[");
            Join(text, layout.Texts("bones"));
            return new Welcome(JsonValue.Parse(text.Append("]}").ToString()));
        }

        private static void Join(StringBuilder text, string[] names)
        {
            for (int index = 0; index < names.Length; index++)
            {
                text.Append(index > 0 ? ",\"" : "\"").Append(names[index]).Append('"');
            }
        }

        [Test]
        public void FramesReadAsInTheVectors()
        {
            JsonValue file = Vectors.Read("motion.json");
            double tolerance = file.Number("tolerance");
            foreach (JsonValue one in Vectors.Items(file["cases"]))
            {
                string name = one.Text("name");
                Welcome welcome = Layout(one.Has("layout") ? one["layout"] : file);
                byte[] data = Convert.FromBase64String(one.Text("binary"));
                MotionMessage message;
                Assert.IsTrue(MotionMessage.TryRead(data, data.Length, welcome.Channels.Count, welcome.Bones.Count, out message), name);
                Assert.AreEqual(one.Long("sequence"), (long)message.Sequence, name);
                foreach (JsonValue frame in Vectors.Items(one["frames"]))
                {
                    Assert.IsTrue(message.Next(), name);
                    Assert.AreEqual(frame.Integer("character"), message.Character, name);
                    Assert.AreEqual(frame.Number("at"), message.At, tolerance, name);
                    var motion = new MotionSampler();
                    motion.Learn(welcome.Channels.Count, welcome.Bones.Count, welcome.Skeleton);
                    motion.Add(message.At, data, message.Values, message.BoneCount);
                    Check(motion, welcome, frame, frame.Number("at"), tolerance, name);
                }
                Assert.IsFalse(message.Next(), name);
            }
        }

        [Test]
        public void WhatIsCutOrOfAnotherLayoutIsLeftOut()
        {
            JsonValue file = Vectors.Read("motion.json");
            Welcome welcome = Layout(file);
            Assert.IsTrue(file["bad"].Count > 4);
            foreach (JsonValue one in Vectors.Items(file["bad"]))
            {
                byte[] data = Convert.FromBase64String(one.Text("binary"));
                MotionMessage message;
                Assert.IsFalse(MotionMessage.TryRead(data, data.Length, welcome.Channels.Count, welcome.Bones.Count, out message), one.Text("name"));
            }
        }

        [Test]
        public void MoreThanWasSaidIsLeftOutToo()
        {
            Welcome welcome = Layout(Vectors.Read("motion.json"));
            byte[] data = Convert.FromBase64String(Vectors.Read("motion.json")["cases"][0].Text("binary"));
            Array.Resize(ref data, data.Length + 4);
            MotionMessage message;
            Assert.IsFalse(MotionMessage.TryRead(data, data.Length, welcome.Channels.Count, welcome.Bones.Count, out message));
        }

        [Test]
        public void SamplingIsThatOfTheVectors()
        {
            JsonValue file = Vectors.Read("sampling.json");
            Welcome welcome = Layout(Vectors.Read("motion.json"));
            foreach (JsonValue one in Vectors.Items(file["cases"]))
            {
                foreach (JsonValue sample in Vectors.Items(one["samples"]))
                {
                    var motion = new MotionSampler();
                    motion.Learn(welcome.Channels.Count, welcome.Bones.Count, welcome.Skeleton);
                    int come = sample.Integer("after", one["frames"].Count);
                    for (int index = 0; index < come; index++)
                    {
                        Add(motion, welcome, one["frames"][index]);
                    }
                    string where = one.Text("name") + " at " + sample.Number("time");
                    Check(motion, welcome, sample, sample.Number("time"), file.Number("tolerance"), where);
                }
            }
        }

        [Test]
        public void ANewClockPutsAnEndToOldFrames()
        {
            Welcome welcome = Layout(JsonValue.Parse("{\"channels\":[\"head_yaw\"],\"bones\":[]}"));
            var motion = new MotionSampler();
            motion.Learn(1, 0, welcome.Skeleton);
            Add(motion, welcome, JsonValue.Parse("{\"at\":5000,\"channels\":{\"head_yaw\":9}}"));
            Add(motion, welcome, JsonValue.Parse("{\"at\":3,\"channels\":{\"head_yaw\":4}}"));
            Check(motion, welcome, JsonValue.Parse("{\"channels\":{\"head_yaw\":4}}"), 5000, 1e-6, "new clock");
        }

        [Test]
        public void SamplingBackAndForthIsTheSame()
        {
            Welcome welcome = Layout(JsonValue.Parse("{\"channels\":[\"head_yaw\"],\"bones\":[\"hips_x\"]}"));
            var motion = new MotionSampler();
            motion.Learn(1, 1, welcome.Skeleton);
            for (int frame = 0; frame < 40; frame++)
            {
                Add(motion, welcome, JsonValue.Parse("{\"at\":" + frame + ",\"channels\":{\"head_yaw\":" + frame + "}}"));
            }
            var channels = new float[1];
            var random = new Random(7);
            for (int trial = 0; trial < 1000; trial++)
            {
                double at = random.NextDouble() * 60;
                motion.Sample(at, channels);
                Assert.AreEqual(Math.Min(Math.Max(at, 8), 39), channels[0], 1e-4, "at " + at);
            }
        }

        private static void Add(MotionSampler motion, Welcome welcome, JsonValue frame)
        {
            var bytes = new MemoryStream();
            foreach (string channel in welcome.Channels)
            {
                bytes.Write(BitConverter.GetBytes((float)frame["channels"].Number(channel)), 0, 4);
            }
            foreach (string bone in frame["bones"].Keys)
            {
                bytes.Write(BitConverter.GetBytes((ushort)welcome.BoneIndex(bone)), 0, 2);
                bytes.Write(BitConverter.GetBytes((short)Math.Round(frame["bones"].Number(bone) * 50)), 0, 2);
            }
            motion.Add(frame.Number("at"), bytes.ToArray(), 0, frame["bones"].Count);
        }

        private static void Check(MotionSampler motion, Welcome welcome, JsonValue expected, double at, double tolerance, string where)
        {
            var channels = new float[welcome.Channels.Count];
            bool any = motion.Sample(at, channels);
            Assert.AreEqual(!expected["channels"].IsNull, any, where);
            JsonValue told = expected["channels"];
            for (int index = 0; index < channels.Length && any; index++)
            {
                double value = told.Kind == JsonKind.Array ? told[index].AsNumber() : told.Number(welcome.Channels[index]);
                Assert.AreEqual(value, channels[index], tolerance, where + ": " + welcome.Channels[index]);
            }
            for (int index = 0; index < welcome.Bones.Count && any; index++)
            {
                string bone = welcome.Bones[index];
                Assert.AreEqual(expected["bones"].Number(bone), motion.BoneChannel(index), tolerance, where + ": " + bone);
            }
        }
    }

    [TestFixture]
    public class RotationTests
    {
        private static void AreSame(JsonValue expected, Rotation actual, string where)
        {
            // q and -q are the same rotation
            double same = expected[0].AsNumber() * actual.X + expected[1].AsNumber() * actual.Y
                + expected[2].AsNumber() * actual.Z + expected[3].AsNumber() * actual.W;
            Assert.AreEqual(1.0, Math.Abs(same), 1e-6, where);
        }

        [Test]
        public void RotationsAreThoseThatPythonComputes()
        {
            JsonValue file = Vectors.Read("rotations.json");
            Assert.IsTrue(file["bones"].Count > 20);
            foreach (JsonValue one in Vectors.Items(file["bones"]))
            {
                JsonValue angles = one["degrees"];
                Rotation rotation = Rotation.FromDegrees(angles[0].AsNumber(), angles[1].AsNumber(), angles[2].AsNumber());
                AreSame(one["rig"], rotation, one.Text("name"));
                AreSame(one["unity"], rotation.ToUnity(), one.Text("name") + " in Unity");
            }
            foreach (JsonValue one in Vectors.Items(file["heads"]))
            {
                JsonValue angles = one["degrees"];
                Rotation rotation = Rotation.Head(angles[0].AsNumber(), angles[1].AsNumber(), angles[2].AsNumber());
                AreSame(one["rig"], rotation, one.Text("name"));
            }
        }

        [Test]
        public void ProductsCompose()
        {
            Rotation both = Rotation.FromDegrees(0, 30, 0) * Rotation.FromDegrees(0, 0, 20) * Rotation.FromDegrees(10, 0, 0);
            Rotation one = Rotation.FromDegrees(10, 30, 20);
            Assert.AreEqual(1.0, one.X * both.X + one.Y * both.Y + one.Z * both.Z + one.W * both.W, 1e-6);
        }

        [Test]
        public void ABoneStandsInItsRestingPose()
        {
            var welcome = new Welcome(JsonValue.Parse("{\"channels\":[],\"bones\":[\"left_upper_arm_x\",\"left_upper_arm_y\","
                + "\"left_upper_arm_z\"],\"resting_pose\":{\"left_upper_arm_z\":-68,\"left_upper_arm_y\":-6}}"));
            var motion = new MotionSampler();
            motion.Learn(0, 3, welcome.Skeleton);
            int bone = welcome.Skeleton.Find("left_upper_arm");
            Rotation rotation;
            Assert.IsFalse(motion.Rotation(bone, true, out rotation));
            Rotation expected = Rotation.FromDegrees(0, -6, -68);
            Assert.AreEqual(expected.Z, rotation.Z, 1e-6);
            motion.Add(1, new byte[] { 2, 0, 0xf4, 1 }, 0, 1);
            motion.Sample(1, new float[0]);
            Assert.IsTrue(motion.Rotation(bone, true, out rotation));
            Assert.AreEqual(Rotation.FromDegrees(0, -6, -58).Z, rotation.Z, 1e-6);
            Assert.IsTrue(motion.Rotation(bone, false, out rotation));
            Assert.AreEqual(Rotation.FromDegrees(0, 0, 10).Z, rotation.Z, 1e-6);
            Assert.AreEqual(-1, welcome.Skeleton.Find("tail"));
        }
    }
}
