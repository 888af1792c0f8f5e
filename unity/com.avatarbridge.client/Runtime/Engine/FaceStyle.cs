namespace AvatarBridge
{
    /// <summary>Whose names a face's blendshapes have.</summary>
    public enum FaceStyle
    {
        /// <summary>Find out by the names.</summary>
        Auto,
        /// <summary>ARKit's 52 shapes (jawOpen, mouthFunnel), also as `jawOpen_L`; MetaHuman-like and Ready Player Me faces.</summary>
        Arkit,
        /// <summary>VRM's expressions: 1.0 (aa, happy, blinkLeft) and 0.x (A, Joy, Blink_L), as UniVRM has them.</summary>
        Vrm,
        /// <summary>VRoid Studio's shapes (Fcl_MTH_A, Fcl_EYE_Close).</summary>
        Vroid,
        /// <summary>MikuMikuDance's (あ, まばたき, 笑い).</summary>
        Mmd,
        /// <summary>Oculus visemes (viseme_aa, vrc.v_aa): Ready Player Me, VRChat.</summary>
        Oculus,
        /// <summary>Only the custom table.</summary>
        Custom
    }
}
