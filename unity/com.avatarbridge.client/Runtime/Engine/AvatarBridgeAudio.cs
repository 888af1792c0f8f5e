using System;
using System.Collections.Generic;
using UnityEngine;

namespace AvatarBridge
{
    /// <summary>
    /// Plays a character's voice from an AudioSource and tells the bridge what is heard, so that this game keeps the time.
    /// The source plays a clip of ones; the filter multiplies it by the voice. So whatever the source does to its sound
    /// before the filter (distance, direction, spread) is done to the voice.
    /// </summary>
    [AddComponentMenu("Avatar Bridge/Avatar Bridge Audio")]
    [RequireComponent(typeof(AudioSource))]
    [DisallowMultipleComponent]
    public sealed class AvatarBridgeAudio : AvatarBridgePart
    {
        private const double FmodAhead = 1.5;

        [Tooltip("Play this character's voice here. Off: the bridge or another game plays it, and only words and motion come.")]
        [SerializeField] private bool claimSound = true;
        [Tooltip("Seconds that your sound card or Bluetooth adds after Unity's own buffers. Raise it where the mouth is early.")]
        [Range(0f, 0.5f)]
        [SerializeField] private float extraLatency = 0f;

        private AudioSource _source;
        private AudioClip _carrier;
        private volatile SoundSchedule _sound;
        private volatile float[] _mono;
        private bool _listening;
        private bool _device;

        /// <summary>Times that the sound ran dry since the start.</summary>
        public int Underruns
        {
            get { return _sound == null ? 0 : _sound.Underruns; }
        }

        /// <summary>Seconds of voice that wait to be played.</summary>
        public double Buffered
        {
            get { return _sound == null ? 0 : _sound.BufferedSeconds; }
        }

        /// <summary>True while voice is played.</summary>
        public bool Playing
        {
            get { return _sound != null && _sound.Playing; }
        }

        /// <summary>Seconds from a buffer's mix to its sound, as far as Unity knows, plus the extra.</summary>
        public double Latency { get; private set; }

        public float ExtraLatency
        {
            get { return extraLatency; }
            set
            {
                extraLatency = value;
                if (_sound != null) Configure();
            }
        }

        /// <summary>Play the voice here, or leave it to others; may be changed at any time.</summary>
        public bool ClaimSound
        {
            get { return claimSound; }
            set
            {
                claimSound = value;
                if (Body != null) Claim(value && _device);
            }
        }

        public override void Check(IList<Finding> into)
        {
            base.Check(into);
            var source = GetComponent<AudioSource>();
            if (source == null) return;
            if (source.bypassEffects)
                into.Add(new Finding("The AudioSource bypasses effects: the voice is one.", "Switch \"Bypass Effects\" off.", true));
            if (source.mute || source.volume <= 0f)
                into.Add(new Finding("The AudioSource is mute.", "Raise its volume.", false));
            if (source.spatialBlend < 1f)
                into.Add(new Finding("The voice comes from everywhere (Spatial Blend " + source.spatialBlend + ").", "Set Spatial Blend to 1 to hear it where the character stands.", false));
        }

        protected override void OnEnable()
        {
            _source = GetComponent<AudioSource>();
            AudioSettings.OnAudioConfigurationChanged += Changed;
            _listening = true;
            base.OnEnable();
            Carry();
        }

        protected override void OnDisable()
        {
            if (_listening) AudioSettings.OnAudioConfigurationChanged -= Changed;
            _listening = false;
            base.OnDisable();
            if (_source != null)
            {
                _source.Stop();
                _source.clip = null;
            }
            if (_carrier != null) Destroy(_carrier);
            _carrier = null;
        }

        protected override void OnJoined()
        {
            _sound = Body.Sound;
            Configure();
        }

        /// <summary>Nothing plays here any more: the bridge is to know, or it waits for a voice that nobody hears.</summary>
        protected override void OnLeft()
        {
            _sound = null;
            Claim(false);
        }

        private void Claim(bool wanted)
        {
            if (Body.WantsSound == wanted) return;
            if (Connection.State == ConnectionState.Connected) Body.ClaimSound(wanted);
            else Body.WantsSound = wanted;
        }

        /// <summary>Tell the schedule the sound card's time; the client calls it before everything else in a frame.</summary>
        internal void Observe(double now)
        {
            var sound = _sound;
            if (sound == null) return;
            sound.Observe(AudioSettings.dspTime, now);
            if (_carrier != null && !_source.isPlaying && _source.isActiveAndEnabled) _source.Play();
        }

        /// <summary>Make the clip of ones at the device's rate and play it in a loop.</summary>
        private void Carry()
        {
            var rate = AudioSettings.outputSampleRate;
            if (_carrier != null) Destroy(_carrier);
            _carrier = null;
            _source.clip = null;
            if (rate < 1) return;
            _carrier = AudioClip.Create("Avatar Bridge carrier", rate, 1, rate, false);
            var ones = new float[rate];
            for (var index = 0; index < ones.Length; index++) ones[index] = 1f;
            _carrier.SetData(ones, 0);
            _source.clip = _carrier;
            _source.loop = true;
            _source.playOnAwake = false;
            _source.dopplerLevel = 0f;
            _source.pitch = 1f;
            // A spatialiser plug-in must come after the filter: it would turn ones, which have no sound, otherwise.
            if (_source.spatialize) _source.spatializePostEffects = true;
            if (_source.isActiveAndEnabled) _source.Play();
        }

        private void Configure()
        {
            int frames;
            int buffers;
            AudioSettings.GetDSPBufferSize(out frames, out buffers);
            var rate = AudioSettings.outputSampleRate;
            _device = rate > 0 && frames > 0;
            Claim(claimSound && _device);
            if (!_device)
            {
                if (claimSound) Connection.Problem("This game has no sound device, or Unity's audio is disabled: the bridge plays the voice of \"" + Body.Name + "\", or nobody.", "Plug a device in, or look at Project Settings, Audio, Disable Unity Audio.");
                return;
            }
            Latency = Math.Max(buffers - FmodAhead, 0) * frames / rate + extraLatency;
            if (_mono == null || _mono.Length < frames) _mono = new float[frames];
            _sound.Configure(rate, frames, Latency);
        }

        private void Changed(bool deviceWasChanged)
        {
            if (_sound != null) Configure();
            Carry();
        }

        /// <summary>On the audio thread: nothing of the engine may be touched here but dspTime.</summary>
        private void OnAudioFilterRead(float[] data, int channels)
        {
            var sound = _sound;
            var mono = _mono;
            var frames = data.Length / channels;
            if (sound == null || mono == null)
            {
                Array.Clear(data, 0, data.Length);
                return;
            }
            if (mono.Length < frames)
            {
                mono = new float[frames];
                _mono = mono;
            }
            if (sound.Render(mono, frames, AudioSettings.dspTime) == 0)
            {
                Array.Clear(data, 0, data.Length);
                return;
            }
            var at = 0;
            for (var frame = 0; frame < frames; frame++)
            {
                var voice = mono[frame];
                for (var channel = 0; channel < channels; channel++) data[at++] *= voice;
            }
        }
    }
}
