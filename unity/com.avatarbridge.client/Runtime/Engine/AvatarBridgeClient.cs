using System;
using System.Collections.Generic;
using UnityEngine;
using UnityEngine.Events;

namespace AvatarBridge
{
    /// <summary>
    /// The connection to Avatar Bridge: one in a game, for all its characters. Everything happens on the main thread; a
    /// bridge that is away, restarts or refuses never throws into the game.
    /// </summary>
    [AddComponentMenu("Avatar Bridge/Avatar Bridge Client")]
    [DefaultExecutionOrder(-1000)]
    [DisallowMultipleComponent]
    public sealed partial class AvatarBridgeClient : MonoBehaviour
    {
        public const string DefaultAddress = "ws://127.0.0.1:8787/v1/game";
        public const string DefaultVariable = "AVATAR_BRIDGE_TOKEN";
        public const string Version = "0.1.0";
        private const int UsualRate = 48000;

        [Header("Bridge")]
        [Tooltip("Where the bridge listens; `avatar-bridge serve --driver game` prints it.")]
        [SerializeField] private string address = DefaultAddress;
        [Tooltip("The access token. It is saved in the scene: leave it empty and use the variable or the file in a project that you share.")]
        [SerializeField] private string token = "";
        [Tooltip("Environment variable that holds the token where the field is empty.")]
        [SerializeField] private string tokenVariable = DefaultVariable;
        [Tooltip("File outside the project whose first line is the token, where the field and the variable are empty; ~ is your home folder.")]
        [SerializeField] private string tokenFile = "";
        [Tooltip("What the bridge calls this game. Empty: the product's name.")]
        [SerializeField] private string gameName = "";
        [Tooltip("Connect by itself as soon as the object is enabled.")]
        [SerializeField] private bool connectAtStart = true;
        [Tooltip("Keep this object, and the connection, when another scene is loaded. The object must be at the top of the scene.")]
        [SerializeField] private bool keepAcrossScenes = true;
        [Tooltip("Characters that come into the scene later. Named here, they need no new connection when they come.")]
        [SerializeField] private List<string> laterCharacters = new List<string>();

        [Header("What happens (on the main thread)")]
        public UnityEvent connected = new UnityEvent();
        [Tooltip("Refused: what was wrong, and what to do.")]
        public UnityEvent<string, string> refused = new UnityEvent<string, string>();
        [Tooltip("The connection is lost; it is tried again by itself.")]
        public UnityEvent<string> lost = new UnityEvent<string>();
        [Tooltip("A remark of the bridge: message, suggestion.")]
        public UnityEvent<string, string> note = new UnityEvent<string, string>();
        [Tooltip("Character, utterance's number.")]
        public UnityEvent<string, int> utteranceBegan = new UnityEvent<string, int>();
        [Tooltip("Character, true where it was heard to its end.")]
        public UnityEvent<string, bool> utteranceEnded = new UnityEvent<string, bool>();
        [Tooltip("Character, word: as it is heard.")]
        public UnityEvent<string, string> wordHeard = new UnityEvent<string, string>();
        [Tooltip("Character, action: as it begins.")]
        public UnityEvent<string, string> cueBegan = new UnityEvent<string, string>();
        [Tooltip("Character, state: idle, speaking, listening or thinking.")]
        public UnityEvent<string, string> stateChanged = new UnityEvent<string, string>();

        private List<AvatarBridgePart> _parts;
        private GameSession _session;
        private bool _open;
        private bool _opened;
        private bool _paused;
        private bool _stale;
        private string _unfit;

        /// <summary>Everything that happens, with all its details.</summary>
        public event Action<BridgeEvent> Happened;

        /// <summary>The enabled client; the newest where there are several, null where there is none.</summary>
        public static AvatarBridgeClient Current { get; private set; }

        /// <summary>Makes the way to the bridge from its address; set it before enabling to use another (WebGL, tests).</summary>
        public Func<string, ITransport> MakeTransport { get; set; }

        /// <summary>The client's clock in seconds, safe on every thread; null is MonotonicClock. Set it before enabling.</summary>
        public Func<double> Clock { get; set; }

        /// <summary>The protocol's session; null while disabled.</summary>
        public GameConnection Connection { get; private set; }

        public ConnectionState State
        {
            get { return Connection == null ? ConnectionState.Idle : Connection.State; }
        }

        /// <summary>What the state means in words: why it was refused or lost, and what to do.</summary>
        public string StateInWords
        {
            get
            {
                if (Connection == null) return "Not enabled.";
                if (!string.IsNullOrEmpty(_unfit)) return _unfit;
                var text = Connection.Message;
                if (string.IsNullOrEmpty(text)) return State.ToString();
                return string.IsNullOrEmpty(Connection.Suggestion) ? text : text + " " + Connection.Suggestion;
            }
        }

        /// <summary>Connect; needed only where it does not by itself, or after a refusal that you have mended.</summary>
        public void Open()
        {
            if (_session == null || _open) return;
            _open = true;
            _stale = false;
            _session.Open();
        }

        /// <summary>Try again after a refusal (a wrong token, another version), with the token as it is now.</summary>
        public void Retry()
        {
            if (Connection == null) return;
            Forget();
            Begin();
            Open();
        }

        /// <summary>Disconnect; `Open` connects again.</summary>
        public void Close()
        {
            if (!_open) return;
            _open = false;
            _session.Close();
        }

        /// <summary>Let a character speak tagged text ("Hi! [wave]"); returns the id that the Result event will carry, null while not connected.</summary>
        public string Say(string character, string taggedText)
        {
            var who = Who(character);
            return who == null ? null : Connection.Say(who, taggedText);
        }

        /// <summary>Stop what a character is saying and doing.</summary>
        public void Interrupt(string character)
        {
            var who = Who(character);
            if (who != null) Connection.Interrupt(who);
        }

        /// <summary>Let a character do an action of its motion map at once; returns the id as `Say` does.</summary>
        public string Act(string character, string action, double strength = 1, double? duration = null)
        {
            var who = Who(character);
            return who == null ? null : Connection.Act(who, action, strength, duration);
        }

        /// <summary>
        /// Tell the bridge what happened in the game ("player_near"), with a JSON object of at most 4 kB or null. False while
        /// not connected: it is not kept for later. ArgumentException for a name or data that the bridge would refuse.
        /// </summary>
        public bool Tell(string happened, string character = null, string jsonObject = null)
        {
            if (State != ConnectionState.Connected) return false;
            Connection.Tell(happened, character == null ? null : Connection.Find(character), jsonObject);
            return true;
        }

        /// <summary>For UnityEvents in the inspector: tell an event that has no data and concerns nobody in particular.</summary>
        public void TellEvent(string happened)
        {
            Tell(happened);
        }

        internal GameCharacter Enter(AvatarBridgePart part, string character)
        {
            var name = character == null ? "" : character.Trim();
            var found = Connection.Find(name);
            if (found == null)
            {
                found = Connection.Add(name);
                _stale = _open;
            }
            _parts.Add(part);
            return found;
        }

        internal void Leave(AvatarBridgePart part)
        {
            if (_parts != null) _parts.Remove(part);
        }

        private void Awake()
        {
            if (keepAcrossScenes && Application.isPlaying && transform.parent == null) DontDestroyOnLoad(gameObject);
        }

        private void OnEnable()
        {
            // A scene that is loaded again brings its client along: the kept one goes on.
            if (Current != null && Current != this && Current.keepAcrossScenes && keepAcrossScenes)
            {
                Debug.Log("Avatar Bridge: the client that was kept across scenes goes on; the one on \"" + name + "\" is not needed.", this);
                Destroy(this);
                return;
            }
            Current = this;
            _parts = new List<AvatarBridgePart>();
            _opened = false;
            _paused = false;
            _stale = false;
            Begin();
        }

        private void Begin()
        {
            string problem;
            var options = new GameOptions
            {
                Token = AccessToken.Find(token, tokenVariable, tokenFile, out problem) ?? "",
                GameName = string.IsNullOrEmpty(gameName) ? Application.productName : gameName,
                Engine = "unity",
                GameVersion = Version,
                OutputRate = AudioSettings.outputSampleRate > 0 ? AudioSettings.outputSampleRate : UsualRate
            };
            if (problem != null && connectAtStart) Debug.LogWarning("Avatar Bridge: " + problem + " `avatar-bridge serve --driver game` prints it.", this);
            Connection = new GameConnection(options);
            for (var index = 0; index < laterCharacters.Count; index++)
                if (Connection.Find(laterCharacters[index]) == null) Connection.Add(laterCharacters[index]);
            var way = Way();
            _session = way == null ? null : new GameSession(Connection, way);
        }

        /// <summary>The way to the bridge; null where there can be none, which is then told in words.</summary>
        private ITransport Way()
        {
            _unfit = null;
            if (MakeTransport != null) return MakeTransport(address);
#if UNITY_WEBGL && !UNITY_EDITOR
            _unfit = "A WebGL build has no sockets of its own: set AvatarBridgeClient.MakeTransport to an ITransport on the browser's WebSocket (Documentation~, \"WebGL\").";
#else
            try
            {
                return new WebSocketTransport(address.Trim(), Now);
            }
            catch (ArgumentException bad)
            {
                _unfit = bad.Message + " Write what `avatar-bridge serve --driver game` prints into Address, then call Retry.";
            }
#endif
            Debug.LogError("Avatar Bridge: " + _unfit, this);
            return null;
        }

        private double Now()
        {
            return Clock == null ? MonotonicClock.Now : Clock();
        }

        private void OnDisable()
        {
            Forget();
            if (Current == this) Current = null;
        }

        private void Forget()
        {
            if (Connection == null) return;
            Close();
            Connection = null;
            _session = null;
        }

        /// <summary>A paused game takes nothing and plays nothing: it leaves, so that the bridge goes on without it.</summary>
        private void OnApplicationPause(bool paused)
        {
            if (Connection == null || paused == _paused) return;
            _paused = paused;
            if (paused && _open)
            {
                _session.Close();
            }
            else if (_open)
            {
                _session.Open();
            }
        }

        private void Update()
        {
            if (Connection == null || _paused) return;
            if (!_open) return;
            if (_stale) Rejoin();
            var now = Now();
            for (var index = 0; index < _parts.Count; index++)
            {
                var sound = _parts[index] as AvatarBridgeAudio;
                if (!ReferenceEquals(sound, null)) sound.Observe(now);
            }
            _session.Advance(now, Time.unscaledDeltaTime);
            BridgeEvent happened;
            while (Connection != null && Connection.NextEvent(out happened)) Dispatch(ref happened);
        }

        /// <summary>Connect once by itself: what was closed by hand stays closed.</summary>
        private void OpenOnce()
        {
            if (_opened) return;
            _opened = true;
            Open();
        }

        /// <summary>A character that the bridge has not been told of yet: greet it anew.</summary>
        private void Rejoin()
        {
            _stale = false;
            _session.Close();
            _session.Open();
        }

        private void LateUpdate()
        {
            // Only now: parts that were enabled before the client have joined in their Update.
            if (Connection != null && !_paused && connectAtStart && !_opened) OpenOnce();
            if (!_open || _paused || Connection == null) return;
            var now = Now();
            var characters = Connection.Characters;
            for (var index = 0; index < characters.Count; index++) characters[index].Sample(now);
        }

        private void Dispatch(ref BridgeEvent happened)
        {
            for (var index = 0; index < _parts.Count; index++)
            {
                var part = _parts[index];
                if (happened.Character == null || happened.Character == part.Body) part.Take(ref happened);
            }
            var who = happened.Character == null ? "" : happened.Character.Name;
            switch (happened.Kind)
            {
                case BridgeEventKind.Connected: Connected(); break;
                case BridgeEventKind.Refused: Refused(ref happened); break;
                case BridgeEventKind.Lost: Lost(ref happened); break;
                case BridgeEventKind.Note: Noted(ref happened); break;
                case BridgeEventKind.Turn: Turned(ref happened); break;
                case BridgeEventKind.UnknownCharacter: Unknown(ref happened); break;
                case BridgeEventKind.UtteranceBegan: utteranceBegan.Invoke(who, (int)happened.Utterance); break;
                case BridgeEventKind.UtteranceEnded: utteranceEnded.Invoke(who, happened.Flag); break;
                case BridgeEventKind.WordHeard: wordHeard.Invoke(who, happened.Word.Text); break;
                case BridgeEventKind.CueBegan: cueBegan.Invoke(who, happened.Cue.Action); break;
                case BridgeEventKind.State: stateChanged.Invoke(who, happened.Text); break;
            }
            if (Happened != null) Happened(happened);
        }

        private GameCharacter Who(string character)
        {
            if (State != ConnectionState.Connected) return null;
            var found = Connection.Find(character ?? "");
            if (found == null) Debug.LogWarning("Avatar Bridge: no part in the scene shows a character named \"" + character + "\".", this);
            return found;
        }
    }
}
