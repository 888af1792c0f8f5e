using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace AvatarBridge
{
    /// <summary>A bridge that says what a test lets it say; its clock is the game's.</summary>
    public sealed class ScriptedBridge : ITransport
    {
        public static readonly string[] Channels =
        {
            "head_yaw", "head_pitch", "head_roll", "body_yaw", "gaze_x", "gaze_y", "blink_left", "blink_right", "mouth_smile", "brow_left",
            "mouth_open", "aa", "ih", "ou", "ee", "oh", "happy", "angry", "sad", "relaxed", "surprised"
        };

        public static readonly string[] Bones =
        {
            "left_upper_arm_x", "left_upper_arm_y", "left_upper_arm_z", "right_upper_arm_x", "right_upper_arm_y", "right_upper_arm_z",
            "left_lower_arm_x", "left_lower_arm_y", "left_lower_arm_z"
        };

        private readonly Queue<TransportEvent> _events = new Queue<TransportEvent>();
        private uint _sequence;

        public readonly List<string> Received = new List<string>();
        public string Token = "secret";
        public string Unknown = "";
        public int Connects;
        public bool Open;

        public void Connect()
        {
            Connects += 1;
            Open = true;
            _events.Clear();
            _events.Enqueue(new TransportEvent { Kind = TransportEventKind.Opened });
        }

        public bool Poll(out TransportEvent happened)
        {
            happened = default(TransportEvent);
            if (_events.Count == 0) return false;
            happened = _events.Dequeue();
            return true;
        }

        public bool Send(string text)
        {
            Received.Add(text);
            var message = JsonValue.Parse(text);
            if (message.Text("type") == "hello") Greet(message);
            else if (message.Text("type") == "sound") Give(message.Integer("character"), message.Boolean("claim", false));
            else if (message.Text("type") == "ping") Say("{\"type\":\"pong\",\"sent\":" + Plain(message.Number("sent")) + ",\"now\":" + Plain(message.Number("sent")) + "}");
            return true;
        }

        public void Close()
        {
            Open = false;
        }

        public void Break()
        {
            Open = false;
            _events.Enqueue(new TransportEvent { Kind = TransportEventKind.Closed, Code = 1006, Reason = "the cable" });
        }

        public void Say(string json)
        {
            _events.Enqueue(new TransportEvent { Kind = TransportEventKind.Text, Text = json.Replace('\'', '"') });
        }

        public IList<string> All(string type)
        {
            return Received.FindAll(text => JsonValue.Parse(text).Text("type") == type);
        }

        public JsonValue Last(string type)
        {
            var all = All(type);
            return all.Count == 0 ? null : JsonValue.Parse(all[all.Count - 1]);
        }

        /// <summary>A frame to be seen at `at`; names of channels and bone channels with their values.</summary>
        public void Move(double at, params object[] pairs)
        {
            var channels = new float[Channels.Length];
            var bones = new List<KeyValuePair<int, double>>();
            for (var index = 0; index < pairs.Length; index += 2)
            {
                var place = Array.IndexOf(Channels, pairs[index]);
                if (place >= 0) channels[place] = Convert.ToSingle(pairs[index + 1]);
                else bones.Add(new KeyValuePair<int, double>(Array.IndexOf(Bones, pairs[index]), Convert.ToDouble(pairs[index + 1])));
            }
            using (var stream = new MemoryStream())
            using (var writer = new BinaryWriter(stream))
            {
                writer.Write((byte)1);
                writer.Write((byte)0);
                writer.Write((ushort)1);
                writer.Write(_sequence++);
                writer.Write((ushort)0);
                writer.Write((ushort)bones.Count);
                writer.Write(at);
                foreach (var value in channels) writer.Write(value);
                foreach (var bone in bones)
                {
                    writer.Write((ushort)bone.Key);
                    writer.Write((short)Math.Round(bone.Value * 50));
                }
                Binary(stream.ToArray());
            }
        }

        /// <summary>Samples of a constant loudness, all at once, and the end of them.</summary>
        public void Sound(uint utterance, int samples, float loudness)
        {
            const int Most = 24000;
            for (var offset = 0; offset < samples; offset += Most)
                using (var stream = new MemoryStream())
                using (var writer = new BinaryWriter(stream))
                {
                    writer.Write((byte)2);
                    writer.Write((byte)0);
                    writer.Write((ushort)0);
                    writer.Write(utterance);
                    writer.Write((uint)offset);
                    writer.Write((uint)48000);
                    for (var index = offset; index < Math.Min(offset + Most, samples); index++) writer.Write((short)(loudness * 32767));
                    Binary(stream.ToArray());
                }
            Say("{'type':'sound_end','character':0,'utterance':" + utterance + ",'samples':" + samples + "}");
        }

        private void Binary(byte[] data)
        {
            _events.Enqueue(new TransportEvent { Kind = TransportEventKind.Binary, Data = data, Count = data.Length });
        }

        private void Greet(JsonValue hello)
        {
            if (hello.Text("token") != Token)
            {
                Say("{'type':'refused','code':'token','message':'expected the token of this bridge, got another','protocol':1}");
                _events.Enqueue(new TransportEvent { Kind = TransportEventKind.Closed, Code = 4401, Reason = "token" });
                return;
            }
            var text = new StringBuilder("{'type':'welcome','protocol':1,'version':'0.1.0','session':1,'now':0,'rate':48000,");
            text.Append("'channels':['" + string.Join("','", Channels) + "'],'bones':['" + string.Join("','", Bones) + "'],");
            text.Append("'resting_pose':{'left_upper_arm_z':-68,'right_upper_arm_z':68,'left_lower_arm_y':-14},'characters':[");
            var characters = hello["characters"];
            var number = 0;
            var claims = new List<int>();
            for (var index = 0; index < characters.Count; index++)
            {
                var name = characters[index].Text("name");
                if (name == Unknown && name != "") continue;
                if (number > 0) text.Append(',');
                if (characters[index].Boolean("sound", false)) claims.Add(number);
                text.Append("{'number':" + number++ + ",'name':'" + name + "'}");
            }
            text.Append("],'unknown':[");
            if (Unknown != "") text.Append("{'name':'" + Unknown + "','message':'There is no character " + Unknown + ".','nearest':'anna'}");
            Say(text.Append("]}").ToString());
            foreach (var claim in claims) Give(claim, true);
        }

        private void Give(int character, bool has)
        {
            Say("{'type':'turn','character':" + character + ",'has':" + (has ? "true" : "false") + ",'holder':'','message':''}");
        }

        private static string Plain(double value)
        {
            return value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        }
    }
}
