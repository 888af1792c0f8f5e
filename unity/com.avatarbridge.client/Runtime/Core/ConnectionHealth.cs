using System.Collections.Generic;

namespace AvatarBridge
{
    /// <summary>How the game keeps up, for the report of every two seconds.</summary>
    internal sealed class ConnectionHealth
    {
        private const int MostProblems = 20;

        private readonly List<Problem> problems = new List<Problem>();
        private readonly HashSet<string> told = new HashSet<string>();
        private double margin = double.PositiveInfinity;
        private double seconds;
        private long late;
        private int frames;

        /// <summary>A frame came `ahead` seconds before it is to be seen.</summary>
        public void Frame(double ahead, MotionSampler motion)
        {
            margin = ahead < margin ? ahead : margin;
            if (ahead < 0)
            {
                late++;
                motion.LateFrames++;
            }
        }

        public void Tick(double deltaTime)
        {
            seconds += deltaTime > 0 ? deltaTime : 0;
            frames++;
        }

        /// <summary>Note a problem; each is told once. True where it is new.</summary>
        public bool Add(string message, string suggestion)
        {
            string cut = message.Length > 1000 ? message.Substring(0, 1000) : message;
            if (problems.Count >= MostProblems || told.Count >= 1000 || !told.Add(cut))
            {
                return false;
            }
            problems.Add(new Problem { Message = cut, Suggestion = suggestion ?? "" });
            return true;
        }

        /// <summary>The report of the time since the last one.</summary>
        public string Report(GameMessages messages)
        {
            double? marginMs = double.IsInfinity(margin) || double.IsNaN(margin) ? (double?)null : margin * 1000;
            string text = messages.Report(marginMs, late, seconds > 0 ? frames / seconds : 0, problems);
            problems.Clear();
            margin = double.PositiveInfinity;
            seconds = 0;
            late = 0;
            frames = 0;
            return text;
        }
    }
}
