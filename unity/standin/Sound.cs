using System;
using System.Collections.Generic;
using System.Reflection;
using System.Threading;

namespace UnityEngine
{
    public enum AudioSpeakerMode { Mono = 1, Stereo = 2 }

    public struct AudioConfiguration
    {
        public AudioSpeakerMode speakerMode;
        public int dspBufferSize;
        public int sampleRate;
        public int numRealVoices;
        public int numVirtualVoices;
    }

    /// <summary>The sound card; dspTime steps by a whole buffer, and may be read on every thread.</summary>
    public static class AudioSettings
    {
        public delegate void AudioConfigurationChangeHandler(bool deviceWasChanged);
        public static event AudioConfigurationChangeHandler OnAudioConfigurationChanged;

        private static int s_Rate = 48000;
        private static int s_Frames = 1024;
        private static int s_Buffers = 4;
        private static long s_Played;
        private static double s_Since;

        public static double dspTime { get { return s_Since + Interlocked.Read(ref s_Played) / (double)Math.Max(s_Rate, 1); } }

        public static int outputSampleRate { get { StandIn.MainThread("outputSampleRate"); return s_Rate; } }
        public static AudioSpeakerMode speakerMode { get { StandIn.MainThread("speakerMode"); return AudioSpeakerMode.Stereo; } }

        public static void GetDSPBufferSize(out int bufferLength, out int numBuffers)
        {
            StandIn.MainThread("GetDSPBufferSize");
            bufferLength = s_Frames;
            numBuffers = s_Buffers;
        }

        public static AudioConfiguration GetConfiguration()
        {
            StandIn.MainThread("GetConfiguration");
            return new AudioConfiguration { speakerMode = AudioSpeakerMode.Stereo, dspBufferSize = s_Frames, sampleRate = s_Rate };
        }

        internal static void Restart(int rate, int frames)
        {
            s_Since = 0;
            s_Played = 0;
            s_Rate = rate;
            s_Frames = frames;
            s_Buffers = 4;
            OnAudioConfigurationChanged = null;
        }

        /// <summary>Another device: every source stops, then the handlers are told; rate 0: none is left. Not part of Unity.</summary>
        public static void ChangeDevice(int rate, int frames, int buffers = 4)
        {
            s_Buffers = buffers;
            s_Since = dspTime;
            s_Played = 0;
            s_Rate = rate;
            s_Frames = frames;
            foreach (var source in StandIn.Everything<AudioSource>()) source.Stop();
            var handler = OnAudioConfigurationChanged;
            if (handler != null) handler(true);
        }

        /// <summary>Mix one buffer on the audio thread; returns what the speakers get, interleaved. Not part of Unity.</summary>
        public static float[] Mix()
        {
            var sources = StandIn.Everything<AudioSource>();
            var mixed = new float[s_Frames * 2];
            Exception failure = null;
            var thread = new Thread(() =>
            {
                try { foreach (var source in sources) source.AddTo(mixed, 2); }
                catch (Exception caught) { failure = caught; }
            });
            thread.Start();
            thread.Join();
            Interlocked.Add(ref s_Played, s_Frames);
            if (failure != null) throw new InvalidOperationException("on the audio thread: " + failure.Message, failure);
            return mixed;
        }
    }

    public sealed class AudioClip : Object
    {
        internal float[] data;
        public int samples { get; private set; }
        public int channels { get; private set; }
        public int frequency { get; private set; }
        public float length { get { return samples / (float)frequency; } }

        public static AudioClip Create(string name, int lengthSamples, int channels, int frequency, bool stream)
        {
            if (string.IsNullOrEmpty(name)) throw new NullReferenceException();
            if (lengthSamples <= 0) throw new ArgumentException("Length of created clip must be larger than 0");
            if (channels <= 0) throw new ArgumentException("Number of channels in created clip must be greater than 0");
            if (frequency <= 0) throw new ArgumentException("Frequency in created clip must be greater than 0");
            return new AudioClip { name = name, samples = lengthSamples, channels = channels, frequency = frequency, data = new float[lengthSamples * channels] };
        }

        public bool SetData(float[] from, int offsetSamples)
        {
            Alive();
            if (offsetSamples < 0 || offsetSamples >= samples) throw new ArgumentException("AudioClip.SetData failed; invalid offsetSamples");
            Array.Copy(from, 0, data, offsetSamples * channels, Math.Min(from.Length, data.Length - offsetSamples * channels));
            return true;
        }
    }

    public sealed class AudioSource : Behaviour
    {
        private float m_Volume = 1f;
        private bool m_Playing;
        private long m_At;
        private AudioClip m_Clip;

        /// <summary>What distance and direction leave of it, left and right. Not part of Unity.</summary>
        public float leftGain = 1f;
        public float rightGain = 1f;

        public AudioClip clip
        {
            get { Alive(); return m_Clip; }
            set { Alive(); m_Clip = value; m_Playing = false; m_At = 0; }
        }

        public bool loop { get; set; }
        public bool playOnAwake { get; set; }
        public float spatialBlend { get; set; }
        public float dopplerLevel { get; set; }
        public float pitch { get; set; }
        public bool spatialize { get; set; }
        public bool spatializePostEffects { get; set; }
        public bool bypassEffects { get; set; }
        public bool mute { get; set; }
        public float volume { get { Alive(); return m_Volume; } set { Alive(); m_Volume = Mathf.Clamp01(value); } }
        public bool isPlaying { get { Alive(); return m_Playing; } }

        public void Play()
        {
            Alive();
            if (!isActiveAndEnabled)
            {
                Debug.LogWarning("Can not play a disabled audio source");
                return;
            }
            m_Playing = m_Clip != null;
        }

        public void Stop() { Alive(); m_Playing = false; m_At = 0; }

        internal void Refresh() { if (!m_GameObject.activeInHierarchy || !wanted) { m_Playing = false; m_At = 0; } }

        internal void AddTo(float[] mixed, int channelCount)
        {
            if (!m_Playing) return;
            var own = new float[mixed.Length];
            for (var frame = 0; frame < mixed.Length / channelCount; frame++)
            {
                var at = m_At++;
                if (!loop && at >= m_Clip.samples) break;
                var value = m_Clip.data[at % m_Clip.samples * m_Clip.channels];
                own[frame * channelCount] = value * leftGain;
                own[frame * channelCount + 1] = value * rightGain;
            }
            foreach (var component in m_GameObject.components)
            {
                var script = component as MonoBehaviour;
                if (ReferenceEquals(script, null) || !script.on) continue;
                var filter = StandIn.Find(script.GetType(), "OnAudioFilterRead");
                if (filter != null) filter.Invoke(script, new object[] { own, channelCount });
            }
            for (var index = 0; index < mixed.Length; index++) mixed[index] += own[index] * m_Volume;
        }
    }
}
