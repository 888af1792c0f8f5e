namespace AvatarBridge
{
    /// <summary>What the bridge tells of one character, and what of it comes to pass as time goes on.</summary>
    internal sealed class CharacterMessages
    {
        private readonly GameConnection connection;

        public CharacterMessages(GameConnection connection)
        {
            this.connection = connection;
        }

        /// <summary>Take in a message; unknown types are passed over.</summary>
        public void Take(GameCharacter character, JsonValue message, double bridge, double now)
        {
            long utterance = message.Long("utterance", -1);
            switch (message.Text("type"))
            {
                case "utterance":
                    character.Begin(utterance);
                    Progress(character, bridge);
                    Tell(BridgeEventKind.UtteranceBegan, character, utterance);
                    break;
                case "segment":
                    Segment placed = character.Speech.Place(message);
                    if (placed != null)
                    {
                        Tell(BridgeEventKind.SegmentPlaced, character, utterance, placed.Text);
                    }
                    break;
                case "corrected":
                    character.Speech.Correct(message);
                    break;
                case "cues":
                    if (character.Speech.Replace(message))
                    {
                        character.Cues.Tell(character.Speech.Cues);
                    }
                    break;
                case "captions":
                    if (character.Speech.Show(message))
                    {
                        Tell(BridgeEventKind.CaptionsChanged, character, utterance);
                    }
                    break;
                case "clock":
                    if (utterance == character.Speech.Number)
                    {
                        double at = message.Number("now");
                        character.Clock(at, message.Number("heard"), message.Boolean("running"));
                    }
                    break;
                case "closed":
                    character.Speech.Close(message);
                    break;
                case "cancel":
                    character.Cancel(utterance, bridge);
                    Progress(character, bridge);
                    Tell(BridgeEventKind.Cancelled, character, utterance);
                    break;
                case "ended":
                    End(character, message, utterance, bridge);
                    break;
                case "sound_end":
                    if (character.HasSound)
                    {
                        character.Sound.Finish(utterance, message.Long("samples"));
                    }
                    break;
                default:
                    Act(character, message, bridge);
                    break;
            }
        }

        /// <summary>Begin and end what is due at the character's playhead.</summary>
        public void Progress(GameCharacter character, double bridge)
        {
            Cue cue;
            double heard = character.Heard;
            while (character.Cues.Next(heard, out cue) || character.Cues.NextAct(bridge, out cue))
            {
                connection.Acted(character, cue, bridge);
                Tell(BridgeEventKind.CueBegan, character, cue, bridge);
            }
            while (character.Cues.NextEnd(heard, out cue))
            {
                Tell(BridgeEventKind.CueReleased, character, cue, bridge);
            }
            Word word = character.NextWord();
            while (word != null)
            {
                connection.Happened(new BridgeEvent
                {
                    Kind = BridgeEventKind.WordHeard,
                    Character = character,
                    Utterance = character.Speech.Number,
                    Text = word.Text,
                    Word = word
                });
                word = character.NextWord();
            }
        }

        private void End(GameCharacter character, JsonValue message, long utterance, double bridge)
        {
            bool complete = message.Boolean("complete");
            bool news = character.End(utterance, message.Number("heard"), complete, bridge);
            Progress(character, bridge);
            if (news)
            {
                connection.Happened(new BridgeEvent
                {
                    Kind = BridgeEventKind.UtteranceEnded,
                    Character = character,
                    Utterance = utterance,
                    Flag = complete,
                    Text = message.Text("shown")
                });
            }
        }

        private void Act(GameCharacter character, JsonValue message, double bridge)
        {
            switch (message.Text("type"))
            {
                case "act":
                    character.Cues.Await(Cue.ReadAct(message));
                    Progress(character, bridge);
                    break;
                case "release":
                    JsonValue of = message["cue"];
                    int? id = of.Kind == JsonKind.Number ? of.AsInteger() : (int?)null;
                    double? at = character.Speech.Running ? message.Optional("at") : null;
                    character.Cues.Release(message.Text("action"), id, at);
                    Progress(character, bridge);
                    break;
                case "reset":
                    character.Cues.Reset();
                    Progress(character, bridge);
                    Tell(BridgeEventKind.HoldsReset, character, -1);
                    break;
                case "state":
                    character.State = message.Text("state", "idle");
                    Tell(BridgeEventKind.State, character, -1, character.State);
                    break;
                case "turn":
                    character.Turn(message.Boolean("has"), message.Text("holder"), message.Text("message"));
                    connection.Happened(new BridgeEvent
                    {
                        Kind = BridgeEventKind.Turn,
                        Character = character,
                        Flag = character.HasSound,
                        Text = character.SoundMessage,
                        Id = character.SoundHolder
                    });
                    break;
            }
        }

        private void Tell(BridgeEventKind kind, GameCharacter character, long utterance, string text = "")
        {
            connection.Happened(new BridgeEvent
            {
                Kind = kind,
                Character = character,
                Utterance = utterance,
                Text = text
            });
        }

        private void Tell(BridgeEventKind kind, GameCharacter character, Cue cue, double bridge)
        {
            connection.Happened(new BridgeEvent
            {
                Kind = kind,
                Character = character,
                Utterance = cue.Utterance,
                Text = cue.Action,
                Cue = cue,
                At = bridge
            });
        }
    }
}
