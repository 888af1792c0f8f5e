using System;
using System.IO;

namespace AvatarBridge
{
    /// <summary>Where a client finds the bridge's access token; what it holds is never logged.</summary>
    public static class AccessToken
    {
        /// <summary>
        /// Return the token: the field's, else the environment variable's, else the file's first line; null where none is
        /// found, with `problem` in words. A path may begin with ~ for the user's folder.
        /// </summary>
        public static string Find(string field, string variable, string file, out string problem)
        {
            problem = null;
            if (!string.IsNullOrEmpty(field) && field.Trim().Length > 0) return field.Trim();
            var value = string.IsNullOrEmpty(variable) ? null : Environment.GetEnvironmentVariable(variable);
            if (!string.IsNullOrEmpty(value)) return value.Trim();
            var token = FromFile(file, out problem);
            if (token == null && problem == null)
                problem = "No access token: the field is empty, the environment variable " + variable + " is not set and no token file is named.";
            return token;
        }

        private static string FromFile(string file, out string problem)
        {
            problem = null;
            if (string.IsNullOrEmpty(file)) return null;
            try
            {
                using (var reader = new StreamReader(Whole(file)))
                {
                    var line = reader.ReadLine();
                    if (line != null && line.Trim().Length > 0) return line.Trim();
                }
                problem = "The token file " + file + " is empty: write the token into its first line.";
            }
            catch (IOException failure)
            {
                problem = "The token file " + file + " cannot be read: " + failure.Message;
            }
            catch (UnauthorizedAccessException failure)
            {
                problem = "The token file " + file + " cannot be read: " + failure.Message;
            }
            catch (ArgumentException)
            {
                problem = "The token file's path is no path: " + file;
            }
            catch (NotSupportedException)
            {
                problem = "The token file's path is no path: " + file;
            }
            return null;
        }

        private static string Whole(string file)
        {
            if (!file.StartsWith("~", StringComparison.Ordinal)) return file;
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            return Path.Combine(home, file.Substring(1).TrimStart('/', '\\'));
        }
    }
}
