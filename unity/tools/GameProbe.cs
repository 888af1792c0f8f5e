using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using AvatarBridge;

/// <summary>
/// A game without a picture: connects to a bridge with the Unity package's core and writes what it heard and did, and
/// when, as JSON lines. It ends when its standard input does.
/// </summary>
public static class GameProbe
{
    private const string Usage =
        "GameProbe ADDRESS [--token T] [--characters a,b] [--sound] [--natives trigger=Nod,Wave;state=Sit] [--rate 48000]\n"
        + "          [--fps 60] [--buffer 1024] [--duration SECONDS] [--brief] [--say TEXT] [--act ACTION] [--event NAME] [--protocol N]\n"
        + "GameProbe --measure CHARACTERS [--frames N]";

    public static int Main(string[] arguments)
    {
        var options = new ProbeOptions();
        string problem = options.Read(arguments);
        if (problem != null)
        {
            Console.Error.WriteLine(problem + "\n" + Usage);
            return 2;
        }
        Console.SetOut(new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\n" });
        if (options.Measured > 0)
        {
            ProbeCost.Measure(options.Measured, options.Frames);
            return 0;
        }
        new ProbeRun(options).Run();
        return 0;
    }
}

/// <summary>What the command line says.</summary>
internal sealed class ProbeOptions
{
    public string Address;
    public string Token = "";
    public string[] Characters = { "" };
    public bool Sound;
    public bool Brief;
    public string Natives = "";
    public string Say;
    public string Act;
    public string Event;
    public int Rate = 48000;
    public int Buffer = 1024;
    public int Protocol = 1;
    public int Measured;
    public int Frames = 2000;
    public double Fps = 60;
    public double Duration = 3600;

    /// <summary>Read the arguments; what is wrong with them, or null.</summary>
    public string Read(string[] arguments)
    {
        for (int index = 0; index < arguments.Length; index++)
        {
            string name = arguments[index];
            if (!name.StartsWith("--", StringComparison.Ordinal))
            {
                Address = name;
                continue;
            }
            if (name == "--sound" || name == "--brief")
            {
                Sound = Sound || name == "--sound";
                Brief = Brief || name == "--brief";
                continue;
            }
            if (index + 1 >= arguments.Length)
            {
                return "Expected a value after " + name + ".";
            }
            if (!Take(name, arguments[++index]))
            {
                return "Expected an option that exists and a value that it takes, got: " + name + " " + arguments[index];
            }
        }
        return Address == null && Measured == 0 ? "Expected the bridge's address, such as ws://127.0.0.1:8787/v1/game." : null;
    }

    private bool Take(string name, string value)
    {
        switch (name)
        {
            case "--token":
                Token = value;
                return true;
            case "--characters":
                Characters = value.Split(',');
                return true;
            case "--natives":
                Natives = value;
                return true;
            case "--say":
                Say = value;
                return true;
            case "--act":
                Act = value;
                return true;
            case "--event":
                Event = value;
                return true;
            case "--duration":
                return double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out Duration);
            case "--fps":
                return double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out Fps) && Fps > 0;
            case "--rate":
                return int.TryParse(value, out Rate);
            case "--buffer":
                return int.TryParse(value, out Buffer);
            case "--protocol":
                return int.TryParse(value, out Protocol);
            case "--measure":
                return int.TryParse(value, out Measured);
            case "--frames":
                return int.TryParse(value, out Frames);
            default:
                return false;
        }
    }
}

/// <summary>A sound card that hears everything and plays nothing: a buffer at a time, on absolute times.</summary>
internal sealed class ProbeCard
{
    private readonly IList<GameCharacter> characters;
    private readonly ProbeOptions options;
    private readonly double began = MonotonicClock.Now;
    private readonly double[] firstAt;
    private readonly long[] taken;
    private double shown;
    private volatile bool ended;

    public ProbeCard(IList<GameCharacter> characters, ProbeOptions options)
    {
        this.characters = characters;
        this.options = options;
        firstAt = new double[characters.Count];
        taken = new long[characters.Count];
        new Thread(Run) { IsBackground = true, Name = "card", Priority = ThreadPriority.Highest }.Start();
    }

    /// <summary>The card's time, which moves by a buffer.</summary>
    public double Time
    {
        get { return Volatile.Read(ref shown); }
    }

    /// <summary>The client's time at which the first sample since <see cref="Forget"/> went out; 0 for none yet.</summary>
    public double FirstAt(int character)
    {
        return Volatile.Read(ref firstAt[character]);
    }

    public long Taken(int character)
    {
        return Volatile.Read(ref taken[character]);
    }

    public void Forget(int character)
    {
        Volatile.Write(ref firstAt[character], 0);
        Volatile.Write(ref taken[character], 0);
    }

    public void End()
    {
        ended = true;
    }

    private void Run()
    {
        var mono = new float[options.Buffer];
        double step = options.Buffer / (double)options.Rate;
        for (long buffer = 0; !ended; buffer++)
        {
            double dsp = buffer * step;
            double wait = began + dsp - MonotonicClock.Now;
            if (wait > 0)
            {
                Thread.Sleep(TimeSpan.FromSeconds(wait));
            }
            Volatile.Write(ref shown, dsp);
            for (int index = 0; index < characters.Count; index++)
            {
                int count = characters[index].Sound.Render(mono, options.Buffer, dsp);
                if (count > 0 && firstAt[index] == 0)
                {
                    Volatile.Write(ref firstAt[index], began + dsp);
                }
                Volatile.Write(ref taken[index], taken[index] + count);
            }
        }
    }
}

/// <summary>One run against a bridge.</summary>
internal sealed class ProbeRun
{
    private readonly ProbeOptions options;
    private readonly GameConnection connection;
    private readonly GameSession session;
    private readonly JsonWriter writer = new JsonWriter();
    private readonly ProbeCard card;
    private bool asked;
    private double clockTold;
    private volatile bool left;

    public ProbeRun(ProbeOptions options)
    {
        this.options = options;
        connection = new GameConnection(new GameOptions
        {
            Token = options.Token,
            GameName = "GameProbe",
            Engine = "unity",
            OutputRate = options.Rate,
            Sound = options.Sound,
            Protocol = options.Protocol,
            OldestProtocol = options.Protocol
        });
        foreach (string name in options.Characters)
        {
            GameCharacter character = connection.Add(name);
            character.WantsSound = options.Sound;
            character.Sound.Configure(options.Rate, options.Buffer, 0);
            Natives(character);
        }
        session = new GameSession(connection, new WebSocketTransport(options.Address, () => MonotonicClock.Now));
        card = options.Sound ? new ProbeCard(connection.Characters, options) : null;
    }

    public void Run()
    {
        new Thread(Watch) { IsBackground = true }.Start();
        session.Open();
        double began = MonotonicClock.Now;
        double last = began;
        double due = began;
        while (!left && last - began < options.Duration)
        {
            due += 1 / options.Fps;
            double wait = due - MonotonicClock.Now;
            if (wait > 0)
            {
                Thread.Sleep(TimeSpan.FromSeconds(wait));
            }
            else
            {
                due = MonotonicClock.Now;
            }
            double now = MonotonicClock.Now;
            Step(now, now - last);
            last = now;
        }
        session.Close();
        if (card != null)
        {
            card.End();
        }
        // the goodbye is on its way by another thread
        Thread.Sleep(200);
    }

    private void Watch()
    {
        while (Console.In.ReadLine() != null)
        {
        }
        left = true;
    }

    private void Step(double now, double deltaTime)
    {
        for (int index = 0; card != null && index < connection.Characters.Count; index++)
        {
            connection.Characters[index].Sound.Observe(card.Time, now);
        }
        session.Advance(now, deltaTime);
        BridgeEvent happened;
        while (connection.NextEvent(out happened))
        {
            Print(happened, now);
        }
        for (int index = 0; index < connection.Characters.Count; index++)
        {
            GameCharacter character = connection.Characters[index];
            character.Sample(now);
            if (!options.Brief && character.Known && character.Motion.HasFrame)
            {
                Picture(character, now);
            }
        }
        if (connection.State == ConnectionState.Connected && connection.Clock.Known)
        {
            Ask();
            if (now - clockTold >= 1)
            {
                clockTold = now;
                Line("clock", null, now).Number("offset", connection.Clock.Offset).Number("round_trip", connection.Clock.RoundTrip);
                Console.Out.WriteLine(writer.Finish());
            }
        }
    }

    private void Ask()
    {
        if (asked)
        {
            return;
        }
        asked = true;
        GameCharacter first = connection.Characters[0];
        if (options.Event != null)
        {
            connection.Tell(options.Event, first, "{\"from\":\"unity\"}");
        }
        if (options.Act != null)
        {
            connection.Act(first, options.Act);
        }
        if (options.Say != null)
        {
            connection.Say(first, options.Say);
        }
    }

    private JsonWriter Line(string what, GameCharacter character, double now)
    {
        writer.Start().Text("what", what).Number("now", now).Number("bridge", connection.BridgeTime(now));
        if (character != null)
        {
            writer.Text("character", character.Name);
            if (character.HasPlayhead)
            {
                writer.Number("heard", character.Playhead);
            }
        }
        return writer;
    }

    private void Picture(GameCharacter character, double now)
    {
        Line("frame", character, now);
        foreach (string channel in new[] { "head_pitch", "head_yaw", "mouth_open" })
        {
            writer.Number(channel, character.Channel(connection.Welcome.ChannelIndex(channel)));
        }
        Console.Out.WriteLine(writer.Finish());
    }

    private void Print(BridgeEvent happened, double now)
    {
        GameCharacter character = happened.Character;
        Line(Name(happened.Kind), character, now);
        switch (happened.Kind)
        {
            case BridgeEventKind.CueBegan:
            case BridgeEventKind.CueReleased:
                Cue(happened.Cue);
                break;
            case BridgeEventKind.WordHeard:
                writer.Text("text", happened.Word.Text).Number("due", happened.Word.At);
                break;
            case BridgeEventKind.UtteranceEnded:
                Ended(happened);
                break;
            default:
                writer.Text("text", happened.Text).Text("suggestion", happened.Suggestion).Boolean("flag", happened.Flag)
                    .Text("id", happened.Id).Integer("utterance", happened.Utterance);
                break;
        }
        Console.Out.WriteLine(writer.Finish());
        if (happened.Kind == BridgeEventKind.UtteranceBegan && card != null)
        {
            card.Forget(connection.Characters.IndexOf(character));
        }
    }

    private void Cue(Cue cue)
    {
        writer.Text("action", cue.Action).Number("start", cue.Start).Number("due", cue.At).Text("kind", cue.Kind);
        if (cue.Id != null)
        {
            writer.Integer("id", cue.Id.Value).Integer("utterance", cue.Utterance);
        }
        if (cue.Native != null)
        {
            writer.Text("native", cue.Native.Key + "=" + cue.Native.Name);
        }
    }

    private void Ended(BridgeEvent happened)
    {
        int place = connection.Characters.IndexOf(happened.Character);
        writer.Boolean("complete", happened.Flag).Text("shown", happened.Text).Integer("utterance", happened.Utterance)
            .Integer("underruns", happened.Character.Sound.Underruns);
        if (card != null)
        {
            writer.Number("taken_at", connection.BridgeTime(card.FirstAt(place))).Integer("taken", card.Taken(place));
        }
    }

    private static string Name(BridgeEventKind kind)
    {
        switch (kind)
        {
            case BridgeEventKind.CueBegan:
                return "cue";
            case BridgeEventKind.CueReleased:
                return "released";
            case BridgeEventKind.WordHeard:
                return "word";
            case BridgeEventKind.UtteranceBegan:
                return "utterance";
            case BridgeEventKind.UtteranceEnded:
                return "ended";
            case BridgeEventKind.SegmentPlaced:
                return "segment";
            case BridgeEventKind.CaptionsChanged:
                return "captions";
            case BridgeEventKind.UnknownCharacter:
                return "unknown";
            default:
                return kind.ToString().ToLowerInvariant();
        }
    }

    private void Natives(GameCharacter character)
    {
        foreach (string part in options.Natives.Split(';'))
        {
            int split = part.IndexOf('=');
            string key = split < 0 ? "" : part.Substring(0, split);
            IList<string> names = key == "trigger" ? character.Natives.Triggers
                : key == "state" ? character.Natives.States
                : key == "clip" ? character.Natives.Clips
                : key == "expression" ? character.Natives.Expressions
                : key == "action" ? character.Actions
                : null;
            for (int index = 0; names != null && index < part.Substring(split + 1).Split(',').Length; index++)
            {
                names.Add(part.Substring(split + 1).Split(',')[index]);
            }
        }
    }
}
