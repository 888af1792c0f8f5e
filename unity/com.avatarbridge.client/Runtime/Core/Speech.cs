using System.Collections.Generic;
using System.Text;

namespace AvatarBridge
{
    /// <summary>A spoken word; times are seconds of the utterance, `Char` its offset in the speech in code points.</summary>
    public sealed class Word
    {
        public Word(JsonValue value)
        {
            Text = value.Text("text");
            At = value.Number("at");
            Duration = value.Number("duration");
            Char = value.Integer("char");
        }

        public string Text { get; private set; }
        public double At { get; private set; }
        public double Duration { get; private set; }
        public int Char { get; private set; }
    }

    /// <summary>A stretch of speech that the voice made in one piece.</summary>
    public sealed class Segment
    {
        public Segment(JsonValue value)
        {
            Index = value.Integer("index");
            Text = value.Text("text");
            At = value.Number("at");
            Duration = value.Number("duration");
            Silence = value.Number("silence");
            JsonValue told = value["words"];
            var words = new List<Word>(told.Count);
            for (int index = 0; index < told.Count; index++)
            {
                words.Add(new Word(told[index]));
            }
            Words = words;
        }

        public int Index { get; private set; }
        public string Text { get; private set; }
        public double At { get; private set; }
        public double Duration { get; private set; }

        /// <summary>Seconds of silence before it.</summary>
        public double Silence { get; private set; }

        public IList<Word> Words { get; private set; }
    }

    /// <summary>A word of a subtitle.</summary>
    public sealed class CaptionWord
    {
        public CaptionWord(JsonValue value)
        {
            Text = value.Text("text");
            At = value.Number("at");
            End = value.Number("end");
        }

        public string Text { get; private set; }
        public double At { get; private set; }
        public double End { get; private set; }
    }

    /// <summary>One subtitle of one or two lines.</summary>
    public sealed class Caption
    {
        public Caption(JsonValue value)
        {
            At = value.Number("at");
            End = value.Number("end");
            JsonValue told = value["lines"];
            var lines = new List<IList<CaptionWord>>(told.Count);
            var plain = new StringBuilder();
            var row = new StringBuilder();
            for (int line = 0; line < told.Count; line++)
            {
                var words = new List<CaptionWord>(told[line].Count);
                for (int index = 0; index < told[line].Count; index++)
                {
                    var word = new CaptionWord(told[line][index]);
                    words.Add(word);
                    row.Append(word.Text);
                }
                lines.Add(words);
                plain.Append(line > 0 ? "\n" : "").Append(row.ToString().TrimEnd());
                row.Length = 0;
            }
            Lines = lines;
            PlainText = plain.ToString();
        }

        public double At { get; private set; }
        public double End { get; private set; }
        public IList<IList<CaptionWord>> Lines { get; private set; }

        /// <summary>All of it, lines parted by a line feed.</summary>
        public string PlainText { get; private set; }
    }
}
