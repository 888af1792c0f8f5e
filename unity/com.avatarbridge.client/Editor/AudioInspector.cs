using UnityEditor;

namespace AvatarBridge
{
    [CustomEditor(typeof(AvatarBridgeAudio))]
    public sealed class AudioInspector : PartInspector
    {
        protected override void State()
        {
            var sound = (AvatarBridgeAudio)target;
            EditorGUILayout.LabelField("Voice", sound.Body.HasSound ? "played here" : Elsewhere(sound.Body));
            EditorGUILayout.LabelField("Waiting", (sound.Buffered * 1000).ToString("0") + " ms");
            EditorGUILayout.LabelField("Ran dry", sound.Underruns.ToString());
            EditorGUILayout.LabelField("Latency", (sound.Latency * 1000).ToString("0") + " ms");
        }

        private static string Elsewhere(GameCharacter body)
        {
            return string.IsNullOrEmpty(body.SoundMessage) ? "played elsewhere" : body.SoundMessage;
        }
    }
}
