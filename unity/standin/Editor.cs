using System;
using System.Collections.Generic;
using UnityEngine;

namespace UnityEngine
{
    public sealed class GUIContent
    {
        public string text;
        public GUIContent(string text) { this.text = text; }
        public GUIContent(string text, string tooltip) { this.text = text; }
    }

    public static class GUILayout
    {
        /// <summary>The button that a test presses next; null presses none. Not part of Unity.</summary>
        public static string press;
        public static bool Button(string text) { return press == text; }
    }

    public static class GUIUtility
    {
        public static string systemCopyBuffer { get; set; }
    }
}

namespace UnityEditor
{
    public enum MessageType { None, Info, Warning, Error }

    public sealed class CustomEditor : Attribute
    {
        public readonly Type inspected;
        public CustomEditor(Type inspectedType) { inspected = inspectedType; }
        public CustomEditor(Type inspectedType, bool editorForChildClasses) { inspected = inspectedType; }
    }

    public sealed class CanEditMultipleObjects : Attribute { }

    public class Editor : UnityEngine.Object
    {
        public UnityEngine.Object target { get; set; }
        public UnityEngine.Object[] targets { get; set; }
        public virtual void OnInspectorGUI() { DrawDefaultInspector(); }
        public bool DrawDefaultInspector() { EditorGUILayout.shown.Add("fields"); return false; }
        public virtual bool RequiresConstantRepaint() { return false; }

        /// <summary>Draw the inspector of a component as Unity would. Not part of Unity.</summary>
        public static List<string> Inspect(Type editor, UnityEngine.Object target)
        {
            EditorGUILayout.shown.Clear();
            var made = (Editor)Activator.CreateInstance(editor);
            made.target = target;
            made.targets = new[] { target };
            made.OnInspectorGUI();
            return new List<string>(EditorGUILayout.shown);
        }
    }

    public static class EditorGUILayout
    {
        internal static readonly List<string> shown = new List<string>();
        public static void HelpBox(string message, MessageType type) { shown.Add(type + ": " + message); }
        public static void LabelField(string label) { shown.Add(label); }
        public static void LabelField(string label, string value) { shown.Add(label + " = " + value); }
        public static void Space() { }
    }

    public static class EditorApplication
    {
        public static bool isPlaying { get { return Application.isPlaying; } }
    }

    public static class Undo
    {
        public static void RecordObject(UnityEngine.Object target, string name) { }
    }

    public static class EditorUtility
    {
        public static void SetDirty(UnityEngine.Object target) { }
    }
}
