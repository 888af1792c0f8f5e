using UnityEngine;

namespace AvatarBridge
{
    /// <content>What stands in the console, so that nobody has to connect an event to learn what is wrong.</content>
    public sealed partial class AvatarBridgeClient
    {
        private bool _lossIsSaid;
        private string _turnIsSaid;

        private void Connected()
        {
            if (_lossIsSaid) Debug.Log("Avatar Bridge: connected again.", this);
            _lossIsSaid = false;
            _turnIsSaid = null;
            connected.Invoke();
        }

        private void Refused(ref BridgeEvent happened)
        {
            var what = happened.Suggestion ?? "";
            Debug.LogError("Avatar Bridge refused the connection: " + happened.Text + " " + what, this);
            refused.Invoke(happened.Text, what);
        }

        /// <summary>Said once until it is connected again; a connection that the game itself left is no loss.</summary>
        private void Lost(ref BridgeEvent happened)
        {
            if (State == ConnectionState.Lost && !_lossIsSaid)
            {
                _lossIsSaid = true;
                Debug.LogWarning("Avatar Bridge (" + address + "): " + happened.Text + " " + happened.Suggestion + " It is tried again by itself.", this);
            }
            lost.Invoke(happened.Text);
        }

        private void Noted(ref BridgeEvent happened)
        {
            var what = happened.Suggestion ?? "";
            Debug.LogWarning("Avatar Bridge: " + happened.Text + " " + what, this);
            note.Invoke(happened.Text, what);
        }

        private void Turned(ref BridgeEvent happened)
        {
            var body = happened.Character;
            if (body == null || body.HasSound || !body.WantsSound || string.IsNullOrEmpty(body.SoundHolder)) return;
            var words = string.IsNullOrEmpty(body.Name) ? body.SoundMessage : body.Name + ": " + body.SoundMessage;
            if (words == _turnIsSaid) return;
            _turnIsSaid = words;
            Debug.LogWarning("Avatar Bridge: no voice from here. " + words, this);
        }

        private void Unknown(ref BridgeEvent happened)
        {
            var near = string.IsNullOrEmpty(happened.Suggestion) ? "" : " The nearest name is \"" + happened.Suggestion + "\".";
            Debug.LogWarning("Avatar Bridge: " + happened.Text + near, this);
            note.Invoke(happened.Text, happened.Suggestion ?? "");
        }
    }
}
