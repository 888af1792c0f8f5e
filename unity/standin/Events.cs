using System;
using System.Collections.Generic;

namespace UnityEngine.Events
{
    public delegate void UnityAction();
    public delegate void UnityAction<T0>(T0 arg0);
    public delegate void UnityAction<T0, T1>(T0 arg0, T1 arg1);

    [Serializable]
    public abstract class UnityEventBase
    {
        public int GetPersistentEventCount() { return 0; }
    }

    [Serializable]
    public class UnityEvent : UnityEventBase
    {
        private readonly List<UnityAction> m_Calls = new List<UnityAction>();
        public void AddListener(UnityAction call) { m_Calls.Add(call); }
        public void RemoveListener(UnityAction call) { m_Calls.Remove(call); }
        public void Invoke() { foreach (var call in m_Calls.ToArray()) Guard.Run(() => call()); }
    }

    [Serializable]
    public class UnityEvent<T0> : UnityEventBase
    {
        private readonly List<UnityAction<T0>> m_Calls = new List<UnityAction<T0>>();
        public void AddListener(UnityAction<T0> call) { m_Calls.Add(call); }
        public void RemoveListener(UnityAction<T0> call) { m_Calls.Remove(call); }
        public void Invoke(T0 arg0) { foreach (var call in m_Calls.ToArray()) Guard.Run(() => call(arg0)); }
    }

    [Serializable]
    public class UnityEvent<T0, T1> : UnityEventBase
    {
        private readonly List<UnityAction<T0, T1>> m_Calls = new List<UnityAction<T0, T1>>();
        public void AddListener(UnityAction<T0, T1> call) { m_Calls.Add(call); }
        public void RemoveListener(UnityAction<T0, T1> call) { m_Calls.Remove(call); }
        public void Invoke(T0 arg0, T1 arg1) { foreach (var call in m_Calls.ToArray()) Guard.Run(() => call(arg0, arg1)); }
    }

    internal static class Guard
    {
        public static void Run(Action call)
        {
            StandIn.MainThread("UnityEvent.Invoke");
            call();
        }
    }
}
