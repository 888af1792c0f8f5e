namespace AvatarBridge
{
    /// <summary>What the bridge's closing codes mean, and what to do about them.</summary>
    internal static class Refusals
    {
        private const int Hello = 4400;
        private const int Token = 4401;
        private const int Version = 4426;
        private const int Full = 4503;
        private const int Slow = 4408;
        private const int GoingAway = 1001;

        public static int Code(string name)
        {
            return name == "token" ? Token : name == "version" ? Version : name == "full" ? Full : Hello;
        }

        public static bool IsRefusal(int code)
        {
            return code == Hello || code == Token || code == Version || code == Full;
        }

        /// <summary>True where trying again by oneself is of no use.</summary>
        public static bool IsForGood(int code)
        {
            return code == Token || code == Version;
        }

        public static string Advice(int code)
        {
            switch (code)
            {
                case Token:
                    return "Enter the token that avatar-bridge printed when it started; a fixed one is web.token in "
                        + "bridge.toml.";
                case Version:
                    return "Update this package and Avatar Bridge to versions that go together.";
                case Full:
                    return "Too many games are connecting; it tries again by itself.";
                default:
                    return "Start the bridge with: avatar-bridge serve --driver game";
            }
        }

        public static string LostWords(int code, string reason)
        {
            string words = string.IsNullOrEmpty(reason) ? "" : " (" + reason + ")";
            switch (code)
            {
                case Slow:
                    return "The bridge let go of the game: it took what was sent too slowly" + words + ".";
                case GoingAway:
                    return "The bridge was ended" + words + ".";
                case 1000:
                    return "The connection was closed" + words + ".";
                default:
                    return "The connection to the bridge is gone" + words + ".";
            }
        }

        public static string LostAdvice(int code)
        {
            return code == Slow
                ? "Look for long pauses in the game's main loop."
                : "Is it running? Start it with: avatar-bridge serve --driver game";
        }
    }
}
