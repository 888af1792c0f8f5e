using System.Collections.Generic;
using NUnit.Framework;
using UnityEngine;

namespace AvatarBridge
{
    [TestFixture]
    public class FaceTests
    {
        private Stage _stage;
        private AvatarBridgeFace _face;
        private SkinnedMeshRenderer _mesh;

        [SetUp]
        public void SetUp()
        {
            _stage = new Stage();
        }

        [TearDown]
        public void TearDown()
        {
            CollectionAssert.IsEmpty(Debug.errors);
        }

        private void Wear(params string[] shapes)
        {
            _mesh = _stage.Figure.AddComponent<SkinnedMeshRenderer>();
            _mesh.sharedMesh = Mesh.With(shapes);
            _face = _stage.Figure.AddComponent<AvatarBridgeFace>();
        }

        private float Weight(string shape)
        {
            return _mesh.GetBlendShapeWeight(_mesh.sharedMesh.GetBlendShapeIndex(shape));
        }

        [Test]
        public void ArkitVisemesAreComposed()
        {
            Wear("jawOpen", "mouthFunnel", "mouthPucker", "eyeBlink_L", "eyeBlink_R", "mouthSmileLeft", "mouthSmileRight", "browInnerUp", "noseSneerLeft");
            _stage.Begin();
            Assert.AreEqual(FaceStyle.Arkit, _face.FoundStyle);
            _stage.Hold(0.3, "oh", 1f, "mouth_open", 0.8f, "blink_left", 0.5f);
            Assert.AreEqual(40f, Weight("jawOpen"), 1f);
            Assert.AreEqual(65f, Weight("mouthFunnel"), 1f);
            Assert.AreEqual(50f, Weight("eyeBlink_L"), 1f);
            Assert.AreEqual(0f, Weight("eyeBlink_R"), 0.1f);
            Assert.AreEqual(0f, Weight("noseSneerLeft"));
            _stage.Hold(0.3, "mouth_open", 1f);
            Assert.AreEqual(70f, Weight("jawOpen"), 1f);
        }

        [TestCase("Face.M_F00_000_00_Fcl_MTH_{0}", FaceStyle.Vroid)]
        [TestCase("vrc.v_{1}", FaceStyle.Oculus)]
        [TestCase("{0}", FaceStyle.Vrm)]
        [TestCase("{1}", FaceStyle.Vrm)]
        [TestCase("{2}", FaceStyle.Mmd)]
        public void VisemesAreFoundByTheirNames(string pattern, FaceStyle style)
        {
            string[] old = { "A", "I", "U", "E", "O" };
            string[] channels = { "aa", "ih", "ou", "ee", "oh" };
            string[] names = style == FaceStyle.Oculus ? new[] { "aa", "ih", "ou", "e", "oh" } : channels;
            string[] kana = { "あ", "い", "う", "え", "お" };
            var shapes = new List<string>();
            for (var index = 0; index < 5; index++) shapes.Add(string.Format(pattern, old[index], names[index], kana[index]));
            Wear(shapes.ToArray());
            _stage.Begin();
            Assert.AreEqual(style, _face.FoundStyle);
            for (var index = 0; index < 5; index++)
            {
                _stage.Hold(0.2, channels[index], 1f, "mouth_open", 1f);
                for (var other = 0; other < 5; other++) Assert.AreEqual(other == index ? 100f : 0f, Weight(shapes[other]), 1f, shapes[other]);
            }
        }

        [Test]
        public void AFaceWithOneMouthShapeOpensByIt()
        {
            Wear("A", "Blink");
            _stage.Begin();
            _stage.Hold(0.3, "oh", 1f, "mouth_open", 0.6f, "blink_left", 1f, "blink_right", 1f);
            Assert.AreEqual(60f, Weight("A"), 1f);
            Assert.AreEqual(100f, Weight("Blink"), 1f);
        }

        [Test]
        public void OwnRowsGoFirstAndOtherShapesStayUntouched()
        {
            Wear("MyMouth", "aa", "ih", "ou", "ee", "oh", "Chubby");
            _mesh.SetBlendShapeWeight(6, 33f);
            var writes = _mesh.writes;
            _face.Custom.Add(new AvatarBridgeFace.CustomShape { channel = "aa", shape = "MyMouth", weight = 0.5f });
            _stage.Begin();
            _stage.Hold(0.2, "aa", 1f);
            Assert.AreEqual(50f, Weight("MyMouth"), 1f);
            Assert.AreEqual(0f, Weight("aa"), 0.1f);
            Assert.AreEqual(33f, Weight("Chubby"));
            Assert.Greater(_mesh.writes, writes);
        }

        [Test]
        public void AnEmotionQuietensTheMouthAndShutEyesDoNotShutTwice()
        {
            Wear("aa", "ih", "ou", "ee", "oh", "happy", "blinkLeft", "blinkRight");
            _stage.Begin();
            _stage.Hold(0.3, "aa", 1f, "happy", 1f, "blink_left", 1f);
            Assert.AreEqual(50f, Weight("aa"), 1f);
            Assert.AreEqual(100f, Weight("happy"), 1f);
            Assert.AreEqual(20f, Weight("blinkLeft"), 1f);
        }

        [Test]
        public void DisabledItPutsTheFaceBack()
        {
            Wear("aa", "ih", "ou", "ee", "oh");
            _mesh.SetBlendShapeWeight(0, 10f);
            _stage.Begin();
            _stage.Hold(0.3, "aa", 1f);
            Assert.AreEqual(100f, Weight("aa"), 1f);
            _face.enabled = false;
            Assert.AreEqual(10f, Weight("aa"), 0.01f);
        }

        [Test]
        public void ANativeExpressionFadesInHoldsAndIsReleased()
        {
            Wear("aa", "HeartEyes");
            _face.NativeExpressions.Add("HeartEyes");
            _stage.Begin();
            Assert.AreEqual("HeartEyes", _stage.Bridge.Last("hello")["characters"][0]["natives"].Texts("expression")[0]);
            _stage.Bridge.Say("{'type':'act','character':0,'action':'love','kind':'expression','at':0,'strength':0.8,'duration':null,'native':{'expression':'HeartEyes'}}");
            _stage.Run(0.1);
            Assert.Greater(Weight("HeartEyes"), 1f);
            Assert.Less(Weight("HeartEyes"), 60f);
            _stage.Run(1);
            var full = Weight("HeartEyes");
            Assert.Greater(full, 70f);
            _stage.Bridge.Say("{'type':'release','character':0,'action':'love','cue':null,'at':null}");
            _stage.Run(1);
            Assert.AreEqual(0f, Weight("HeartEyes"), 0.01f);
        }

        [Test]
        public void Vrm0ExpressionsAreMoved()
        {
            var proxy = _stage.Figure.AddComponent<VRM.VRMBlendShapeProxy>();
            proxy.BlendShapeAvatar = new VRM.BlendShapeAvatar();
            foreach (var preset in new[] { VRM.BlendShapePreset.A, VRM.BlendShapePreset.I, VRM.BlendShapePreset.U, VRM.BlendShapePreset.E, VRM.BlendShapePreset.O, VRM.BlendShapePreset.Joy, VRM.BlendShapePreset.Blink_L, VRM.BlendShapePreset.Blink_R, VRM.BlendShapePreset.LookUp })
                proxy.BlendShapeAvatar.Clips.Add(new VRM.BlendShapeClip { Preset = preset, BlendShapeName = preset.ToString() });
            _stage.Figure.AddComponent<AvatarBridgeVrm0Face>();
            Wear("Fcl_MTH_A");
            _stage.Begin();
            _stage.Hold(0.3, "oh", 1f, "blink_right", 0.7f);
            Assert.AreEqual(1f, proxy.applied["O"], 0.01f);
            Assert.AreEqual(0.7f, proxy.applied["Blink_R"], 0.01f);
            Assert.IsFalse(proxy.applied.ContainsKey("LookUp"));
            Assert.AreEqual(0f, Weight("Fcl_MTH_A"), "UniVRM writes its own shapes");
        }

        [Test]
        public void Vrm1ExpressionsAreMovedOnceTheyAreThere()
        {
            var instance = _stage.Figure.AddComponent<UniVRM10.Vrm10Instance>();
            _stage.Figure.AddComponent<AvatarBridgeVrm1Face>();
            _face = _stage.Figure.AddComponent<AvatarBridgeFace>();
            _stage.Begin();
            var expression = instance.Runtime.Expression;
            foreach (var preset in new[] { UniVRM10.ExpressionPreset.aa, UniVRM10.ExpressionPreset.ih, UniVRM10.ExpressionPreset.happy, UniVRM10.ExpressionPreset.blink })
                expression.Add(UniVRM10.ExpressionKey.CreateFromPreset(preset));
            _stage.Hold(0.3, "aa", 1f, "blink_left", 1f, "blink_right", 1f);
            Assert.AreEqual(1f, expression.weights["aa"], 0.01f);
            Assert.AreEqual(1f, expression.weights["blink"], 0.01f);
        }

        [Test]
        public void TheInspectorSaysWhatIsMissing()
        {
            Wear("aa", "ih");
            _face.Custom.Add(new AvatarBridgeFace.CustomShape { channel = "cheek", shape = "Blush", weight = 1f });
            var shown = string.Join("\n", UnityEditor.Editor.Inspect(typeof(FaceInspector), _face).ToArray());
            StringAssert.Contains("lacks the mouth shapes ou, ee, oh", shown);
            StringAssert.Contains("no mesh here has a blendshape \"blush\"", shown.ToLowerInvariant());
            GUILayout.press = "List blendshapes";
            UnityEditor.Editor.Inspect(typeof(FaceInspector), _face);
            GUILayout.press = null;
            Assert.AreEqual("aa\nih", GUIUtility.systemCopyBuffer);
        }
    }
}
