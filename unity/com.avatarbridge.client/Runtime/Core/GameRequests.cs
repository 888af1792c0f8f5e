using System;

namespace AvatarBridge
{
    /// <summary>What a game asks of the bridge and tells it.</summary>
    public sealed partial class GameConnection
    {
        private const int MostData = 4096;

        private int requests;

        /// <summary>Let a character speak tagged text; the answer is a Result event with the id that is returned.</summary>
        public string Say(GameCharacter character, string taggedText)
        {
            string id = NextId();
            if (string.IsNullOrEmpty(taggedText))
            {
                return Fail(id, "There is nothing to say.", "Give it some text.");
            }
            if (Ready(character, id))
            {
                Send(messages.Say(character.Number, taggedText, id), true);
            }
            return id;
        }

        public void Interrupt(GameCharacter character)
        {
            if (Ready(character, ""))
            {
                Send(messages.Interrupt(character.Number), true);
            }
        }

        /// <summary>Let a character do an action of its motion map at once; the answer is a Result event.</summary>
        public string Act(GameCharacter character, string action, double strength = 1, double? duration = null)
        {
            string id = NextId();
            if (Ready(character, id))
            {
                Send(messages.Act(character.Number, action, strength, duration, id), true);
            }
            return id;
        }

        /// <summary>
        /// Tell that something happened, of a character or (null) of none; `data` is a JSON object of at most 4096 bytes,
        /// or null. Raises ArgumentException in words for what the bridge would refuse.
        /// </summary>
        public void Tell(string name, GameCharacter about, string data)
        {
            if (string.IsNullOrEmpty(name) || name.Length > 64)
            {
                throw new ArgumentException("Expected an event's name of 1 to 64 characters, got '" + name + "'.");
            }
            JsonValue read = JsonValue.Null;
            string problem = null;
            bool good = data == null || JsonValue.TryParse(data, out read, out problem) && read.Kind == JsonKind.Object;
            if (!good || data != null && System.Text.Encoding.UTF8.GetByteCount(data) > MostData)
            {
                throw new ArgumentException("Expected a JSON object of at most " + MostData + " bytes as the data of '"
                    + name + "'. " + problem);
            }
            if (State == ConnectionState.Connected && (about == null || about.Known))
            {
                Send(messages.Event(name, about != null ? about.Number : (int?)null, data), true);
            }
        }

        /// <summary>Tell of something that the game cannot do: a Note event, and once to the bridge with the next report.</summary>
        public void Problem(string message, string suggestion)
        {
            if (health.Add(message, suggestion))
            {
                Happened(new BridgeEvent { Kind = BridgeEventKind.Note, Text = message, Suggestion = suggestion ?? "" });
            }
        }

        internal void Claim(GameCharacter character, bool claim)
        {
            if (character.Known)
            {
                Send(messages.Sound(character.Number, claim), true);
            }
        }

        internal void TellAbilities(GameCharacter character)
        {
            if (character.Known)
            {
                Send(messages.Abilities(character.Number, character.Actions, character.Natives), true);
            }
        }

        internal void Acted(GameCharacter character, Cue cue, double at)
        {
            if (character.Known)
            {
                long? utterance = cue.Id != null ? cue.Utterance : (long?)null;
                Send(messages.Acted(character.Number, utterance, cue.Id, cue.Action, at), true);
            }
        }

        private void Told(BridgeEventKind kind, JsonValue message)
        {
            Happened(new BridgeEvent
            {
                Kind = kind,
                Id = message.Text("id"),
                Flag = message.Boolean("ok"),
                Text = message.Text("message"),
                Suggestion = message.Text("suggestion")
            });
        }

        private string NextId()
        {
            requests++;
            return "r" + requests;
        }

        private bool Ready(GameCharacter character, string id)
        {
            if (State == ConnectionState.Connected && character.Known)
            {
                return true;
            }
            string words = State == ConnectionState.Connected
                ? "The bridge knows no character '" + character.Name + "'."
                : "There is no connection to the bridge.";
            Fail(id, words, "Start it with: avatar-bridge serve --driver game");
            return false;
        }

        private string Fail(string id, string words, string suggestion)
        {
            Happened(new BridgeEvent { Kind = BridgeEventKind.Result, Id = id, Text = words, Suggestion = suggestion });
            return id;
        }
    }
}
