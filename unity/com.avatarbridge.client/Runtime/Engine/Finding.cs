namespace AvatarBridge
{
    /// <summary>Something that is missing or wrong on an object, in words, and what to do about it.</summary>
    public struct Finding
    {
        public readonly string Message;
        public readonly string Suggestion;
        /// <summary>True where the component cannot do its work at all without it.</summary>
        public readonly bool Grave;

        public Finding(string message, string suggestion, bool grave)
        {
            Message = message;
            Suggestion = suggestion;
            Grave = grave;
        }

        public override string ToString()
        {
            return Message + " " + Suggestion;
        }
    }
}
