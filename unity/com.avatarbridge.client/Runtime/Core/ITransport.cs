namespace AvatarBridge
{
    public enum TransportEventKind
    {
        Opened,
        Text,
        Binary,
        Closed
    }

    /// <summary>Something that came in; `Data` is good until the next poll.</summary>
    public struct TransportEvent
    {
        public TransportEventKind Kind;
        public string Text;
        public byte[] Data;
        public int Count;

        /// <summary>WebSocket's closing code; 1006 where it ended without one.</summary>
        public int Code;

        public string Reason;

        /// <summary>When it came, by the client's clock; 0 where the transport does not know.</summary>
        public double At;
    }

    /// <summary>
    /// A way to the bridge. A platform without sockets of its own (WebGL) implements this on what it has: nothing here
    /// blocks, and everything is called from one thread.
    /// </summary>
    public interface ITransport
    {
        /// <summary>Begin to connect; an event Opened or Closed follows.</summary>
        void Connect();

        /// <summary>Take the oldest thing that came in; false where there is none.</summary>
        bool Poll(out TransportEvent happened);

        /// <summary>Send text; false where it cannot be taken now.</summary>
        bool Send(string text);

        /// <summary>Say goodbye and let go; no event need follow.</summary>
        void Close();
    }
}
