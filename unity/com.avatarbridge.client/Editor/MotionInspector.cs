using UnityEditor;
using UnityEngine;

namespace AvatarBridge
{
    [CustomEditor(typeof(AvatarBridgeMotion))]
    public sealed class MotionInspector : PartInspector
    {
        protected override void Buttons()
        {
            var motion = (AvatarBridgeMotion)target;
            if (GUILayout.Button("List Animator triggers and switches")) Findings.List("triggers and switches", motion.ParameterNames(), motion);
        }

        protected override void State()
        {
            var body = ((AvatarBridgeMotion)target).Body;
            EditorGUILayout.LabelField("Late frames", body.Motion.LateFrames.ToString());
        }
    }
}
