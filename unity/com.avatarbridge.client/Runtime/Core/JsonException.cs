using System;

namespace AvatarBridge
{
    /// <summary>Text that is not JSON, or a value that JSON has no word for; the message says what and where.</summary>
    public sealed class JsonException : FormatException
    {
        public JsonException(string message) : base(message)
        {
        }
    }
}
