using System.Collections.Generic;
using UnityEditor;
using UnityEngine;

namespace AvatarBridge
{
    /// <summary>What every inspector of a part shows: what is missing and what to do, the fields, the state while playing.</summary>
    [CustomEditor(typeof(AvatarBridgePart), true)]
    [CanEditMultipleObjects]
    public class PartInspector : Editor
    {
        private readonly List<Finding> _findings = new List<Finding>();

        public override void OnInspectorGUI()
        {
            var part = (AvatarBridgePart)target;
            _findings.Clear();
            part.Check(_findings);
            Findings.Draw(_findings);
            DrawDefaultInspector();
            Buttons();
            if (EditorApplication.isPlaying) Playing(part);
        }

        public override bool RequiresConstantRepaint()
        {
            return EditorApplication.isPlaying;
        }

        /// <summary>Add what helps to fill the fields in.</summary>
        protected virtual void Buttons()
        {
        }

        /// <summary>Add what the part is doing.</summary>
        protected virtual void State()
        {
        }

        private void Playing(AvatarBridgePart part)
        {
            EditorGUILayout.Space();
            EditorGUILayout.LabelField("Character", part.Body == null ? "waits for a client" : Named(part.Body));
            if (part.Body != null) State();
        }

        private static string Named(GameCharacter body)
        {
            var name = body.Name.Length == 0 ? "main character" : body.Name;
            return body.Known ? name + ", " + body.State : name + ", not known to the bridge";
        }
    }

    /// <summary>Findings as help boxes.</summary>
    internal static class Findings
    {
        public static void Draw(IList<Finding> findings)
        {
            foreach (var finding in findings)
                EditorGUILayout.HelpBox(finding.ToString(), finding.Grave ? MessageType.Error : MessageType.Warning);
        }

        /// <summary>Log names one a line, and leave them on the clipboard.</summary>
        public static void List(string what, IList<string> names, Object context)
        {
            if (names.Count == 0)
            {
                Debug.Log("Avatar Bridge: there are no " + what + " here.", context);
                return;
            }
            var lines = new string[names.Count];
            names.CopyTo(lines, 0);
            var text = string.Join("\n", lines);
            GUIUtility.systemCopyBuffer = text;
            Debug.Log("Avatar Bridge: " + names.Count + " " + what + " (copied):\n" + text, context);
        }
    }
}
