namespace AvatarBridge
{
    public enum BridgeEventKind
    {
        /// <summary>The bridge let the game in.</summary>
        Connected,

        /// <summary>It did not: `Text` says why, `Suggestion` what to do.</summary>
        Refused,

        /// <summary>The connection is gone: `Text` says how.</summary>
        Lost,

        Note,

        /// <summary>The answer to say or act: `Id`, `Flag` (done), `Text`, `Suggestion`.</summary>
        Result,

        /// <summary>No character of that name: `Suggestion` is the nearest.</summary>
        UnknownCharacter,

        /// <summary>`Flag`: the game has the character's sound from now on; else `Id` names who has it.</summary>
        Turn,

        /// <summary>`Text` is idle, speaking, listening or thinking.</summary>
        State,

        UtteranceBegan,

        /// <summary>`Flag`: it was spoken to its end; `Text` is what was shown of it.</summary>
        UtteranceEnded,

        Cancelled,
        SegmentPlaced,
        CaptionsChanged,
        WordHeard,
        CueBegan,
        CueReleased,
        HoldsReset
    }

    /// <summary>Something that happened, to be taken from the connection's queue.</summary>
    public struct BridgeEvent
    {
        public BridgeEventKind Kind;
        public GameCharacter Character;
        public string Text;
        public string Suggestion;
        public string Id;
        public bool Flag;
        public long Utterance;
        public Cue Cue;
        public Word Word;

        /// <summary>The bridge's time, where there is one.</summary>
        public double At;
    }
}
