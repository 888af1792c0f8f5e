using System;
using System.Collections.Generic;

namespace AvatarBridge
{
    /// <summary>One character of the bridge in the game: what it says and does, and what its body shows now.</summary>
    public sealed class GameCharacter
    {
        private const double Closing = 0.05;
        private const double Stale = 0.15;
        private const double Afterwards = 1.0;

        private static readonly string[] MouthChannels = { "mouth_open", "aa", "ih", "ou", "ee", "oh" };

        private readonly GameConnection connection;
        private readonly Playhead told = new Playhead();
        private readonly CueScheduler cues = new CueScheduler();
        private readonly float[] mouth = new float[MouthSampler.Size];
        private readonly float[] shown = new float[MouthSampler.Size];
        private readonly int[] mouthPlaces = { -1, -1, -1, -1, -1, -1 };
        private double shutUntil = double.NegativeInfinity;
        private double sampledAt;
        private double heard = double.NegativeInfinity;
        private int wordsTold;

        internal GameCharacter(GameConnection connection, string name)
        {
            this.connection = connection;
            Name = name;
            Number = -1;
            State = "idle";
            SoundMessage = "";
            SoundHolder = "";
            Actions = new List<string>();
            Natives = new NativeNames();
            Speech = new UtteranceTimeline();
            Motion = new MotionSampler();
            Sound = new SoundSchedule(connection.Options.OutputRate);
            Channels = new float[0];
        }

        /// <summary>As the bridge's settings name it; empty for the main one.</summary>
        public string Name { get; private set; }

        /// <summary>The bridge's number for it while it is connected; -1 where it is not.</summary>
        public int Number { get; internal set; }

        /// <summary>True while the bridge has a character of that name.</summary>
        public bool Known
        {
            get { return Number >= 0; }
        }

        /// <summary>The game wants to play its voice; told when it connects, later on by <see cref="ClaimSound"/>.</summary>
        public bool WantsSound { get; set; }

        public bool HasSound { get; private set; }

        /// <summary>Why it has the sound or has not, in words.</summary>
        public string SoundMessage { get; private set; }

        /// <summary>Who has the sound, where another game does.</summary>
        public string SoundHolder { get; private set; }

        /// <summary>idle, speaking, listening or thinking.</summary>
        public string State { get; internal set; }

        /// <summary>Actions of the motion map that the game performs by itself.</summary>
        public IList<string> Actions { get; private set; }

        public NativeNames Natives { get; private set; }
        public UtteranceTimeline Speech { get; private set; }
        public MotionSampler Motion { get; private set; }
        public SoundSchedule Sound { get; private set; }

        /// <summary>The rig's channels as of the last <see cref="Sample"/>, in the order of the welcome.</summary>
        public float[] Channels { get; private set; }

        /// <summary>True while there is a place in an utterance.</summary>
        public bool HasPlayhead
        {
            get { return !double.IsInfinity(heard); }
        }

        /// <summary>Seconds of the utterance heard, as of the last advance; not a number where there is none.</summary>
        public double Playhead
        {
            get { return HasPlayhead ? heard : double.NaN; }
        }

        /// <summary>What stands as subtitle now; null where nothing does.</summary>
        public Caption Caption
        {
            get { return HasPlayhead ? Speech.CaptionAt(heard) : null; }
        }

        /// <summary>The word that is spoken now; null between words.</summary>
        public Word CurrentWord
        {
            get { return HasPlayhead ? Speech.WordAt(heard) : null; }
        }

        /// <summary>The value of a channel by its place in the welcome; 0 where there is none.</summary>
        public float Channel(int index)
        {
            return index >= 0 && index < Channels.Length ? Channels[index] : 0;
        }

        /// <summary>Ask for the sound, or give it up; the answer is a Turn event.</summary>
        public void ClaimSound(bool claim)
        {
            WantsSound = claim;
            connection.Claim(this, claim);
        }

        /// <summary>Tell anew what the body can do by itself, after a change.</summary>
        public void TellAbilities()
        {
            connection.TellAbilities(this);
        }

        /// <summary>Bring channels, bones and mouth to the client's time `now`; allocates nothing.</summary>
        public void Sample(double now)
        {
            double bridge = connection.BridgeTime(now);
            double seconds = Math.Min(Math.Max(now - sampledAt, 0), 0.1);
            sampledAt = now;
            Follow(now, bridge);
            if (!Motion.Sample(bridge, Channels))
            {
                Array.Clear(Channels, 0, Channels.Length);
            }
            double gone = connection.SecondsGone(now);
            if (gone > 0)
            {
                Relax((float)Math.Exp(-gone / 0.35));
            }
            Speak(bridge, seconds);
        }

        internal CueScheduler Cues
        {
            get { return cues; }
        }

        internal double Heard
        {
            get { return heard; }
        }

        internal void Learn(Welcome welcome)
        {
            Channels = new float[welcome.Channels.Count];
            Motion.Learn(welcome.Channels.Count, welcome.Bones.Count, welcome.Skeleton);
            for (int index = 0; index < MouthChannels.Length; index++)
            {
                mouthPlaces[index] = welcome.ChannelIndex(MouthChannels[index]);
                shown[index] = 0;
            }
        }

        /// <summary>The connection is gone: silence, shut mouth, and nothing begins.</summary>
        internal void Leave(double bridge)
        {
            Number = -1;
            HasSound = false;
            State = "idle";
            Sound.Clear();
            if (Speech.Running)
            {
                Speech.End(Speech.Number, false);
                Shut(bridge);
            }
            cues.Cancel();
            cues.Reset();
        }

        internal void Begin(long number)
        {
            Speech.Begin(number);
            cues.Begin();
            told.Begin();
            heard = double.NegativeInfinity;
            wordsTold = 0;
        }

        internal void Clock(double bridge, double position, bool running)
        {
            told.Follow(bridge, position, running);
        }

        internal void Cancel(long number, double bridge)
        {
            Sound.Stop(number);
            if (Speech.Cancel(number))
            {
                cues.Cancel();
                Shut(bridge);
            }
        }

        internal bool End(long number, double position, bool complete, double bridge)
        {
            if (!complete)
            {
                Cancel(number, bridge);
            }
            if (!Speech.End(number, complete))
            {
                return false;
            }
            told.End(position, complete);
            cues.End();
            return true;
        }

        internal void Turn(bool has, string holder, string message)
        {
            if (HasSound && !has)
            {
                Sound.Clear();
            }
            HasSound = has;
            SoundHolder = holder;
            SoundMessage = message;
        }

        /// <summary>Move the playhead; it never goes back within an utterance.</summary>
        internal void Follow(double now, double bridge)
        {
            bool over = Speech.Cancelled || !Speech.Running && heard > Speech.Duration + Afterwards;
            if (Speech.Number < 0 || over)
            {
                heard = double.NegativeInfinity;
                return;
            }
            bool own = Sound.Active && Sound.Utterance == Speech.Number;
            heard = Math.Max(heard, own ? Sound.Heard(now) : told.At(bridge));
        }

        /// <summary>The next word that has begun and was not told yet; null where none.</summary>
        internal Word NextWord()
        {
            return HasPlayhead && wordsTold <= Speech.WordIndex(heard) ? Speech.Words[wordsTold++] : null;
        }

        private void Shut(double bridge)
        {
            heard = double.NegativeInfinity;
            shutUntil = bridge + Stale;
        }

        private void Relax(float share)
        {
            for (int index = 0; index < Channels.Length; index++)
            {
                Channels[index] *= share;
            }
            Motion.Relax(share);
        }

        /// <summary>The utterance's mouth, else the frames'; after a cut neither, and never from open to shut at a blow.</summary>
        private void Speak(double bridge, double seconds)
        {
            bool own = HasPlayhead && !Speech.Cancelled && !Speech.Mouth.IsEmpty;
            if (own)
            {
                Speech.Mouth.Sample(heard, mouth);
            }
            float fall = (float)(seconds / Closing);
            for (int index = 0; index < MouthSampler.Size; index++)
            {
                int place = mouthPlaces[index];
                if (place < 0)
                {
                    continue;
                }
                float wanted = own ? mouth[index] : bridge < shutUntil ? 0 : Channels[place];
                float value = own ? wanted : Math.Max(wanted, shown[index] - fall);
                shown[index] = value;
                Channels[place] = value;
            }
        }
    }
}
