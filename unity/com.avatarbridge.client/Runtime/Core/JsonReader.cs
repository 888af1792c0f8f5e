using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace AvatarBridge
{
    /// <summary>
    /// Reads strict JSON (RFC 8259). Nesting is limited; a lone surrogate that was escaped stays what it is; of doubled
    /// names the last counts; a number beyond a double's range is refused.
    /// </summary>
    internal sealed class JsonReader
    {
        private const int Deepest = 64;
        private const long ExactMantissa = 1L << 53;

        private static readonly double[] Tens =
        {
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
            1e19, 1e20, 1e21, 1e22
        };

        private readonly string text;
        private int at;
        private int depth;
        private StringBuilder piece;

        public JsonReader(string text)
        {
            if (text == null)
            {
                throw new ArgumentNullException("text");
            }
            this.text = text;
        }

        public JsonValue Read()
        {
            Space();
            JsonValue value = Value();
            Space();
            if (at < text.Length)
            {
                throw Wrong("the end");
            }
            return value;
        }

        private JsonValue Value()
        {
            switch (Peek())
            {
                case '{':
                    return Object();
                case '[':
                    return Array();
                case '"':
                    return new JsonValue(String());
                case 't':
                    return Word("true", JsonValue.True);
                case 'f':
                    return Word("false", JsonValue.False);
                case 'n':
                    return Word("null", JsonValue.Null);
                default:
                    return new JsonValue(Number());
            }
        }

        private JsonValue Object()
        {
            Descend();
            var members = new Dictionary<string, JsonValue>(StringComparer.Ordinal);
            at++;
            Space();
            if (Peek() == '}')
            {
                at++;
                depth--;
                return new JsonValue(members);
            }
            while (true)
            {
                if (Peek() != '"')
                {
                    throw Wrong("a name in quotes");
                }
                string name = String();
                Space();
                if (Peek() != ':')
                {
                    throw Wrong("':'");
                }
                at++;
                Space();
                members[name] = Value();
                if (!More('}'))
                {
                    return new JsonValue(members);
                }
            }
        }

        private JsonValue Array()
        {
            Descend();
            var items = new List<JsonValue>();
            at++;
            Space();
            if (Peek() == ']')
            {
                at++;
                depth--;
                return new JsonValue(items);
            }
            while (true)
            {
                items.Add(Value());
                if (!More(']'))
                {
                    return new JsonValue(items);
                }
            }
        }

        /// <summary>Pass over what stands between two items; false after the closing bracket.</summary>
        private bool More(char closing)
        {
            Space();
            char next = Peek();
            if (next != ',' && next != closing)
            {
                throw Wrong("',' or '" + closing + "'");
            }
            at++;
            if (next == closing)
            {
                depth--;
                return false;
            }
            Space();
            return true;
        }

        private string String()
        {
            int start = ++at;
            while (at < text.Length && text[at] != '"' && text[at] != '\\' && text[at] >= ' ')
            {
                at++;
            }
            if (Peek() == '"')
            {
                return text.Substring(start, at++ - start);
            }
            if (piece == null)
            {
                piece = new StringBuilder();
            }
            piece.Length = 0;
            piece.Append(text, start, at - start);
            while (true)
            {
                char next = Peek();
                if (next == '"')
                {
                    at++;
                    return piece.ToString();
                }
                if (next < ' ')
                {
                    throw Wrong("an escape in place of a control character");
                }
                at++;
                piece.Append(next == '\\' ? Escaped() : next);
            }
        }

        private char Escaped()
        {
            char next = Peek();
            at++;
            switch (next)
            {
                case '"':
                case '\\':
                case '/':
                    return next;
                case 'b':
                    return '\b';
                case 'f':
                    return '\f';
                case 'n':
                    return '\n';
                case 'r':
                    return '\r';
                case 't':
                    return '\t';
                case 'u':
                    return Unit();
                default:
                    at--;
                    throw Wrong("an escape that JSON knows");
            }
        }

        private char Unit()
        {
            int value = 0;
            for (int count = 0; count < 4; count++)
            {
                char digit = Peek();
                int worth = digit >= '0' && digit <= '9' ? digit - '0'
                    : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                    : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                    : -1;
                if (worth < 0)
                {
                    throw Wrong("four hexadecimal digits");
                }
                value = value * 16 + worth;
                at++;
            }
            return (char)value;
        }

        private double Number()
        {
            int start = at;
            bool negative = at < text.Length && text[at] == '-';
            if (negative)
            {
                at++;
            }
            long mantissa = 0;
            int digits = 0;
            bool zero = at < text.Length && text[at] == '0';
            int whole = Digits(ref mantissa, ref digits);
            if (whole == 0 || (zero && whole > 1))
            {
                at = start;
                throw Wrong("a value");
            }
            int scale = 0;
            if (at < text.Length && text[at] == '.')
            {
                at++;
                scale = -Digits(ref mantissa, ref digits);
                if (scale == 0)
                {
                    throw Wrong("a digit");
                }
            }
            bool plain = true;
            if (at < text.Length && (text[at] == 'e' || text[at] == 'E'))
            {
                plain = false;
                at++;
                if (at < text.Length && (text[at] == '+' || text[at] == '-'))
                {
                    at++;
                }
                long ignored = 0;
                int count = 0;
                if (Digits(ref ignored, ref count) == 0)
                {
                    throw Wrong("a digit");
                }
            }
            if (plain && digits <= 18 && mantissa <= ExactMantissa && -scale < Tens.Length)
            {
                // both are exact doubles, so the quotient is the nearest one
                double value = mantissa / Tens[-scale];
                return negative ? -value : value;
            }
            return Slowly(start);
        }

        private double Slowly(int start)
        {
            double value;
            string written = text.Substring(start, at - start);
            bool read = double.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
            if (!read || double.IsInfinity(value))
            {
                at = start;
                throw Wrong("a number within the range of a double");
            }
            return value;
        }

        private int Digits(ref long mantissa, ref int significant)
        {
            int start = at;
            while (at < text.Length && text[at] >= '0' && text[at] <= '9')
            {
                if (significant < 18)
                {
                    mantissa = mantissa * 10 + (text[at] - '0');
                }
                if (mantissa != 0)
                {
                    significant++;
                }
                at++;
            }
            return at - start;
        }

        private JsonValue Word(string word, JsonValue value)
        {
            if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0)
            {
                throw Wrong("a value");
            }
            at += word.Length;
            return value;
        }

        private void Descend()
        {
            if (++depth > Deepest)
            {
                throw new JsonException("The text nests deeper than " + Deepest + " levels, at offset " + at + ".");
            }
        }

        private void Space()
        {
            while (at < text.Length && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t'))
            {
                at++;
            }
        }

        private char Peek()
        {
            if (at >= text.Length)
            {
                throw new JsonException("The text ends at offset " + at + ", inside a value.");
            }
            return text[at];
        }

        private JsonException Wrong(string expected)
        {
            string came = at < text.Length ? "'" + text[at] + "'" : "the end";
            return new JsonException("Expected " + expected + " at offset " + at + ", found " + came + ".");
        }
    }
}
