using UnityEditor;
using UnityEngine;

namespace AvatarBridge
{
    [CustomEditor(typeof(AvatarBridgeFace))]
    public sealed class FaceInspector : PartInspector
    {
        protected override void Buttons()
        {
            var face = (AvatarBridgeFace)target;
            if (GUILayout.Button("List blendshapes")) Findings.List("blendshapes", face.ShapeNames(), face);
        }

        protected override void State()
        {
            EditorGUILayout.LabelField("Face found", ((AvatarBridgeFace)target).FoundStyle.ToString());
        }
    }
}
