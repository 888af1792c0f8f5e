using System;
using System.Collections.Generic;
using System.Threading;

namespace UnityEngine
{
    public class UnityException : Exception
    {
        public UnityException(string message) : base(message) { }
    }

    public class MissingReferenceException : Exception
    {
        public MissingReferenceException(string message) : base(message) { }
    }

    /// <summary>What may be destroyed; a destroyed one equals null and throws when it is used.</summary>
    public class Object
    {
        private static int s_Count;
        private readonly int m_Id = Interlocked.Increment(ref s_Count);
        private string m_Name = "";
        internal bool destroyed;

        public string name
        {
            get { Alive(); return m_Name; }
            set { Alive(); m_Name = value; }
        }

        public int GetInstanceID() { return m_Id; }

        internal void Alive()
        {
            if (!StandIn.OnMainThread) StandIn.MainThread(GetType().Name);
            if (destroyed) throw new MissingReferenceException("The object of type '" + GetType().Name + "' has been destroyed but you are still trying to access it.");
        }

        public static void Destroy(Object target)
        {
            StandIn.MainThread("Destroy");
            if (target == null) return;
            StandIn.doomed.Add(target);
        }

        public static void DestroyImmediate(Object target)
        {
            StandIn.MainThread("DestroyImmediate");
            if (target != null) StandIn.End(target);
        }

        public static void DontDestroyOnLoad(Object target)
        {
            StandIn.MainThread("DontDestroyOnLoad");
            if (target == null) throw new ArgumentNullException("target");
            var component = target as Component;
            var gameObject = component != null ? component.gameObject : target as GameObject;
            if (gameObject != null && gameObject.transform.parent != null)
                Debug.LogWarning("DontDestroyOnLoad only works for root GameObjects or components on root GameObjects.");
            StandIn.kept.Add(gameObject);
        }

        public static T FindObjectOfType<T>() where T : Object
        {
            foreach (var gameObject in StandIn.objects)
            {
                if (!gameObject.activeInHierarchy) continue;
                foreach (var component in gameObject.components)
                    if (component is T) return (T)(Object)component;
            }
            return null;
        }

        public static bool operator ==(Object a, Object b)
        {
            var noA = ReferenceEquals(a, null) || a.destroyed;
            var noB = ReferenceEquals(b, null) || b.destroyed;
            return noA || noB ? noA && noB : ReferenceEquals(a, b);
        }

        public static bool operator !=(Object a, Object b) { return !(a == b); }
        public static implicit operator bool(Object value) { return value != null; }
        public override bool Equals(object other) { return this == other as Object; }
        public override int GetHashCode() { return m_Id; }
        public override string ToString() { return m_Name + " (" + GetType().Name + ")"; }
    }

    public class ScriptableObject : Object
    {
        public static T CreateInstance<T>() where T : ScriptableObject, new() { return new T(); }
    }

    public class Component : Object
    {
        internal GameObject m_GameObject;

        public GameObject gameObject { get { Alive(); return m_GameObject; } }
        public Transform transform { get { Alive(); return m_GameObject.transform; } }

        public T GetComponent<T>() { Alive(); return m_GameObject.GetComponent<T>(); }
        public T[] GetComponents<T>() { Alive(); return m_GameObject.GetComponents<T>(); }
        public T GetComponentInParent<T>() { Alive(); return m_GameObject.GetComponentInParent<T>(); }
        public T GetComponentInChildren<T>() { Alive(); return m_GameObject.GetComponentInChildren<T>(); }
        public T[] GetComponentsInChildren<T>() { return GetComponentsInChildren<T>(false); }
        public T[] GetComponentsInChildren<T>(bool includeInactive) { Alive(); return m_GameObject.GetComponentsInChildren<T>(includeInactive); }
    }

    public class Behaviour : Component
    {
        private bool m_Enabled = true;

        public bool enabled
        {
            get { Alive(); return m_Enabled; }
            set
            {
                Alive();
                m_Enabled = value;
                StandIn.Refresh(m_GameObject);
            }
        }

        internal bool wanted { get { return m_Enabled; } }
        public bool isActiveAndEnabled { get { Alive(); return m_Enabled && m_GameObject.activeInHierarchy; } }
    }

    /// <summary>A script; StandIn calls its messages by name, as Unity does.</summary>
    public class MonoBehaviour : Behaviour
    {
        internal bool awake;
        internal bool on;
        internal bool started;

        public MonoBehaviour()
        {
            if (!StandIn.adding) throw new UnityException("A MonoBehaviour is made by AddComponent, not by new.");
        }
    }

    public sealed class GameObject : Object
    {
        internal readonly List<Component> components = new List<Component>();
        private readonly Transform m_Transform;
        private bool m_Active = true;

        public GameObject() : this("New Game Object") { }

        public GameObject(string name)
        {
            StandIn.MainThread("GameObject");
            this.name = name;
            m_Transform = new Transform { m_GameObject = this };
            components.Add(m_Transform);
            StandIn.objects.Add(this);
        }

        public Transform transform { get { Alive(); return m_Transform; } }
        public bool activeSelf { get { Alive(); return m_Active; } }

        public bool activeInHierarchy
        {
            get
            {
                for (var at = m_Transform; !ReferenceEquals(at, null); at = at.m_Parent)
                    if (!at.m_GameObject.m_Active) return false;
                return true;
            }
        }

        public void SetActive(bool value)
        {
            Alive();
            m_Active = value;
            StandIn.RefreshTree(m_Transform);
        }

        public T AddComponent<T>() where T : Component { return (T)AddComponent(typeof(T)); }

        public Component AddComponent(Type type)
        {
            Alive();
            foreach (RequireComponent need in type.GetCustomAttributes(typeof(RequireComponent), true))
                if (Find(need.m_Type0) == null) AddComponent(need.m_Type0);
            if (type.IsDefined(typeof(DisallowMultipleComponent), true) && Find(type) != null)
            {
                Debug.LogError("The component " + type.Name + " can't be added because " + name + " already contains the same component.");
                return null;
            }
            StandIn.adding = true;
            Component component;
            try { component = (Component)Activator.CreateInstance(type); }
            finally { StandIn.adding = false; }
            component.m_GameObject = this;
            components.Add(component);
            StandIn.Refresh(this);
            return component;
        }

        private Component Find(Type type)
        {
            foreach (var component in components)
                if (type.IsInstanceOfType(component) && !component.destroyed) return component;
            return null;
        }

        public T GetComponent<T>() { Alive(); return (T)(object)Find(typeof(T)); }

        public T[] GetComponents<T>()
        {
            Alive();
            var found = new List<T>();
            foreach (var component in components)
                if (component is T && !component.destroyed) found.Add((T)(object)component);
            return found.ToArray();
        }

        public T GetComponentInParent<T>()
        {
            Alive();
            for (var at = m_Transform; !ReferenceEquals(at, null); at = at.m_Parent)
            {
                var found = at.m_GameObject.Find(typeof(T));
                if (found != null) return (T)(object)found;
            }
            return default(T);
        }

        public T GetComponentInChildren<T>()
        {
            var all = GetComponentsInChildren<T>(false);
            return all.Length > 0 ? all[0] : default(T);
        }

        public T[] GetComponentsInChildren<T>(bool includeInactive)
        {
            Alive();
            var found = new List<T>();
            Gather(m_Transform, includeInactive, found);
            return found.ToArray();
        }

        private static void Gather<T>(Transform at, bool includeInactive, List<T> found)
        {
            if (!includeInactive && !at.m_GameObject.activeInHierarchy) return;
            foreach (var component in at.m_GameObject.components)
                if (component is T && !component.destroyed) found.Add((T)(object)component);
            foreach (var child in at.m_Children) Gather(child, includeInactive, found);
        }
    }

    public sealed class Transform : Component
    {
        internal Transform m_Parent;
        internal readonly List<Transform> m_Children = new List<Transform>();
        private Vector3 m_Position;
        private Quaternion m_Rotation = Quaternion.identity;
        private Vector3 m_Scale = Vector3.one;

        public Transform parent
        {
            get { Alive(); return m_Parent; }
            set { SetParent(value, true); }
        }

        public int childCount { get { Alive(); return m_Children.Count; } }
        public Transform GetChild(int index) { Alive(); return m_Children[index]; }

        public void SetParent(Transform value, bool worldPositionStays)
        {
            Alive();
            var at = position;
            var turned = rotation;
            if (!ReferenceEquals(m_Parent, null)) m_Parent.m_Children.Remove(this);
            m_Parent = value;
            if (!ReferenceEquals(value, null)) value.m_Children.Add(this);
            if (worldPositionStays)
            {
                position = at;
                rotation = turned;
            }
            StandIn.RefreshTree(this);
        }

        public bool IsChildOf(Transform other)
        {
            for (var at = this; !ReferenceEquals(at, null); at = at.m_Parent)
                if (ReferenceEquals(at, other)) return true;
            return false;
        }

        public Vector3 localPosition { get { Alive(); return m_Position; } set { Alive(); m_Position = value; } }
        public Vector3 localScale { get { Alive(); return m_Scale; } set { Alive(); m_Scale = value; } }

        public Quaternion localRotation
        {
            get { Alive(); return m_Rotation; }
            set
            {
                Alive();
                var length = Quaternion.Dot(value, value);
                if (float.IsNaN(length) || float.IsInfinity(length) || Mathf.Abs(length - 1f) > 1e-2f)
                    throw new UnityException("transform.localRotation assign attempt for '" + name + "' is not valid: " + value);
                m_Rotation = Quaternion.Normalize(value);
            }
        }

        public Quaternion rotation
        {
            get { Alive(); return ReferenceEquals(m_Parent, null) ? m_Rotation : m_Parent.rotation * m_Rotation; }
            set { localRotation = ReferenceEquals(m_Parent, null) ? value : Quaternion.Inverse(m_Parent.rotation) * value; }
        }

        public Vector3 position
        {
            get { Alive(); return ReferenceEquals(m_Parent, null) ? m_Position : m_Parent.TransformPoint(m_Position); }
            set { localPosition = ReferenceEquals(m_Parent, null) ? value : m_Parent.InverseTransformPoint(value); }
        }

        /// <summary>Scale is taken as one: no part of the package looks at it.</summary>
        public Vector3 TransformPoint(Vector3 point) { return position + rotation * point; }
        public Vector3 InverseTransformPoint(Vector3 point) { return Quaternion.Inverse(rotation) * (point - position); }
    }
}
