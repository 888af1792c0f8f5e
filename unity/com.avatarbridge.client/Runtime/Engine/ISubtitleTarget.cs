namespace AvatarBridge
{
    /// <summary>Something that shows a subtitle: implement it on a component beside AvatarBridgeSubtitles.</summary>
    public interface ISubtitleTarget
    {
        /// <summary>Show this text, with rich-text tags where words are highlighted; empty shows nothing.</summary>
        void Show(string text);
    }
}
