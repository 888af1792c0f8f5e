using System.Globalization;
using System.Text;

namespace AvatarBridge
{
    /// <summary>Writes one JSON object after another into the same buffer; numbers are the same in every culture.</summary>
    public sealed class JsonWriter
    {
        private readonly StringBuilder text = new StringBuilder(512);
        private bool first = true;

        /// <summary>Begin a new text with an object.</summary>
        public JsonWriter Start()
        {
            text.Length = 0;
            text.Append('{');
            first = true;
            return this;
        }

        /// <summary>Close the outermost object and return the text.</summary>
        public string Finish()
        {
            text.Append('}');
            return text.ToString();
        }

        public JsonWriter Object(string name)
        {
            Name(name);
            return Open('{');
        }

        public JsonWriter EndObject()
        {
            return Shut('}');
        }

        public JsonWriter Array(string name)
        {
            Name(name);
            return Open('[');
        }

        public JsonWriter EndArray()
        {
            return Shut(']');
        }

        /// <summary>Begin an object as an array's next item.</summary>
        public JsonWriter Item()
        {
            Separate();
            return Open('{');
        }

        /// <summary>Add a string as an array's next item.</summary>
        public JsonWriter Item(string value)
        {
            Separate();
            Quote(value);
            return this;
        }

        public JsonWriter Text(string name, string value)
        {
            Name(name);
            Quote(value);
            return this;
        }

        /// <summary>Add a number; raises <see cref="JsonException"/> where it is not finite.</summary>
        public JsonWriter Number(string name, double value)
        {
            if (double.IsNaN(value) || double.IsInfinity(value))
            {
                throw new JsonException("JSON has no word for the number of '" + name + "': it is not finite.");
            }
            Name(name);
            text.Append(value.ToString("R", CultureInfo.InvariantCulture));
            return this;
        }

        public JsonWriter Integer(string name, long value)
        {
            Name(name);
            text.Append(value.ToString(CultureInfo.InvariantCulture));
            return this;
        }

        public JsonWriter Boolean(string name, bool value)
        {
            Name(name);
            text.Append(value ? "true" : "false");
            return this;
        }

        public JsonWriter Nothing(string name)
        {
            Name(name);
            text.Append("null");
            return this;
        }

        /// <summary>Add text that is JSON already.</summary>
        public JsonWriter Raw(string name, string json)
        {
            Name(name);
            text.Append(json);
            return this;
        }

        private void Name(string name)
        {
            Separate();
            Quote(name);
            text.Append(':');
        }

        private void Separate()
        {
            if (!first)
            {
                text.Append(',');
            }
            first = false;
        }

        private JsonWriter Open(char bracket)
        {
            text.Append(bracket);
            first = true;
            return this;
        }

        private JsonWriter Shut(char bracket)
        {
            text.Append(bracket);
            first = false;
            return this;
        }

        private void Quote(string value)
        {
            text.Append('"');
            for (int index = 0; value != null && index < value.Length; index++)
            {
                char unit = value[index];
                if (char.IsHighSurrogate(unit) && index + 1 < value.Length && char.IsLowSurrogate(value[index + 1]))
                {
                    text.Append(unit).Append(value[++index]);
                }
                else if (unit == '"' || unit == '\\')
                {
                    text.Append('\\').Append(unit);
                }
                else if (unit < ' ' || unit == '\x7f' || char.IsSurrogate(unit))
                {
                    // UTF-8 has no form for half of a pair
                    text.Append("\\u").Append(((int)unit).ToString("x4", CultureInfo.InvariantCulture));
                }
                else
                {
                    text.Append(unit);
                }
            }
            text.Append('"');
        }
    }
}
