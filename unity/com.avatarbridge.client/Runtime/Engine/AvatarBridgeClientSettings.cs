using System;
using System.Collections.Generic;

namespace AvatarBridge
{
    /// <content>What is set in the inspector or from code, and what is wrong with it.</content>
    public sealed partial class AvatarBridgeClient
    {
        public string Address
        {
            get { return address; }
            set { address = value; }
        }

        /// <summary>Set the token from code; it is read when the connection opens and never logged.</summary>
        public string Token
        {
            set { token = value; }
        }

        public string TokenVariable
        {
            get { return tokenVariable; }
            set { tokenVariable = value; }
        }

        public string TokenFile
        {
            get { return tokenFile; }
            set { tokenFile = value; }
        }

        public bool ConnectAtStart
        {
            get { return connectAtStart; }
            set { connectAtStart = value; }
        }

        public bool KeepAcrossScenes
        {
            get { return keepAcrossScenes; }
            set { keepAcrossScenes = value; }
        }

        /// <summary>True where a token is saved with the scene.</summary>
        public bool TokenIsSaved
        {
            get { return !string.IsNullOrEmpty(token); }
        }

        /// <summary>Names of characters that come later; to be set before enabling.</summary>
        public IList<string> LaterCharacters
        {
            get { return laterCharacters; }
        }

        /// <summary>Add to `into` what is missing on this object and what to do; works in edit mode too.</summary>
        public void Check(IList<Finding> into)
        {
            if (!address.StartsWith("ws://", StringComparison.Ordinal) && !address.StartsWith("wss://", StringComparison.Ordinal))
                into.Add(new Finding("The address is \"" + address + "\".", "Expected one like " + DefaultAddress + ".", true));
            string problem;
            if (AccessToken.Find(token, tokenVariable, tokenFile, out problem) == null)
                into.Add(new Finding(problem, "`avatar-bridge serve --driver game` prints the token.", true));
            if (TokenIsSaved)
                into.Add(new Finding("The token is saved in this scene.", "Use the environment variable or a file outside the project where others see the project.", false));
            if (keepAcrossScenes && transform.parent != null)
                into.Add(new Finding("Only an object at the top of the scene is kept across scenes.", "Move it to the top, or switch \"Keep Across Scenes\" off.", false));
        }
    }
}
