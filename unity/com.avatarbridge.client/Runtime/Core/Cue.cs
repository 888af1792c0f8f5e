namespace AvatarBridge
{
    /// <summary>What the game performs a cue with: `trigger` "Nod", `state` "Sit", `clip`, `expression`, `action`.</summary>
    public sealed class Native
    {
        private Native(string key, string name, JsonValue raw)
        {
            Key = key;
            Name = name;
            Raw = raw;
        }

        public string Key { get; private set; }
        public string Name { get; private set; }

        /// <summary>All that the bridge told.</summary>
        public JsonValue Raw { get; private set; }

        /// <summary>Read the member `native`; null where the cue comes as motion.</summary>
        public static Native Read(JsonValue value)
        {
            if (value.Kind != JsonKind.Object)
            {
                return null;
            }
            string chosen = "action";
            foreach (string key in value.Keys)
            {
                if (value[key].Kind == JsonKind.String)
                {
                    chosen = key;
                    break;
                }
            }
            return new Native(chosen, value.Text(chosen), value);
        }
    }

    /// <summary>Something that the character does at its place in the speech, or at once.</summary>
    public sealed class Cue
    {
        /// <summary>Number within the utterance; null outside a script.</summary>
        public int? Id { get; private set; }

        public string Action { get; private set; }

        /// <summary>gesture, expression, prop or scene.</summary>
        public string Kind { get; private set; }

        /// <summary>Utterance time of the word it belongs to; outside a script the bridge's time.</summary>
        public double At { get; private set; }

        /// <summary>Utterance time at which it begins: a gesture starts before its word.</summary>
        public double Start { get; private set; }

        public double? Duration { get; private set; }
        public double? Released { get; private set; }
        public double Strength { get; private set; }

        /// <summary>The tag as it stood in the text.</summary>
        public string Written { get; private set; }

        public int Char { get; private set; }

        /// <summary>Null: it comes as motion and is only told.</summary>
        public Native Native { get; private set; }

        /// <summary>The utterance it belongs to; -1 outside a script.</summary>
        public long Utterance { get; private set; }

        public bool IsGesture
        {
            get { return Kind == "gesture"; }
        }

        /// <summary>True where the game switches something on that stays until it is released.</summary>
        public bool IsHold
        {
            get { return Native != null && !(IsGesture && Duration != null); }
        }

        /// <summary>Read an item of a `cues` message.</summary>
        public static Cue ReadPlaced(JsonValue value, long utterance)
        {
            var cue = new Cue();
            cue.Id = value.Integer("id");
            cue.Action = value.Text("name");
            cue.At = value.Number("at");
            cue.Start = value.Number("start", cue.At);
            cue.Utterance = utterance;
            cue.Share(value);
            return cue;
        }

        /// <summary>Read an `act` message.</summary>
        public static Cue ReadAct(JsonValue value)
        {
            var cue = new Cue();
            cue.Action = value.Text("action");
            cue.At = value.Number("at");
            cue.Start = cue.At;
            cue.Utterance = -1;
            cue.Share(value);
            return cue;
        }

        private void Share(JsonValue value)
        {
            Kind = value.Text("kind", "gesture");
            Duration = value.Optional("duration");
            Released = value.Optional("released");
            Strength = value.Number("strength", 1);
            Written = value.Text("written");
            Char = value.Integer("char");
            Native = Native.Read(value["native"]);
        }
    }
}
