using System;
using System.Collections.Generic;

namespace AvatarBridge
{
    public enum JsonKind
    {
        Null,
        Boolean,
        Number,
        String,
        Array,
        Object
    }

    /// <summary>
    /// A read-only JSON value. What is absent or of another kind reads as <see cref="Null"/> or as the fallback given: a
    /// newer bridge may add keys, and an older one may lack some.
    /// </summary>
    public sealed class JsonValue
    {
        public static readonly JsonValue Null = new JsonValue(JsonKind.Null);
        internal static readonly JsonValue True = new JsonValue(true);
        internal static readonly JsonValue False = new JsonValue(false);

        private readonly JsonKind kind;
        private readonly double number;
        private readonly string text;
        private readonly List<JsonValue> items;
        private readonly Dictionary<string, JsonValue> members;

        private JsonValue(JsonKind kind)
        {
            this.kind = kind;
        }

        private JsonValue(bool value)
        {
            kind = JsonKind.Boolean;
            number = value ? 1 : 0;
        }

        internal JsonValue(double value)
        {
            kind = JsonKind.Number;
            number = value;
        }

        internal JsonValue(string value)
        {
            kind = JsonKind.String;
            text = value;
        }

        internal JsonValue(List<JsonValue> value)
        {
            kind = JsonKind.Array;
            items = value;
        }

        internal JsonValue(Dictionary<string, JsonValue> value)
        {
            kind = JsonKind.Object;
            members = value;
        }

        public JsonKind Kind
        {
            get { return kind; }
        }

        public bool IsNull
        {
            get { return kind == JsonKind.Null; }
        }

        /// <summary>Number of items of an array or of members of an object; 0 for everything else.</summary>
        public int Count
        {
            get { return items != null ? items.Count : members != null ? members.Count : 0; }
        }

        /// <summary>The names of an object's members, in no order; none for everything else.</summary>
        public ICollection<string> Keys
        {
            get { return members != null ? (ICollection<string>)members.Keys : new string[0]; }
        }

        /// <summary>The member of that name; <see cref="Null"/> where there is none.</summary>
        public JsonValue this[string key]
        {
            get
            {
                JsonValue found;
                return members != null && members.TryGetValue(key, out found) ? found : Null;
            }
        }

        /// <summary>The item at that place; <see cref="Null"/> where there is none.</summary>
        public JsonValue this[int index]
        {
            get { return items != null && index >= 0 && index < items.Count ? items[index] : Null; }
        }

        /// <summary>Read a whole text; raises <see cref="JsonException"/> with the place where it is not JSON.</summary>
        public static JsonValue Parse(string text)
        {
            return new JsonReader(text).Read();
        }

        /// <summary>Read a whole text; false, and the problem in words, where it is not JSON.</summary>
        public static bool TryParse(string text, out JsonValue value, out string problem)
        {
            try
            {
                value = Parse(text);
                problem = null;
                return true;
            }
            catch (JsonException error)
            {
                value = Null;
                problem = error.Message;
                return false;
            }
        }

        public bool Has(string key)
        {
            return members != null && members.ContainsKey(key);
        }

        public string AsText(string fallback = "")
        {
            return kind == JsonKind.String ? text : fallback;
        }

        public double AsNumber(double fallback = 0)
        {
            return kind == JsonKind.Number ? number : fallback;
        }

        public bool AsBoolean(bool fallback = false)
        {
            return kind == JsonKind.Boolean ? number != 0 : fallback;
        }

        /// <summary>The number as an integer; the fallback where it is none or has no place in 32 bits.</summary>
        public int AsInteger(int fallback = 0)
        {
            bool whole = kind == JsonKind.Number && number >= int.MinValue && number <= int.MaxValue
                && Math.Floor(number) == number;
            return whole ? (int)number : fallback;
        }

        /// <summary>The number as an integer below 2^53; the fallback where it is none.</summary>
        public long AsLong(long fallback = 0)
        {
            bool whole = kind == JsonKind.Number && Math.Abs(number) <= 9007199254740992.0 && Math.Floor(number) == number;
            return whole ? (long)number : fallback;
        }

        public long Long(string key, long fallback = 0)
        {
            return this[key].AsLong(fallback);
        }

        public string Text(string key, string fallback = "")
        {
            return this[key].AsText(fallback);
        }

        public double Number(string key, double fallback = 0)
        {
            return this[key].AsNumber(fallback);
        }

        public int Integer(string key, int fallback = 0)
        {
            return this[key].AsInteger(fallback);
        }

        public bool Boolean(string key, bool fallback = false)
        {
            return this[key].AsBoolean(fallback);
        }

        /// <summary>The number, or null where the member is null, absent or something else.</summary>
        public double? Optional(string key)
        {
            JsonValue member = this[key];
            return member.kind == JsonKind.Number ? member.number : (double?)null;
        }

        /// <summary>The strings of an array; what is not a string is passed over.</summary>
        public string[] Texts(string key)
        {
            JsonValue array = this[key];
            var texts = new List<string>(array.Count);
            for (int index = 0; index < array.Count; index++)
            {
                if (array[index].kind == JsonKind.String)
                {
                    texts.Add(array[index].text);
                }
            }
            return texts.ToArray();
        }
    }
}
