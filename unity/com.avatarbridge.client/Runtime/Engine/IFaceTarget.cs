namespace AvatarBridge
{
    /// <summary>A face that has expressions by name instead of blendshapes (UniVRM's); a component beside the face finds it.</summary>
    public interface IFaceTarget
    {
        /// <summary>How many expressions there are; 0 while the model is still being loaded.</summary>
        int Count { get; }

        /// <summary>Name of an expression: VRM 1.0's preset names (aa, blinkLeft, happy) or a custom one.</summary>
        string Name(int index);

        /// <summary>Set one's weight, 0 to 1; seen after `Apply`.</summary>
        void Set(int index, float weight);

        /// <summary>Show what was set.</summary>
        void Apply();
    }
}
