using System.Collections.Generic;
using UnityEngine;

namespace AvatarBridge
{
    /// <summary>What all parts of a character share: the client that it belongs to, and the character's name.</summary>
    public abstract class AvatarBridgePart : MonoBehaviour
    {
        [Tooltip("The connection. Empty: the one client in the scene.")]
        [SerializeField] private AvatarBridgeClient client;
        [Tooltip("The character's name in the bridge's settings ([characters.NAME]). Empty: the main character.")]
        [SerializeField] private string character = "";

        private AvatarBridgeClient _joined;
        private GameConnection _connection;

        /// <summary>The character that this part shows; null while there is no client.</summary>
        public GameCharacter Body { get; private set; }

        /// <summary>The character's name; a change takes effect when the part is next enabled.</summary>
        public string Character
        {
            get { return character; }
            set { character = value ?? ""; }
        }

        /// <summary>The client set by hand, else the one in the scene; null where there is none.</summary>
        public AvatarBridgeClient Client
        {
            get { return client != null ? client : AvatarBridgeClient.Current; }
            set { client = value; }
        }

        /// <summary>The connection that the part has joined; null while there is none.</summary>
        protected GameConnection Connection
        {
            get { return _connection; }
        }

        /// <summary>Add to `into` what is missing on this object and what to do; works in edit mode too.</summary>
        public virtual void Check(IList<Finding> into)
        {
            if (client == null && Application.isPlaying && AvatarBridgeClient.Current == null)
                into.Add(new Finding("There is no AvatarBridgeClient.", "Add one to an object of the scene that stays.", true));
        }

        /// <summary>Learn that `Body` is there: say here what the character can do.</summary>
        protected abstract void OnJoined();

        /// <summary>Learn that `Body` is about to go: put everything back.</summary>
        protected abstract void OnLeft();

        /// <summary>Take an event about the character, on the main thread.</summary>
        public virtual void Take(ref BridgeEvent happened)
        {
        }

        protected virtual void OnEnable()
        {
            Join();
        }

        protected virtual void OnDisable()
        {
            Leave();
        }

        protected virtual void Update()
        {
            var wanted = Client;
            var connection = wanted != null ? wanted.Connection : null;
            if (connection == _connection) return;
            Leave();
            Join();
        }

        private void Join()
        {
            var wanted = Client;
            if (wanted == null || wanted.Connection == null) return;
            _joined = wanted;
            _connection = wanted.Connection;
            Body = wanted.Enter(this, character);
            OnJoined();
        }

        private void Leave()
        {
            if (Body == null) return;
            OnLeft();
            if (_joined != null) _joined.Leave(this);
            _joined = null;
            _connection = null;
            Body = null;
        }
    }
}
