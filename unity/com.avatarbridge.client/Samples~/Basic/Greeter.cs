using UnityEngine;

namespace AvatarBridge.Samples
{
    /// <summary>Tells the bridge when the player comes near and goes away; what is said then is the bridge's affair.</summary>
    public sealed class Greeter : MonoBehaviour
    {
        [Tooltip("Who comes near.")]
        [SerializeField] private Transform player;
        [Tooltip("The character, as the bridge's settings name it. Empty: the main character.")]
        [SerializeField] private string character = "";
        [Tooltip("Metres within which the player is near.")]
        [SerializeField] private float near = 3f;
        [Tooltip("Metres beyond which the player is gone: more than the above, or it flickers at the border.")]
        [SerializeField] private float gone = 4f;

        private bool _there;

        public Transform Player
        {
            get { return player; }
            set { player = value; }
        }

        private void Update()
        {
            var client = AvatarBridgeClient.Current;
            if (player == null || client == null || client.State != ConnectionState.Connected) return;
            var distance = (player.position - transform.position).magnitude;
            if (!_there && distance < near) _there = client.Tell("player_near", character, "{\"distance\":" + distance.ToString("0.00", System.Globalization.CultureInfo.InvariantCulture) + "}");
            else if (_there && distance > gone) _there = !client.Tell("player_left", character);
        }
    }
}
