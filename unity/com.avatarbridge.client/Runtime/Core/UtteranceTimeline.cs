using System.Collections.Generic;

namespace AvatarBridge
{
    /// <summary>
    /// What is known of the utterance that a character speaks: segments, words, cues, subtitles and the mouth, each at its
    /// utterance time. Messages about another utterance than the newest are passed over.
    /// </summary>
    public sealed class UtteranceTimeline
    {
        private readonly List<Segment> segments = new List<Segment>();
        private readonly List<Word> words = new List<Word>();
        private readonly List<Caption> captions = new List<Caption>();
        private readonly List<Cue> cues = new List<Cue>();
        private int lastWord;
        private int lastCaption;

        public UtteranceTimeline()
        {
            Number = -1;
            Mouth = new MouthSampler();
        }

        /// <summary>-1 before the first utterance.</summary>
        public long Number { get; private set; }

        /// <summary>True from an utterance's beginning until it is over.</summary>
        public bool Running { get; private set; }

        /// <summary>True when no segment follows.</summary>
        public bool Closed { get; private set; }

        /// <summary>True when it was interrupted: what is held of it no longer counts.</summary>
        public bool Cancelled { get; private set; }

        /// <summary>Seconds placed so far, or of the whole once it is closed.</summary>
        public double Duration { get; private set; }

        public MouthSampler Mouth { get; private set; }

        public IList<Segment> Segments
        {
            get { return segments; }
        }

        public IList<Word> Words
        {
            get { return words; }
        }

        public IList<Cue> Cues
        {
            get { return cues; }
        }

        public IList<Caption> Captions
        {
            get { return captions; }
        }

        public void Begin(long number)
        {
            Number = number;
            Running = true;
            Closed = false;
            Cancelled = false;
            Duration = 0;
            segments.Clear();
            words.Clear();
            captions.Clear();
            cues.Clear();
            Mouth.Clear();
            lastWord = 0;
            lastCaption = 0;
        }

        /// <summary>Take in a `segment` message; null where it was known or belongs to another utterance.</summary>
        public Segment Place(JsonValue message)
        {
            if (!Speaks(message))
            {
                return null;
            }
            var segment = new Segment(message);
            for (int index = 0; index < segments.Count; index++)
            {
                if (segments[index].Index == segment.Index)
                {
                    return null;
                }
            }
            segments.Add(segment);
            words.AddRange(segment.Words);
            Mouth.Add(message["mouth"]);
            if (!Closed)
            {
                Duration = System.Math.Max(Duration, segment.At + segment.Duration);
            }
            return segment;
        }

        /// <summary>Take in a `corrected` message: a segment that is known, with its words and mouth at better times.</summary>
        public bool Correct(JsonValue message)
        {
            if (!Speaks(message))
            {
                return false;
            }
            var segment = new Segment(message);
            for (int index = 0; index < segments.Count; index++)
            {
                if (segments[index].Index == segment.Index)
                {
                    segments[index] = segment;
                    words.Clear();
                    for (int each = 0; each < segments.Count; each++)
                    {
                        words.AddRange(segments[each].Words);
                    }
                    Mouth.Replace(message["mouth"]);
                    return true;
                }
            }
            return false;
        }

        /// <summary>Take in a `cues` message, which replaces the list told before; false where it is of another one.</summary>
        public bool Replace(JsonValue message)
        {
            if (!Speaks(message))
            {
                return false;
            }
            cues.Clear();
            JsonValue told = message["cues"];
            for (int index = 0; index < told.Count; index++)
            {
                cues.Add(Cue.ReadPlaced(told[index], Number));
            }
            return true;
        }

        /// <summary>Take in a `captions` message, which replaces those from its `from` on.</summary>
        public bool Show(JsonValue message)
        {
            if (!Speaks(message))
            {
                return false;
            }
            int from = System.Math.Max(0, message.Integer("from"));
            if (from < captions.Count)
            {
                captions.RemoveRange(from, captions.Count - from);
            }
            JsonValue told = message["captions"];
            for (int index = 0; index < told.Count; index++)
            {
                captions.Add(new Caption(told[index]));
            }
            return true;
        }

        public bool Close(JsonValue message)
        {
            if (!Speaks(message))
            {
                return false;
            }
            Closed = true;
            Duration = message.Number("duration", Duration);
            return true;
        }

        /// <summary>It was interrupted: shut mouth, no subtitle.</summary>
        public bool Cancel(long number)
        {
            if (number != Number || !Running)
            {
                return false;
            }
            Cancelled = true;
            return true;
        }

        public bool End(long number, bool complete)
        {
            if (number != Number || !Running)
            {
                return false;
            }
            Running = false;
            Cancelled = Cancelled || !complete;
            return true;
        }

        /// <summary>What stands at `time`: the last caption that has begun, until its end; null where none does.</summary>
        public Caption CaptionAt(double time)
        {
            if (Cancelled)
            {
                return null;
            }
            lastCaption = System.Math.Min(lastCaption, System.Math.Max(0, captions.Count - 1));
            while (lastCaption > 0 && captions[lastCaption].At > time)
            {
                lastCaption--;
            }
            while (lastCaption + 1 < captions.Count && captions[lastCaption + 1].At <= time)
            {
                lastCaption++;
            }
            bool stands = lastCaption < captions.Count && captions[lastCaption].At <= time
                && time < captions[lastCaption].End;
            return stands ? captions[lastCaption] : null;
        }

        /// <summary>The word that is spoken at `time`; null between words.</summary>
        public Word WordAt(double time)
        {
            int index = WordIndex(time);
            return index >= 0 && time < words[index].At + words[index].Duration ? words[index] : null;
        }

        /// <summary>Index of the last word that has begun at `time`; -1 before the first.</summary>
        public int WordIndex(double time)
        {
            if (Cancelled || words.Count == 0 || !(time >= words[0].At))
            {
                return -1;
            }
            lastWord = System.Math.Min(lastWord, words.Count - 1);
            while (lastWord > 0 && words[lastWord].At > time)
            {
                lastWord--;
            }
            while (lastWord + 1 < words.Count && words[lastWord + 1].At <= time)
            {
                lastWord++;
            }
            return lastWord;
        }

        private bool Speaks(JsonValue message)
        {
            return message.Long("utterance", -1) == Number && Number >= 0 && !Cancelled;
        }
    }
}
