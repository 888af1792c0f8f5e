namespace AvatarBridge
{
    /// <summary>What a game says of itself when it connects.</summary>
    public sealed class GameOptions
    {
        public GameOptions()
        {
            Token = "";
            GameName = "Game";
            Engine = "unity";
            GameVersion = "0.1.0";
            Speech = true;
            Motion = true;
            Captions = true;
            Sound = true;
            OutputRate = 48000;
            Protocol = GameMessages.Protocol;
            OldestProtocol = GameMessages.OldestProtocol;
        }

        /// <summary>The bridge's token; never written to a log.</summary>
        public string Token { get; set; }

        public string GameName { get; set; }
        public string Engine { get; set; }
        public string GameVersion { get; set; }

        /// <summary>Wants utterances with words, cues and mouth.</summary>
        public bool Speech { get; set; }

        /// <summary>Wants frames of the rig.</summary>
        public bool Motion { get; set; }

        public bool Captions { get; set; }

        /// <summary>Can play voices.</summary>
        public bool Sound { get; set; }

        /// <summary>Samples a second of the game's sound output.</summary>
        public int OutputRate { get; set; }

        internal int Protocol { get; set; }
        internal int OldestProtocol { get; set; }
    }
}
