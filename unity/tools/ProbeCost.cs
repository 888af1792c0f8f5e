using System;
using System.Diagnostics;
using System.Text;
using AvatarBridge;

/// <summary>What a frame of the core costs, with every character speaking and moving.</summary>
internal static class ProbeCost
{
    private const int ChannelCount = 34;
    private const int BoneCount = 153;
    private const int MovedBones = 24;

    /// <summary>Write one JSON line: microseconds a frame, and of an empty loop in the same run.</summary>
    public static void Measure(int characters, int frames)
    {
        GameConnection connection = Speaking(characters);
        var motion = new byte[8 + characters * (12 + 4 * ChannelCount + 4 * MovedBones)];
        Frame(motion, characters, 0);
        Play(connection, motion, characters, 300, 0, new double[300], new double[300], new double[300]);
        GC.Collect();
        var advance = new double[frames];
        var sample = new double[frames];
        var receive = new double[frames];
        int collections = GC.CollectionCount(0);
        long before = GC.GetTotalMemory(false);
        Play(connection, motion, characters, frames, 300, advance, sample, receive);
        long allocated = GC.GetTotalMemory(false) - before;
        collections = GC.CollectionCount(0) - collections;
        var empty = new double[frames];
        for (int frame = 0; frame < frames; frame++)
        {
            long start = Stopwatch.GetTimestamp();
            empty[frame] = Micros(start);
        }
        var whole = new double[frames];
        for (int frame = 0; frame < frames; frame++)
        {
            whole[frame] = advance[frame] + sample[frame];
        }
        var writer = new JsonWriter().Start().Integer("characters", characters).Integer("frames", frames);
        Told(writer, "frame", whole);
        Told(writer, "advance", advance);
        Told(writer, "sample", sample);
        Told(writer, "receive", receive);
        Told(writer, "empty", empty);
        writer.Number("bytes_a_frame", Math.Max(0, allocated) / (double)frames).Integer("collections", collections);
        Console.Out.WriteLine(writer.Finish());
    }

    private static void Play(
        GameConnection connection, byte[] motion, int characters, int frames, int first, double[] advance, double[] sample, double[] receive)
    {
        for (int frame = 0; frame < frames; frame++)
        {
            double now = (first + frame) / 60.0;
            Frame(motion, characters, now + 0.1);
            long start = Stopwatch.GetTimestamp();
            connection.ReceiveBinary(motion, motion.Length, now);
            receive[frame] = Micros(start);
            start = Stopwatch.GetTimestamp();
            connection.Advance(now, 1 / 60.0);
            advance[frame] = Micros(start);
            start = Stopwatch.GetTimestamp();
            for (int index = 0; index < characters; index++)
            {
                connection.Characters[index].Sample(now);
            }
            sample[frame] = Micros(start);
            string text;
            while (connection.TrySend(out text))
            {
            }
        }
    }

    private static void Frame(byte[] into, int characters, double at)
    {
        into[0] = 1;
        into[2] = (byte)characters;
        into[3] = (byte)(characters >> 8);
        int place = 8;
        for (int index = 0; index < characters; index++)
        {
            into[place] = (byte)index;
            into[place + 1] = (byte)(index >> 8);
            into[place + 2] = MovedBones;
            long bits = BitConverter.DoubleToInt64Bits(at);
            for (int part = 0; part < 8; part++)
            {
                into[place + 4 + part] = (byte)(bits >> 8 * part);
            }
            place += 12;
            for (int channel = 0; channel < ChannelCount; channel++, place += 4)
            {
                // 0.5f, little-endian
                into[place + 3] = 0x3f;
            }
            for (int bone = 0; bone < MovedBones; bone++, place += 4)
            {
                into[place] = (byte)(6 * bone);
                into[place + 2] = 100;
            }
        }
    }

    private static GameConnection Speaking(int characters)
    {
        var connection = new GameConnection(new GameOptions());
        var text = new StringBuilder("{\"type\":\"welcome\",\"protocol\":1,\"now\":0,\"channels\":[\"mouth_open\",\"aa\",\"ih\",\"ou\",\"ee\",\"oh\"");
        for (int channel = 6; channel < ChannelCount; channel++)
        {
            text.Append(",\"channel").Append(channel).Append('"');
        }
        text.Append("],\"bones\":[");
        for (int bone = 0; bone < BoneCount; bone++)
        {
            text.Append(bone > 0 ? "," : "").Append("\"bone").Append(bone / 3).Append('_').Append("xyz"[bone % 3]).Append('"');
        }
        text.Append("],\"characters\":[");
        for (int index = 0; index < characters; index++)
        {
            connection.Add("c" + index);
            text.Append(index > 0 ? "," : "").Append("{\"number\":").Append(index).Append(",\"name\":\"c").Append(index).Append("\"}");
        }
        connection.Opened(0);
        connection.ReceiveText(text.Append("]}").ToString(), 0);
        connection.ReceiveText("{\"type\":\"pong\",\"sent\":0,\"now\":0}", 0);
        string mouth = Convert.ToBase64String(new byte[60000]);
        string shapes = Convert.ToBase64String(new byte[300000]);
        for (int index = 0; index < characters; index++)
        {
            string of = "\"character\":" + index + ",\"utterance\":1";
            connection.ReceiveText("{\"type\":\"utterance\"," + of + "}", 0);
            connection.ReceiveText("{\"type\":\"segment\"," + of + ",\"index\":0,\"text\":\"\",\"at\":0,\"duration\":600,\"words\":[],"
                + "\"mouth\":{\"at\":0,\"rate\":100,\"open\":\"" + mouth + "\",\"shapes\":\"" + shapes + "\"}}", 0);
            connection.ReceiveText("{\"type\":\"cues\"," + of + ",\"cues\":[{\"id\":0,\"name\":\"nod\",\"at\":1e6,\"start\":1e6}]}", 0);
            connection.ReceiveText("{\"type\":\"clock\"," + of + ",\"now\":0,\"heard\":0,\"running\":true}", 0);
        }
        BridgeEvent happened;
        while (connection.NextEvent(out happened))
        {
        }
        return connection;
    }

    private static double Micros(long start)
    {
        return (Stopwatch.GetTimestamp() - start) * 1e6 / Stopwatch.Frequency;
    }

    private static void Told(JsonWriter writer, string name, double[] values)
    {
        var sorted = (double[])values.Clone();
        Array.Sort(sorted);
        writer.Number(name + "_us", sorted[sorted.Length / 2]).Number(name + "_p99_us", sorted[sorted.Length * 99 / 100]);
    }
}
