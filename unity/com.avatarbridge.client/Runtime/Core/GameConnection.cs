using System;
using System.Collections.Generic;

namespace AvatarBridge
{
    public enum ConnectionState
    {
        Idle,
        Connecting,
        Connected,
        Refused,
        Lost
    }

    /// <summary>
    /// The game's side of the protocol without any socket: fed with what came in and with the time, drained of what is to
    /// go out and of what happened. All of it on one thread; `now` is the client's own monotonic clock in seconds.
    /// </summary>
    public sealed partial class GameConnection
    {
        private const double WelcomeWithin = 10.0;
        private const double SilenceWithin = 10.0;
        private const double ReportEvery = 2.0;
        private const double Relaxed = 1.0;
        private const int MostWaiting = 1024;
        private const int MostEvents = 4096;

        private readonly List<GameCharacter> characters = new List<GameCharacter>();
        private readonly Dictionary<int, GameCharacter> byNumber = new Dictionary<int, GameCharacter>();
        private readonly Queue<string> outgoing = new Queue<string>();
        private readonly Queue<BridgeEvent> events = new Queue<BridgeEvent>();
        private readonly GameMessages messages = new GameMessages();
        private readonly ConnectionHealth health = new ConnectionHealth();
        private readonly CharacterMessages dispatch;
        private double openedAt;
        private double receivedAt;
        private double reportAt;
        private double goneSince = double.PositiveInfinity;

        public GameConnection(GameOptions options)
        {
            Options = options;
            Clock = new ClockSync();
            Message = "Not connected yet.";
            Suggestion = "";
            dispatch = new CharacterMessages(this);
        }

        public GameOptions Options { get; private set; }
        public ConnectionState State { get; private set; }

        /// <summary>How things stand, in words.</summary>
        public string Message { get; private set; }

        /// <summary>What to do about it; empty where nothing is to be done.</summary>
        public string Suggestion { get; private set; }

        /// <summary>Null until the bridge let the game in.</summary>
        public Welcome Welcome { get; private set; }

        public ClockSync Clock { get; private set; }

        public IList<GameCharacter> Characters
        {
            get { return characters; }
        }

        /// <summary>True when the connection is to be given up: nothing comes any more.</summary>
        public bool WantsClose { get; private set; }

        /// <summary>True after a wrong token or version: to try again by oneself is no use.</summary>
        public bool RefusedForGood { get; private set; }

        /// <summary>Show a character, empty for the main one. The bridge learns of it with the next hello.</summary>
        public GameCharacter Add(string name)
        {
            GameCharacter known = Find(name ?? "");
            if (known != null)
            {
                return known;
            }
            var character = new GameCharacter(this, name ?? "");
            characters.Add(character);
            return character;
        }

        /// <summary>The character of that name; null where none was added.</summary>
        public GameCharacter Find(string name)
        {
            for (int index = 0; index < characters.Count; index++)
            {
                if (characters[index].Name == name)
                {
                    return characters[index];
                }
            }
            return null;
        }

        /// <summary>The bridge's time at the client's `now`.</summary>
        public double BridgeTime(double now)
        {
            return Clock.ToBridge(now);
        }

        /// <summary>The oldest thing that happened and was not taken yet; false where there is none.</summary>
        public bool NextEvent(out BridgeEvent happened)
        {
            bool any = events.Count > 0;
            happened = any ? events.Dequeue() : new BridgeEvent();
            return any;
        }

        /// <summary>The oldest text that is to be sent; false where there is none.</summary>
        public bool TrySend(out string text)
        {
            bool any = outgoing.Count > 0;
            text = any ? outgoing.Dequeue() : null;
            return any;
        }

        /// <summary>The transport begins to connect.</summary>
        public void Calling()
        {
            WantsClose = false;
            Become(ConnectionState.Connecting, "Connecting to the bridge.", "");
        }

        /// <summary>The transport is connected: the hello goes out.</summary>
        public void Opened(double now)
        {
            WantsClose = false;
            RefusedForGood = false;
            Clock.Reset();
            outgoing.Clear();
            openedAt = now;
            receivedAt = now;
            Become(ConnectionState.Connecting, "Connected; waiting for the bridge's welcome.", "");
            outgoing.Enqueue(messages.Hello(Options, characters));
        }

        /// <summary>The transport is gone, with WebSocket's closing code and reason.</summary>
        public void Lost(double now, int code, string reason)
        {
            bool was = State == ConnectionState.Connected;
            double bridge = BridgeTime(now);
            for (int index = 0; index < characters.Count; index++)
            {
                characters[index].Leave(bridge);
                dispatch.Progress(characters[index], bridge);
            }
            byNumber.Clear();
            outgoing.Clear();
            WantsClose = false;
            goneSince = was ? now : Math.Min(goneSince, now);
            if (State == ConnectionState.Refused || Refusals.IsRefusal(code))
            {
                Refuse(code, State == ConnectionState.Refused ? Message : reason);
                return;
            }
            Become(ConnectionState.Lost, Refusals.LostWords(code, reason), Refusals.LostAdvice(code));
            Happened(new BridgeEvent { Kind = BridgeEventKind.Lost, Text = Message, Suggestion = Suggestion });
        }

        /// <summary>Try again although the bridge refused.</summary>
        public void Forgive()
        {
            RefusedForGood = false;
        }

        public void ReceiveText(string text, double now)
        {
            receivedAt = now;
            JsonValue message;
            string problem;
            bool read = JsonValue.TryParse(text, out message, out problem) && message["type"].Kind == JsonKind.String;
            if (!read)
            {
                health.Add("The bridge sent text that is not a message. " + problem, "Update the bridge or the package.");
                return;
            }
            switch (message.Text("type"))
            {
                case "welcome":
                    Greet(message, now);
                    break;
                case "refused":
                    Refuse(Refusals.Code(message.Text("code")), message.Text("message"));
                    break;
                case "pong":
                    Clock.Answer(message.Number("sent", double.NaN), now, message.Number("now", double.NaN));
                    break;
                case "note":
                    Told(BridgeEventKind.Note, message);
                    break;
                case "result":
                    Told(BridgeEventKind.Result, message);
                    break;
                default:
                    GameCharacter character;
                    if (byNumber.TryGetValue(message.Integer("character"), out character))
                    {
                        dispatch.Take(character, message, BridgeTime(now), now);
                    }
                    break;
            }
        }

        public void ReceiveBinary(byte[] data, int count, double now)
        {
            receivedAt = now;
            if (Welcome == null || State != ConnectionState.Connected)
            {
                return;
            }
            MotionMessage motion;
            SoundMessage sound;
            GameCharacter character;
            if (count > 0 && data[0] == 1)
            {
                if (!MotionMessage.TryRead(data, count, Welcome.Channels.Count, Welcome.Bones.Count, out motion))
                {
                    health.Add("A frame of the bridge's was cut or not as the welcome said.", "Update the package.");
                    return;
                }
                double bridge = BridgeTime(now);
                bool settled = Clock.Settled(now);
                while (motion.Next())
                {
                    if (byNumber.TryGetValue(motion.Character, out character))
                    {
                        if (settled)
                        {
                            health.Frame(motion.At - bridge, character.Motion);
                        }
                        character.Motion.Add(motion.At, data, motion.Values, motion.BoneCount);
                    }
                }
            }
            else if (SoundMessage.TryRead(data, count, out sound))
            {
                if (byNumber.TryGetValue(sound.Character, out character) && character.HasSound)
                {
                    character.Sound.Write(data, sound);
                }
            }
            else if (count == 0 || data[0] == 2)
            {
                health.Add("A piece of the bridge's sound was cut short.", "Update the package.");
            }
        }

        /// <summary>Do what is due: pings, reports, playheads, cues. Once a frame, before characters are sampled.</summary>
        public void Advance(double now, double deltaTime)
        {
            health.Tick(deltaTime);
            double bridge = BridgeTime(now);
            for (int index = 0; index < characters.Count; index++)
            {
                characters[index].Follow(now, bridge);
                dispatch.Progress(characters[index], bridge);
                TellPlaying(characters[index], now);
            }
            if (State == ConnectionState.Connecting && outgoing.Count == 0 && now - openedAt > WelcomeWithin && openedAt > 0)
            {
                GiveUp("The bridge did not answer the hello within " + WelcomeWithin + " s.");
            }
            if (State != ConnectionState.Connected)
            {
                return;
            }
            if (Clock.PingDue(now))
            {
                Send(messages.Ping(now), false);
            }
            if (now >= reportAt)
            {
                reportAt = now + ReportEvery;
                Send(health.Report(messages), false);
            }
            if (now - receivedAt > SilenceWithin)
            {
                GiveUp("Nothing came from the bridge for " + SilenceWithin + " s.");
            }
        }

        /// <summary>Seconds beyond the first without a bridge, at `now`; what it last showed goes to rest then.</summary>
        internal double SecondsGone(double now)
        {
            return State == ConnectionState.Connected || double.IsInfinity(goneSince) ? 0 : now - goneSince - Relaxed;
        }

        internal void Happened(BridgeEvent happened)
        {
            if (events.Count >= MostEvents)
            {
                events.Dequeue();
            }
            events.Enqueue(happened);
        }

        private void Greet(JsonValue message, double now)
        {
            Welcome = new Welcome(message);
            Clock.Guess(Welcome.Now, now);
            goneSince = double.PositiveInfinity;
            reportAt = now + ReportEvery;
            RefusedForGood = false;
            Become(ConnectionState.Connected, "Connected to Avatar Bridge " + Welcome.Version + ".", "");
            Happened(new BridgeEvent { Kind = BridgeEventKind.Connected, Text = Message });
            Cast(message);
        }

        private void Cast(JsonValue message)
        {
            byNumber.Clear();
            JsonValue told = message["characters"];
            for (int pass = 0; pass < 2; pass++)
            {
                for (int index = 0; index < told.Count; index++)
                {
                    int number = told[index].Integer("number", -1);
                    // whatever the main character is called, the game may call it nothing
                    GameCharacter character = Find(pass == 0 ? told[index].Text("name") : "");
                    if (character != null && number >= 0 && !byNumber.ContainsKey(number) && !character.Known)
                    {
                        character.Number = number;
                        byNumber[number] = character;
                        character.Learn(Welcome);
                    }
                }
            }
            JsonValue unknown = message["unknown"];
            for (int index = 0; index < unknown.Count; index++)
            {
                Happened(new BridgeEvent
                {
                    Kind = BridgeEventKind.UnknownCharacter,
                    Character = Find(unknown[index].Text("name")),
                    Text = unknown[index].Text("message"),
                    Suggestion = unknown[index].Text("nearest")
                });
            }
        }

        private void TellPlaying(GameCharacter character, double now)
        {
            PlayingReport report;
            if (character.HasSound && Clock.Settled(now) && character.Sound.TakeReport(now, Clock.Offset, out report))
            {
                Send(messages.Playing(character.Number, report), true);
            }
            if (character.HasSound && character.Sound.IsStuck(now))
            {
                Problem("The game was given a voice to play, and nothing plays it.",
                    "Add an AvatarBridgeAudio with an AudioSource, and an AudioListener that is switched on.");
            }
        }

        private void Refuse(int code, string words)
        {
            bool told = State == ConnectionState.Refused;
            RefusedForGood = Refusals.IsForGood(code) || told && RefusedForGood;
            Become(ConnectionState.Refused, words, told ? Suggestion : Refusals.Advice(code));
            if (!told)
            {
                Happened(new BridgeEvent { Kind = BridgeEventKind.Refused, Text = words, Suggestion = Suggestion });
            }
        }

        private void GiveUp(string words)
        {
            WantsClose = true;
            Message = words;
        }

        private void Become(ConnectionState state, string message, string suggestion)
        {
            State = state;
            Message = message;
            Suggestion = suggestion;
        }

        /// <summary>Queue a text; where too much waits already, what may be lost is left out.</summary>
        private bool Send(string text, bool kept)
        {
            if (outgoing.Count >= MostWaiting && !kept)
            {
                return false;
            }
            if (outgoing.Count >= 4 * MostWaiting)
            {
                GiveUp("The bridge takes nothing any more.");
                return false;
            }
            outgoing.Enqueue(text);
            return true;
        }
    }
}
