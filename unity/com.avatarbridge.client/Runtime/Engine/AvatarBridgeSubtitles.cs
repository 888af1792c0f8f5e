using System.Collections.Generic;
using System.Text;
using UnityEngine;
using UnityEngine.Events;

namespace AvatarBridge
{
    /// <summary>Shows what is being said, in step with the voice; gone at once when the character is interrupted.</summary>
    [AddComponentMenu("Avatar Bridge/Avatar Bridge Subtitles")]
    [DefaultExecutionOrder(1020)]
    public sealed class AvatarBridgeSubtitles : AvatarBridgePart
    {
        public enum Highlight
        {
            None,
            /// <summary>The word that is being heard.</summary>
            Word,
            /// <summary>All words heard so far.</summary>
            SoFar
        }

#if AVATARBRIDGE_UGUI
        [Tooltip("A UI Text that shows the subtitle. For TextMeshPro use the event below.")]
        [SerializeField] private UnityEngine.UI.Text text;
#endif
        [Tooltip("Called with the subtitle. For TextMeshPro: drag the TMP text here and choose TMP_Text, text (under Dynamic string).")]
        public UnityEvent<string> shown = new UnityEvent<string>();
        [SerializeField] private Highlight highlight = Highlight.None;
        [Tooltip("What stands before a highlighted word (rich text).")]
        [SerializeField] private string opening = "<b>";
        [Tooltip("What stands after it.")]
        [SerializeField] private string closing = "</b>";

        private StringBuilder _built;
        private ISubtitleTarget[] _targets;
        private Caption _caption;
        private int _first;
        private int _last;

        /// <summary>What is shown now.</summary>
        public string Shown { get; private set; }

        public Highlight Highlighted
        {
            get { return highlight; }
            set { highlight = value; }
        }

#if AVATARBRIDGE_UGUI
        public UnityEngine.UI.Text Text
        {
            get { return text; }
            set { text = value; }
        }
#endif

        public override void Check(IList<Finding> into)
        {
            base.Check(into);
            var somewhere = shown.GetPersistentEventCount() > 0 || GetComponents<ISubtitleTarget>().Length > 0;
#if AVATARBRIDGE_UGUI
            somewhere |= text != null;
#endif
            if (!somewhere)
                into.Add(new Finding("The subtitles are shown nowhere.", "Name a UI Text, or connect the event to a TextMeshPro text.", true));
        }

        protected override void OnJoined()
        {
            _built = new StringBuilder(256);
            _targets = GetComponents<ISubtitleTarget>();
            Show("");
        }

        protected override void OnLeft()
        {
            _caption = null;
            Show("");
        }

        private void LateUpdate()
        {
            if (Body == null || _built == null) return;
            var caption = Connection.State == ConnectionState.Connected && Body.HasPlayhead ? Body.Caption : null;
            var first = -1;
            var last = -1;
            if (caption != null && highlight != Highlight.None) Heard(caption, Body.Playhead, out first, out last);
            if (caption == _caption && first == _first && last == _last) return;
            _caption = caption;
            _first = first;
            _last = last;
            Show(caption == null ? "" : Built(caption, first, last));
        }

        /// <summary>Number of the first and of the last word to highlight; -1 for none.</summary>
        private void Heard(Caption caption, double at, out int first, out int last)
        {
            first = -1;
            last = -1;
            var number = 0;
            for (var line = 0; line < caption.Lines.Count; line++)
            {
                var words = caption.Lines[line];
                for (var index = 0; index < words.Count; index++, number++)
                {
                    if (words[index].At > at) return;
                    if (highlight == Highlight.SoFar) first = 0;
                    else if (words[index].End > at) first = number;
                    else continue;
                    last = number;
                }
            }
        }

        private string Built(Caption caption, int first, int last)
        {
            _built.Length = 0;
            var number = 0;
            for (var line = 0; line < caption.Lines.Count; line++)
            {
                if (line > 0) _built.Append('\n');
                var words = caption.Lines[line];
                for (var index = 0; index < words.Count; index++, number++)
                {
                    if (number == first) _built.Append(opening);
                    Literal(words[index].Text);
                    if (number == last && first >= 0) _built.Append(closing);
                }
            }
            return _built.ToString();
        }

        /// <summary>A word is text and no tag: what looks like one is broken up by an invisible space.</summary>
        private void Literal(string word)
        {
            for (var index = 0; index < word.Length; index++)
            {
                _built.Append(word[index]);
                if (word[index] == '<' && index + 1 < word.Length) _built.Append('\u200B');
            }
        }

        private void Show(string now)
        {
            if (now == Shown) return;
            Shown = now;
#if AVATARBRIDGE_UGUI
            if (text != null) text.text = now;
#endif
            for (var index = 0; _targets != null && index < _targets.Length; index++) _targets[index].Show(now);
            shown.Invoke(now);
        }
    }
}
