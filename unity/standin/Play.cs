using System;
using System.Collections.Generic;
using System.Reflection;
using System.Threading;

namespace UnityEngine
{
    public static class Time
    {
        public static float deltaTime { get; internal set; }
        public static float unscaledDeltaTime { get; internal set; }
        public static double realtimeSinceStartupAsDouble { get { return StandIn.now; } }
        public static double unscaledTimeAsDouble { get { return StandIn.now; } }
        public static float realtimeSinceStartup { get { return (float)StandIn.now; } }
        public static float time { get { return (float)StandIn.now; } }
        public static int frameCount { get; internal set; }
    }

    public static class Application
    {
        public static bool isPlaying { get { return StandIn.playing; } }
        public static bool runInBackground { get; set; }
        public static string productName { get { return "Stand-in Game"; } }
        public static string version { get { return "1.2.3"; } }
        public static string unityVersion { get { return "2021.3.0f1"; } }
        public static string persistentDataPath { get { return System.IO.Path.GetTempPath(); } }
        public static string dataPath { get { return System.IO.Path.GetTempPath(); } }
    }

    /// <summary>Logging is allowed on every thread; tests read what was said.</summary>
    public static class Debug
    {
        public static readonly List<string> messages = new List<string>();
        public static readonly List<string> warnings = new List<string>();
        public static readonly List<string> errors = new List<string>();

        public static void Log(object message) { Add(messages, message); }
        public static void Log(object message, Object context) { Add(messages, message); }
        public static void LogWarning(object message) { Add(warnings, message); }
        public static void LogWarning(object message, Object context) { Add(warnings, message); }
        public static void LogError(object message) { Add(errors, message); }
        public static void LogError(object message, Object context) { Add(errors, message); }
        public static void LogException(Exception exception) { Add(errors, exception); }
        public static void LogException(Exception exception, Object context) { Add(errors, exception); }

        private static void Add(List<string> to, object message)
        {
            lock (to) to.Add(message == null ? "null" : message.ToString());
        }
    }

    /// <summary>The test's hand on the engine: its clock, its frames, its life cycle. Not part of Unity.</summary>
    public static class StandIn
    {
        public static double now;
        public static bool playing = true;
        internal static bool adding;
        internal static readonly List<GameObject> objects = new List<GameObject>();
        internal static readonly List<Object> doomed = new List<Object>();
        internal static readonly List<GameObject> kept = new List<GameObject>();
        private static Thread s_Main = Thread.CurrentThread;

        /// <summary>Begin with an empty scene on this thread.</summary>
        public static void NewScene()
        {
            s_Main = Thread.CurrentThread;
            foreach (var gameObject in objects.ToArray()) End(gameObject);
            objects.Clear();
            doomed.Clear();
            kept.Clear();
            now = 0;
            playing = true;
            Time.frameCount = 0;
            Debug.messages.Clear();
            Debug.warnings.Clear();
            Debug.errors.Clear();
            AudioSettings.Restart(48000, 1024);
            Application.runInBackground = true;
        }

        public static bool Keeps(GameObject gameObject) { return kept.Contains(gameObject); }

        internal static bool OnMainThread { get { return Thread.CurrentThread == s_Main; } }

        internal static void MainThread(string what)
        {
            if (Thread.CurrentThread != s_Main)
                throw new UnityException(what + " can only be called from the main thread.");
        }

        /// <summary>One frame: Start, Update, animation, LateUpdate; then what was destroyed ends.</summary>
        public static void Frame(float seconds)
        {
            now += seconds;
            Time.deltaTime = seconds;
            Time.unscaledDeltaTime = seconds;
            Time.frameCount += 1;
            foreach (var script in Running())
                if (!script.started && script.on)
                {
                    script.started = true;
                    Call(script, "Start");
                }
            Each("Update");
            foreach (var animator in Everything<Animator>()) animator.Animate(seconds);
            Each("LateUpdate");
            foreach (var target in doomed.ToArray()) End(target);
            doomed.Clear();
        }

        public static void Pause(bool paused) { Each("OnApplicationPause", paused); }

        /// <summary>Scripts are compiled anew: all are disabled, what is not serialised is lost, all are enabled again.</summary>
        public static void ReloadDomain()
        {
            foreach (var script in Running()) Off(script);
            foreach (var script in Scripts())
                Forget(script);
            foreach (var gameObject in objects.ToArray()) Refresh(gameObject);
        }

        private static void Forget(MonoBehaviour script)
        {
            for (var type = script.GetType(); type != typeof(MonoBehaviour); type = type.BaseType)
                foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
                {
                    var kept = field.IsDefined(typeof(SerializeField), false) || (field.IsPublic && !field.IsInitOnly && !field.IsNotSerialized);
                    if (field.IsInitOnly) continue;
                    if (!kept && !Lasts(field)) field.SetValue(script, field.FieldType.IsValueType ? Activator.CreateInstance(field.FieldType) : null);
                    else if (field.GetValue(script) == null) field.SetValue(script, Empty(field.FieldType));
                }
        }

        /// <summary>A reload keeps private fields as well, where Unity could serialise them.</summary>
        private static bool Lasts(FieldInfo field)
        {
            var type = field.FieldType;
            if (type.IsArray) type = type.GetElementType();
            else if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>)) type = type.GetGenericArguments()[0];
            return !field.IsNotSerialized && (type.IsPrimitive || type.IsEnum || type == typeof(string) || typeof(Object).IsAssignableFrom(type));
        }

        /// <summary>Nothing becomes empty when it is serialised: a text, an array, a list.</summary>
        private static object Empty(Type type)
        {
            if (type == typeof(string)) return "";
            if (type.IsArray) return Array.CreateInstance(type.GetElementType(), 0);
            return type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>) ? Activator.CreateInstance(type) : null;
        }

        internal static List<T> Everything<T>() where T : Component
        {
            var found = new List<T>();
            foreach (var gameObject in objects)
                foreach (var component in gameObject.components)
                    if (component is T && !component.destroyed && gameObject.activeInHierarchy) found.Add((T)component);
            return found;
        }

        private static List<MonoBehaviour> Scripts()
        {
            var found = new List<MonoBehaviour>();
            foreach (var gameObject in objects)
                foreach (var component in gameObject.components)
                    if (component is MonoBehaviour && !component.destroyed) found.Add((MonoBehaviour)component);
            found.Sort((a, b) => Order(a) != Order(b) ? Order(a).CompareTo(Order(b)) : a.GetInstanceID().CompareTo(b.GetInstanceID()));
            return found;
        }

        private static List<MonoBehaviour> Running() { return Scripts().FindAll(script => script.on); }

        private static int Order(MonoBehaviour script)
        {
            var found = script.GetType().GetCustomAttributes(typeof(DefaultExecutionOrder), true);
            return found.Length > 0 ? ((DefaultExecutionOrder)found[0]).order : 0;
        }

        private static void Each(string message, params object[] arguments)
        {
            foreach (var script in Running())
                if (!script.destroyed && script.on) Call(script, message, arguments);
        }

        internal static void RefreshTree(Transform at)
        {
            Refresh(at.m_GameObject);
            foreach (var child in at.m_Children.ToArray()) RefreshTree(child);
        }

        /// <summary>Wake, enable and disable the scripts of an object as it is active now.</summary>
        internal static void Refresh(GameObject gameObject)
        {
            if (ReferenceEquals(gameObject, null)) return;
            foreach (var component in gameObject.components.ToArray())
            {
                var source = component as AudioSource;
                if (!ReferenceEquals(source, null) && !source.destroyed) source.Refresh();
                var script = component as MonoBehaviour;
                if (ReferenceEquals(script, null) || script.destroyed) continue;
                var active = gameObject.activeInHierarchy;
                if (active && !script.awake)
                {
                    script.awake = true;
                    Call(script, "Awake");
                }
                if (active && script.wanted && !script.on)
                {
                    script.on = true;
                    Call(script, "OnEnable");
                }
                else if (script.on && !(active && script.wanted))
                {
                    Off(script);
                }
            }
        }

        private static void Off(MonoBehaviour script)
        {
            script.on = false;
            Call(script, "OnDisable");
        }

        internal static void End(Object target)
        {
            if (target.destroyed) return;
            var gameObject = target as GameObject;
            if (!ReferenceEquals(gameObject, null))
            {
                foreach (var child in gameObject.transform.m_Children.ToArray()) End(child.m_GameObject);
                foreach (var component in gameObject.components.ToArray())
                    if (!(component is Transform)) End(component);
                objects.Remove(gameObject);
                if (!ReferenceEquals(gameObject.transform.m_Parent, null)) gameObject.transform.m_Parent.m_Children.Remove(gameObject.transform);
                gameObject.transform.destroyed = true;
            }
            var script = target as MonoBehaviour;
            if (!ReferenceEquals(script, null))
            {
                if (script.on) Off(script);
                if (script.awake) Call(script, "OnDestroy");
            }
            target.destroyed = true;
        }

        /// <summary>An exception in a message is logged and the game goes on, as in Unity; tests look at Debug.errors.</summary>
        private static void Call(MonoBehaviour script, string message, params object[] arguments)
        {
            var method = Find(script.GetType(), message);
            if (method == null) return;
            try { method.Invoke(script, method.GetParameters().Length == 0 ? null : arguments); }
            catch (TargetInvocationException failure) { Debug.LogException(failure.InnerException, null); }
        }

        internal static MethodInfo Find(Type type, string message)
        {
            for (; type != null && type != typeof(MonoBehaviour); type = type.BaseType)
            {
                var method = type.GetMethod(message, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);
                if (method != null) return method;
            }
            return null;
        }
    }
}
