using System;
using System.Collections.Generic;
using System.IO;
using NUnit.Framework;

namespace AvatarBridge.Tests
{
    /// <summary>The test vectors that all clients of the game protocol share: tests/vectors/game of the project.</summary>
    internal static class Vectors
    {
        public const string Folder = "AVATAR_BRIDGE_VECTORS";

        /// <summary>Read a file of vectors; where there is none, the test is left out.</summary>
        public static JsonValue Read(string name)
        {
            string folders = Environment.GetEnvironmentVariable(Folder) ?? "";
            foreach (string folder in folders.Split(Path.PathSeparator))
            {
                string path = Path.Combine(folder, name);
                if (File.Exists(path))
                {
                    return JsonValue.Parse(File.ReadAllText(path));
                }
            }
            Assert.Ignore("No " + name + ": set " + Folder + " to the project's tests/vectors/game.");
            return JsonValue.Null;
        }

        public static IEnumerable<JsonValue> Items(JsonValue array)
        {
            for (int index = 0; index < array.Count; index++)
            {
                yield return array[index];
            }
        }

        /// <summary>A member by a path of names and numbers: `cues.0.native.trigger`.</summary>
        public static JsonValue At(JsonValue value, string path)
        {
            foreach (string step in path.Split('.'))
            {
                int index;
                value = value.Kind == JsonKind.Array && int.TryParse(step, out index) ? value[index] : value[step];
            }
            return value;
        }

        /// <summary>Fail where two JSON values differ, whatever the order of members.</summary>
        public static void AreEqual(JsonValue expected, JsonValue actual, string where, double tolerance = 0)
        {
            Assert.AreEqual(expected.Kind, actual.Kind, where);
            switch (expected.Kind)
            {
                case JsonKind.Number:
                    Assert.AreEqual(expected.AsNumber(), actual.AsNumber(), tolerance, where);
                    break;
                case JsonKind.String:
                    Assert.AreEqual(expected.AsText(), actual.AsText(), where);
                    break;
                case JsonKind.Boolean:
                    Assert.AreEqual(expected.AsBoolean(), actual.AsBoolean(), where);
                    break;
                case JsonKind.Array:
                    Assert.AreEqual(expected.Count, actual.Count, where);
                    for (int index = 0; index < expected.Count; index++)
                    {
                        AreEqual(expected[index], actual[index], where + "." + index, tolerance);
                    }
                    break;
                case JsonKind.Object:
                    foreach (string key in expected.Keys)
                    {
                        AreEqual(expected[key], actual[key], where + "." + key, tolerance);
                    }
                    Assert.AreEqual(expected.Count, actual.Count, where);
                    break;
            }
        }
    }
}
