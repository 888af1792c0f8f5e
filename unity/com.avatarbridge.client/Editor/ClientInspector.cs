using System.Collections.Generic;
using UnityEditor;
using UnityEngine;

namespace AvatarBridge
{
    [CustomEditor(typeof(AvatarBridgeClient))]
    public sealed class ClientInspector : Editor
    {
        private readonly List<Finding> _findings = new List<Finding>();

        public override void OnInspectorGUI()
        {
            var client = (AvatarBridgeClient)target;
            _findings.Clear();
            client.Check(_findings);
            if (!Application.runInBackground)
                _findings.Add(new Finding("The game stops while its window is not in front, and the character with it.", "Switch on Project Settings, Player, Resolution and Presentation, Run In Background.", false));
            Findings.Draw(_findings);
            DrawDefaultInspector();
            if (!EditorApplication.isPlaying) return;
            EditorGUILayout.Space();
            var bad = client.State == ConnectionState.Refused || client.State == ConnectionState.Lost;
            EditorGUILayout.HelpBox(client.State + ". " + client.StateInWords, bad ? MessageType.Warning : MessageType.Info);
            if (client.State == ConnectionState.Refused && GUILayout.Button("Try again")) client.Retry();
            var connection = client.Connection;
            if (connection != null && client.State == ConnectionState.Connected)
                EditorGUILayout.LabelField("Round trip", (connection.Clock.RoundTrip * 1000).ToString("0.0") + " ms");
        }

        public override bool RequiresConstantRepaint()
        {
            return EditorApplication.isPlaying;
        }
    }
}
