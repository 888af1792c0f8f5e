using System;
using System.Collections.Generic;

namespace AvatarBridge
{
    /// <summary>The mouth of an utterance over time: a curve a segment; between them it is shut.</summary>
    public sealed class MouthSampler
    {
        /// <summary>Openness and the five visemes aa, ih, ou, ee, oh.</summary>
        public const int Size = 6;

        private struct Curve
        {
            public double At;
            public double Rate;
            public byte[] Open;
            public byte[] Shapes;
        }

        private readonly List<Curve> curves = new List<Curve>();
        private int last;

        public bool IsEmpty
        {
            get { return curves.Count == 0; }
        }

        public void Clear()
        {
            curves.Clear();
            last = 0;
        }

        /// <summary>Take in a segment's `mouth`; one that cannot be read leaves the mouth shut there.</summary>
        public void Add(JsonValue mouth)
        {
            byte[] open;
            byte[] shapes;
            if (TryBytes(mouth.Text("open"), out open) && TryBytes(mouth.Text("shapes"), out shapes))
            {
                Add(mouth.Number("at"), mouth.Number("rate", 100), open, shapes);
            }
        }

        /// <summary>Take in a `mouth` in place of the one that begins at the same time.</summary>
        public void Replace(JsonValue mouth)
        {
            double at = mouth.Number("at");
            for (int index = curves.Count - 1; index >= 0; index--)
            {
                if (curves[index].At == at)
                {
                    curves.RemoveAt(index);
                }
            }
            Add(mouth);
        }

        /// <summary>Take in a curve: `open` a byte a sample of 0..255, `shapes` five of them.</summary>
        public void Add(double at, double rate, byte[] open, byte[] shapes)
        {
            if (!(rate > 0) || open.Length == 0 || shapes.Length < 5 * open.Length)
            {
                return;
            }
            var curve = new Curve { At = at, Rate = rate, Open = open, Shapes = shapes };
            int place = curves.Count;
            while (place > 0 && curves[place - 1].At > at)
            {
                place--;
            }
            curves.Insert(place, curve);
            last = 0;
        }

        /// <summary>Write openness and visemes (0..1) at `time` seconds of the utterance into the first six places.</summary>
        public void Sample(double time, float[] into)
        {
            for (int index = 0; index < Size; index++)
            {
                into[index] = 0;
            }
            int found = Find(time);
            if (found < 0)
            {
                return;
            }
            Curve curve = curves[found];
            double place = (time - curve.At) * curve.Rate;
            int count = curve.Open.Length;
            // also refuses what is not a number
            if (!(place >= 0 && place <= count - 1))
            {
                return;
            }
            int early = Math.Min((int)place, count - 1);
            int late = Math.Min(early + 1, count - 1);
            float share = (float)(place - early);
            into[0] = Between(curve.Open[early], curve.Open[late], share);
            for (int shape = 0; shape < 5; shape++)
            {
                into[1 + shape] = Between(curve.Shapes[5 * early + shape], curve.Shapes[5 * late + shape], share);
            }
        }

        private int Find(double time)
        {
            int count = curves.Count;
            if (count == 0 || !(time >= curves[0].At))
            {
                return -1;
            }
            last = Math.Min(last, count - 1);
            while (last > 0 && curves[last].At > time)
            {
                last--;
            }
            while (last + 1 < count && curves[last + 1].At <= time)
            {
                last++;
            }
            return last;
        }

        private static float Between(byte early, byte late, float share)
        {
            return (early + share * (late - early)) / 255f;
        }

        private static bool TryBytes(string text, out byte[] bytes)
        {
            try
            {
                bytes = Convert.FromBase64String(text);
                return true;
            }
            catch (FormatException)
            {
                bytes = null;
                return false;
            }
        }
    }
}
