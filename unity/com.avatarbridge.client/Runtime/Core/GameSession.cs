using System;

namespace AvatarBridge
{
    /// <summary>
    /// Keeps a connection over a transport: carries messages both ways and connects again after 0.5 to 5 s. After a wrong
    /// token or version it waits for <see cref="Retry"/>.
    /// </summary>
    public sealed class GameSession
    {
        private const double FirstWait = 0.5;
        private const double LongestWait = 5.0;

        private readonly GameConnection connection;
        private readonly ITransport transport;
        private bool wanted;
        private bool up;
        private double wait = FirstWait;
        private double lastNow;
        private string unsent;

        public GameSession(GameConnection connection, ITransport transport)
        {
            this.connection = connection;
            this.transport = transport;
        }

        /// <summary>True where it will connect again by itself.</summary>
        public bool WillReconnect
        {
            get { return wanted && !connection.RefusedForGood; }
        }

        /// <summary>When it connects next, by the client's clock; meaningless while it is connected.</summary>
        public double NextAttempt { get; private set; }

        /// <summary>Connect with the next <see cref="Advance"/>, and keep connected.</summary>
        public void Open()
        {
            wanted = true;
            NextAttempt = double.NegativeInfinity;
        }

        /// <summary>Connect again now, whatever the bridge said last.</summary>
        public void Retry()
        {
            connection.Forgive();
            wait = FirstWait;
            Open();
        }

        public void Close()
        {
            wanted = false;
            if (up)
            {
                transport.Close();
                Down(lastNow, 1000, "The game closed the connection.");
            }
        }

        /// <summary>Do what is due; once a frame. `deltaTime`: seconds since the last frame.</summary>
        public void Advance(double now, double deltaTime)
        {
            lastNow = now;
            if (!up && WillReconnect && now >= NextAttempt)
            {
                up = true;
                connection.Calling();
                transport.Connect();
            }
            TransportEvent happened;
            while (up && transport.Poll(out happened))
            {
                Take(happened, happened.At > 0 ? happened.At : now);
            }
            connection.Advance(now, deltaTime);
            if (up && connection.WantsClose)
            {
                transport.Close();
                Down(now, 1006, connection.Message);
            }
            while (up && (unsent != null || connection.TrySend(out unsent)))
            {
                if (!transport.Send(unsent))
                {
                    break;
                }
                unsent = null;
            }
        }

        private void Take(TransportEvent happened, double now)
        {
            switch (happened.Kind)
            {
                case TransportEventKind.Opened:
                    connection.Opened(now);
                    break;
                case TransportEventKind.Text:
                    connection.ReceiveText(happened.Text, now);
                    break;
                case TransportEventKind.Binary:
                    connection.ReceiveBinary(happened.Data, happened.Count, now);
                    break;
                default:
                    Down(now, happened.Code, happened.Reason);
                    break;
            }
            if (connection.State == ConnectionState.Connected)
            {
                wait = FirstWait;
            }
        }

        private void Down(double now, int code, string reason)
        {
            up = false;
            unsent = null;
            connection.Lost(now, code, reason);
            NextAttempt = now + wait;
            wait = Math.Min(2 * wait, LongestWait);
        }
    }
}
