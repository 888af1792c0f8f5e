using UnityEngine;

namespace AvatarBridge.Samples
{
    /// <summary>Lets a character speak from a UI button: connect the button's On Click to Speak or Hush.</summary>
    public sealed class SpeakButton : MonoBehaviour
    {
        [SerializeField] private string character = "";
        [TextArea(2, 6)]
        [SerializeField] private string script = "Hi there! [wave] I'm [smile]so happy[/smile] you came.";

        public void Speak()
        {
            if (AvatarBridgeClient.Current != null) AvatarBridgeClient.Current.Say(character, script);
        }

        public void Hush()
        {
            if (AvatarBridgeClient.Current != null) AvatarBridgeClient.Current.Interrupt(character);
        }
    }
}
