using System.Collections.Generic;

namespace AvatarBridge
{
    /// <summary>A problem in the game that whoever looks at the bridge should see.</summary>
    public struct Problem
    {
        public string Message;
        public string Suggestion;
    }

    /// <summary>Names in the game that motion maps may use, by what they are.</summary>
    public sealed class NativeNames
    {
        public NativeNames()
        {
            Triggers = new List<string>();
            States = new List<string>();
            Clips = new List<string>();
            Expressions = new List<string>();
        }

        public IList<string> Triggers { get; private set; }
        public IList<string> States { get; private set; }
        public IList<string> Clips { get; private set; }
        public IList<string> Expressions { get; private set; }
    }

    /// <summary>Everything that a game tells the bridge, as text: one method a message.</summary>
    public sealed class GameMessages
    {
        public const int Protocol = 1;
        public const int OldestProtocol = 1;

        private readonly JsonWriter writer = new JsonWriter();

        public string Hello(GameOptions options, IList<GameCharacter> characters)
        {
            Type("hello").Integer("protocol", options.Protocol).Integer("oldest", options.OldestProtocol)
                .Text("token", options.Token);
            writer.Object("client").Text("name", options.GameName).Text("engine", options.Engine)
                .Text("version", options.GameVersion).EndObject();
            writer.Array("capabilities");
            Offer(options.Sound, "sound");
            Offer(options.Motion, "motion");
            Offer(options.Speech, "speech");
            Offer(options.Captions, "captions");
            writer.EndArray().Array("characters");
            for (int index = 0; index < characters.Count; index++)
            {
                GameCharacter character = characters[index];
                writer.Item().Text("name", character.Name)
                    .Boolean("sound", options.Sound && character.WantsSound);
                Abilities(character.Actions, character.Natives);
                writer.EndObject();
            }
            return writer.EndArray().Finish();
        }

        public string Ping(double sent)
        {
            return Type("ping").Number("sent", sent).Finish();
        }

        public string Sound(int character, bool claim)
        {
            return Type("sound").Integer("character", character).Boolean("claim", claim).Finish();
        }

        public string Abilities(int character, IList<string> actions, NativeNames natives)
        {
            Type("abilities").Integer("character", character);
            Abilities(actions, natives);
            return writer.Finish();
        }

        public string Playing(int character, PlayingReport report)
        {
            return Type("playing").Integer("character", character).Integer("utterance", report.Utterance)
                .Number("start", report.Start).Number("late_ms", report.LateMs)
                .Number("latency_ms", report.LatencyMs).Integer("underruns", report.Underruns).Finish();
        }

        public string Acted(int character, long? utterance, int? cue, string action, double at)
        {
            Type("acted").Integer("character", character);
            Optional("utterance", utterance);
            Optional("cue", cue);
            return writer.Text("action", action).Number("at", at).Finish();
        }

        public string Report(double? marginMs, long lateFrames, double fps, IList<Problem> problems)
        {
            Type("report");
            if (marginMs != null)
            {
                writer.Number("margin_ms", marginMs.Value);
            }
            writer.Integer("late_frames", lateFrames).Number("fps", fps);
            writer.Array("problems");
            for (int index = 0; index < problems.Count; index++)
            {
                writer.Item().Text("message", problems[index].Message)
                    .Text("suggestion", problems[index].Suggestion).EndObject();
            }
            return writer.EndArray().Finish();
        }

        /// <summary>`data` is a JSON object that was checked already; null for an empty one.</summary>
        public string Event(string name, int? character, string data)
        {
            Type("event").Text("name", name);
            Optional("character", character);
            return writer.Raw("data", data ?? "{}").Finish();
        }

        public string Say(int character, string text, string id)
        {
            return Type("say").Integer("character", character).Text("text", text).Text("id", id).Finish();
        }

        public string Interrupt(int character)
        {
            return Type("interrupt").Integer("character", character).Finish();
        }

        public string Act(int character, string action, double strength, double? duration, string id)
        {
            Type("act").Integer("character", character).Text("action", action).Number("strength", strength);
            if (duration != null)
            {
                writer.Number("duration", duration.Value);
            }
            else
            {
                writer.Nothing("duration");
            }
            return writer.Text("id", id).Finish();
        }

        private JsonWriter Type(string type)
        {
            return writer.Start().Text("type", type);
        }

        private void Optional(string name, long? value)
        {
            if (value != null)
            {
                writer.Integer(name, value.Value);
            }
            else
            {
                writer.Nothing(name);
            }
        }

        private void Offer(bool offered, string capability)
        {
            if (offered)
            {
                writer.Item(capability);
            }
        }

        private void Abilities(IList<string> actions, NativeNames natives)
        {
            List("actions", actions);
            writer.Object("natives");
            List("trigger", natives.Triggers);
            List("state", natives.States);
            List("clip", natives.Clips);
            List("expression", natives.Expressions);
            writer.EndObject();
        }

        private void List(string name, IList<string> values)
        {
            writer.Array(name);
            for (int index = 0; index < values.Count; index++)
            {
                writer.Item(values[index]);
            }
            writer.EndArray();
        }
    }
}
