using System;
using System.Collections.Generic;

namespace AvatarBridge
{
    /// <summary>
    /// Which cue of an utterance begins when, and when a native hold ends. Each begins once, in the order of their starts,
    /// when the playhead passes its start. A gesture whose word is more than 0.15 s past by then is left out for good, and
    /// so is what would be released already.
    /// </summary>
    public sealed class CueScheduler
    {
        private const double Belated = 0.15;
        private const double Furthest = 10.0;

        private struct Ending
        {
            public string Action;
            public int? Cue;
            public Cue Only;
            public double At;
        }

        private static readonly Comparison<Cue> InOrder = Order;

        private readonly List<Cue> waiting = new List<Cue>();
        private readonly List<Cue> acts = new List<Cue>();
        private readonly List<Cue> held = new List<Cue>();
        private readonly List<Ending> endings = new List<Ending>();
        private readonly HashSet<int> settled = new HashSet<int>();
        private int next;
        private bool cancelled;

        /// <summary>What the game switched on and nobody has ended yet, in the order of beginning.</summary>
        public IList<Cue> Held
        {
            get { return held; }
        }

        /// <summary>A new utterance begins: nothing waits; what is held stays held until it is released.</summary>
        public void Begin()
        {
            End();
            settled.Clear();
            cancelled = false;
        }

        /// <summary>The utterance was interrupted: nothing more begins, and what it holds or was to release ends.</summary>
        public void Cancel()
        {
            cancelled = true;
            End();
            for (int index = 0; index < held.Count; index++)
            {
                if (held[index].Id != null)
                {
                    endings.Add(new Ending { Only = held[index], At = double.NegativeInfinity });
                }
            }
        }

        /// <summary>The utterance is over: what was not released yet and should have been is now.</summary>
        public void End()
        {
            Drop();
            for (int index = 0; index < endings.Count; index++)
            {
                Ending one = endings[index];
                one.At = double.NegativeInfinity;
                endings[index] = one;
            }
        }

        /// <summary>Every hold ends.</summary>
        public void Reset()
        {
            for (int index = 0; index < held.Count; index++)
            {
                endings.Add(new Ending { Only = held[index], At = double.NegativeInfinity });
            }
        }

        /// <summary>The cues that have their place so far; they replace what was told before.</summary>
        public void Tell(IList<Cue> cues)
        {
            if (cancelled)
            {
                return;
            }
            Drop();
            for (int index = 0; index < cues.Count; index++)
            {
                Cue cue = cues[index];
                if (cue.Id == null || !settled.Contains(cue.Id.Value))
                {
                    waiting.Add(cue);
                }
            }
            waiting.Sort(InOrder);
        }

        /// <summary>A hold ends at an utterance time, or at once (null); of which cue, else of all of that action.</summary>
        public void Release(string action, int? cue, double? at)
        {
            endings.Add(new Ending { Action = action, Cue = cue, At = at ?? double.NegativeInfinity });
        }

        /// <summary>Something to do outside a script, at its time on the bridge's clock.</summary>
        public void Await(Cue act)
        {
            acts.Add(act);
        }

        /// <summary>The next thing outside a script that is due by the bridge's clock; false where none is.</summary>
        public bool NextAct(double bridge, out Cue act)
        {
            for (int index = 0; index < acts.Count; index++)
            {
                // a time too far ahead is of a clock that is not known yet
                if (acts[index].At <= bridge || acts[index].At > bridge + Furthest)
                {
                    act = acts[index];
                    acts.RemoveAt(index);
                    Hold(act);
                    return true;
                }
            }
            act = null;
            return false;
        }

        /// <summary>The next cue that begins by now; false where none does. Call it until it is false.</summary>
        public bool Next(double playhead, out Cue cue)
        {
            while (next < waiting.Count && waiting[next].Start <= playhead)
            {
                cue = waiting[next++];
                if (cue.Id != null)
                {
                    settled.Add(cue.Id.Value);
                }
                bool late = cue.IsGesture && playhead - cue.At > Belated;
                bool over = cue.Released != null && cue.Released.Value <= playhead;
                if (!late && !over)
                {
                    Hold(cue);
                    return true;
                }
            }
            cue = null;
            return false;
        }

        /// <summary>The next hold that ends by now; false where none does. Call it until it is false, after the cues.</summary>
        public bool NextEnd(double playhead, out Cue cue)
        {
            cue = null;
            if (endings.Count == 0)
            {
                return false;
            }
            for (int index = 0; index < held.Count; index++)
            {
                if (Ends(held[index], playhead))
                {
                    cue = held[index];
                    held.RemoveAt(index);
                    return true;
                }
            }
            for (int index = endings.Count - 1; index >= 0; index--)
            {
                if (endings[index].At <= playhead || double.IsNegativeInfinity(endings[index].At))
                {
                    endings.RemoveAt(index);
                }
            }
            return false;
        }

        private void Hold(Cue cue)
        {
            if (cue.IsHold)
            {
                held.Add(cue);
            }
        }

        private bool Ends(Cue cue, double playhead)
        {
            for (int index = 0; index < endings.Count; index++)
            {
                Ending one = endings[index];
                bool same = one.Only != null ? one.Only == cue
                    : one.Cue != null ? one.Cue == cue.Id
                    : one.Action == cue.Action;
                if (same && (one.At <= playhead || double.IsNegativeInfinity(one.At)))
                {
                    return true;
                }
            }
            return false;
        }

        private void Drop()
        {
            waiting.Clear();
            next = 0;
        }

        private static int Order(Cue one, Cue other)
        {
            int order = one.Start.CompareTo(other.Start);
            return order != 0 ? order : (one.Id ?? -1).CompareTo(other.Id ?? -1);
        }
    }
}
