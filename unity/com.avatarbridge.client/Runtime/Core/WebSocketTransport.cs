using System;
using System.Collections.Generic;
using System.IO;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace AvatarBridge
{
    /// <summary>
    /// A WebSocket on threads of its own, which never touch the engine. What comes in waits in a bounded queue: of motion
    /// the newest messages only; for anything else the reading stops until there is room.
    /// </summary>
    public sealed class WebSocketTransport : ITransport
    {
        private const int MostWaiting = 4096;
        private const int MostMotion = 8;
        private const int MostUnsent = 1024;
        private const int Largest = 16 << 20;
        private const int PatienceMs = 2000;
        private const int ConnectMs = 5000;

        private readonly Uri address;
        private readonly Func<double> clock;
        private readonly object gate = new object();
        private readonly LinkedList<TransportEvent> incoming = new LinkedList<TransportEvent>();
        private readonly Queue<string> outgoing = new Queue<string>();
        private readonly Stack<byte[]> buffers = new Stack<byte[]>();
        private int motionWaiting;
        private byte[] lent;
        private Line current;

        /// <summary>One connection: what its threads share.</summary>
        private sealed class Line
        {
            public readonly ClientWebSocket Socket = new ClientWebSocket();
            public readonly CancellationTokenSource Ending = new CancellationTokenSource();
            public bool Left;
            public bool Open;
        }

        /// <summary>
        /// `address`: ws://127.0.0.1:8787/v1/game. `clock`: what the game's `now` is read from, safe on any thread, so that
        /// answers to pings are timed when they come and not when a frame begins.
        /// </summary>
        public WebSocketTransport(string address, Func<double> clock = null)
        {
            Uri parsed;
            bool good = Uri.TryCreate(address, UriKind.Absolute, out parsed) && (parsed.Scheme == "ws" || parsed.Scheme == "wss");
            if (!good)
            {
                throw new ArgumentException("Expected an address such as ws://127.0.0.1:8787/v1/game, got '" + address + "'.");
            }
            this.address = parsed;
            this.clock = clock;
        }

        public void Connect()
        {
            Close();
            var line = new Line();
            lock (gate)
            {
                incoming.Clear();
                outgoing.Clear();
                motionWaiting = 0;
                current = line;
            }
            Start(() => Receive(line), "Avatar Bridge receiver");
        }

        public bool Poll(out TransportEvent happened)
        {
            lock (gate)
            {
                if (lent != null && buffers.Count < 2 * MostMotion)
                {
                    buffers.Push(lent);
                }
                lent = null;
                if (incoming.Count == 0)
                {
                    happened = new TransportEvent();
                    return false;
                }
                happened = incoming.First.Value;
                incoming.RemoveFirst();
                lent = happened.Data;
                if (IsMotion(happened))
                {
                    motionWaiting--;
                }
                Monitor.PulseAll(gate);
                return true;
            }
        }

        public bool Send(string text)
        {
            lock (gate)
            {
                if (current == null || outgoing.Count >= MostUnsent)
                {
                    return false;
                }
                outgoing.Enqueue(text);
                Monitor.PulseAll(gate);
                return true;
            }
        }

        public void Close()
        {
            lock (gate)
            {
                if (current != null)
                {
                    // the sender says goodbye and cuts the line where no answer comes
                    current.Left = true;
                    if (!current.Open)
                    {
                        current.Ending.Cancel();
                    }
                    current = null;
                }
                incoming.Clear();
                motionWaiting = 0;
                Monitor.PulseAll(gate);
            }
        }

        private static void Start(ThreadStart work, string name)
        {
            var thread = new Thread(work) { IsBackground = true, Name = name };
            thread.Start();
        }

        private void Receive(Line line)
        {
            int code = 1006;
            string reason = "";
            try
            {
                Task connecting = line.Socket.ConnectAsync(address, line.Ending.Token);
                if (!connecting.Wait(ConnectMs))
                {
                    throw new IOException("no answer within " + ConnectMs / 1000 + " s");
                }
                lock (gate)
                {
                    line.Open = true;
                }
                Put(line, new TransportEvent { Kind = TransportEventKind.Opened });
                Start(() => Transmit(line), "Avatar Bridge sender");
                Listen(line);
                code = line.Socket.CloseStatus != null ? (int)line.Socket.CloseStatus.Value : 1006;
                reason = line.Socket.CloseStatusDescription ?? "";
                if (!line.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", line.Ending.Token).Wait(PatienceMs))
                {
                    line.Ending.Cancel();
                }
            }
            // whatever it is: an exception that leaves a thread would end the game
            catch (Exception error)
            {
                reason = Words(error);
            }
            Put(line, new TransportEvent { Kind = TransportEventKind.Closed, Code = code, Reason = reason });
            lock (gate)
            {
                line.Left = true;
                if (current == line)
                {
                    current = null;
                }
                Monitor.PulseAll(gate);
            }
            line.Socket.Dispose();
        }

        private void Listen(Line line)
        {
            byte[] buffer = Borrow(1 << 16);
            int filled = 0;
            while (true)
            {
                WebSocketReceiveResult part =
                    line.Socket.ReceiveAsync(new ArraySegment<byte>(buffer, filled, buffer.Length - filled), line.Ending.Token)
                        .GetAwaiter().GetResult();
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    return;
                }
                filled += part.Count;
                if (!part.EndOfMessage)
                {
                    if (filled >= Largest)
                    {
                        throw new IOException("a message of more than " + Largest / (1 << 20) + " MB came");
                    }
                    if (filled == buffer.Length)
                    {
                        Array.Resize(ref buffer, 2 * buffer.Length);
                    }
                    continue;
                }
                if (part.MessageType == WebSocketMessageType.Text)
                {
                    string text = Encoding.UTF8.GetString(buffer, 0, filled);
                    Put(line, new TransportEvent { Kind = TransportEventKind.Text, Text = text });
                }
                else
                {
                    Put(line, new TransportEvent { Kind = TransportEventKind.Binary, Data = buffer, Count = filled });
                    buffer = Borrow(1 << 16);
                }
                filled = 0;
            }
        }

        private void Transmit(Line line)
        {
            try
            {
                var bytes = new byte[1 << 12];
                string text = Next(line);
                while (text != null)
                {
                    int most = Encoding.UTF8.GetMaxByteCount(text.Length);
                    if (most > bytes.Length)
                    {
                        bytes = new byte[2 * most];
                    }
                    int count = Encoding.UTF8.GetBytes(text, 0, text.Length, bytes, 0);
                    line.Socket.SendAsync(new ArraySegment<byte>(bytes, 0, count), WebSocketMessageType.Text, true, line.Ending.Token)
                        .GetAwaiter().GetResult();
                    text = Next(line);
                }
                if (line.Socket.State == WebSocketState.Open)
                {
                    line.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", line.Ending.Token).Wait(PatienceMs);
                    line.Ending.CancelAfter(PatienceMs);
                }
            }
            catch (Exception)
            {
                // the receiver sees the same end and tells of it
                line.Ending.Cancel();
            }
        }

        /// <summary>Wait for the next text to send; null when the line was left and all was sent.</summary>
        private string Next(Line line)
        {
            lock (gate)
            {
                while (!line.Left && (current != line || outgoing.Count == 0))
                {
                    Monitor.Wait(gate);
                }
                return current == line && outgoing.Count > 0 ? outgoing.Dequeue() : null;
            }
        }

        private void Put(Line line, TransportEvent happened)
        {
            happened.At = clock != null ? clock() : 0;
            lock (gate)
            {
                while (current == line && !line.Left && incoming.Count >= MostWaiting && happened.Kind != TransportEventKind.Closed)
                {
                    Monitor.Wait(gate);
                }
                if (current != line)
                {
                    return;
                }
                if (IsMotion(happened))
                {
                    motionWaiting++;
                    while (motionWaiting > MostMotion)
                    {
                        DropOldestMotion();
                    }
                }
                incoming.AddLast(happened);
            }
        }

        private void DropOldestMotion()
        {
            LinkedListNode<TransportEvent> node = incoming.First;
            while (node != null && !IsMotion(node.Value))
            {
                node = node.Next;
            }
            motionWaiting--;
            if (node != null)
            {
                incoming.Remove(node);
            }
        }

        private byte[] Borrow(int size)
        {
            lock (gate)
            {
                return buffers.Count > 0 ? buffers.Pop() : new byte[size];
            }
        }

        private static bool IsMotion(TransportEvent happened)
        {
            return happened.Kind == TransportEventKind.Binary && happened.Count > 0 && happened.Data[0] == 1;
        }

        private static string Words(Exception error)
        {
            Exception inner = error;
            while (inner.InnerException != null)
            {
                inner = inner.InnerException;
            }
            return inner.Message;
        }
    }
}
