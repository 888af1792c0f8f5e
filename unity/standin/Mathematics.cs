using System;

namespace UnityEngine
{
    /// <summary>Three floats; x right, y up, z forward.</summary>
    public struct Vector3 : IEquatable<Vector3>
    {
        public float x;
        public float y;
        public float z;

        public Vector3(float x, float y, float z)
        {
            this.x = x;
            this.y = y;
            this.z = z;
        }

        public static Vector3 zero { get { return new Vector3(0, 0, 0); } }
        public static Vector3 one { get { return new Vector3(1, 1, 1); } }
        public static Vector3 up { get { return new Vector3(0, 1, 0); } }
        public static Vector3 down { get { return new Vector3(0, -1, 0); } }
        public static Vector3 left { get { return new Vector3(-1, 0, 0); } }
        public static Vector3 right { get { return new Vector3(1, 0, 0); } }
        public static Vector3 forward { get { return new Vector3(0, 0, 1); } }

        public float sqrMagnitude { get { return x * x + y * y + z * z; } }
        public float magnitude { get { return (float)Math.Sqrt(sqrMagnitude); } }
        public Vector3 normalized { get { return magnitude > 1e-5f ? this / magnitude : zero; } }

        public static Vector3 operator +(Vector3 a, Vector3 b) { return new Vector3(a.x + b.x, a.y + b.y, a.z + b.z); }
        public static Vector3 operator -(Vector3 a, Vector3 b) { return new Vector3(a.x - b.x, a.y - b.y, a.z - b.z); }
        public static Vector3 operator -(Vector3 a) { return new Vector3(-a.x, -a.y, -a.z); }
        public static Vector3 operator *(Vector3 a, float d) { return new Vector3(a.x * d, a.y * d, a.z * d); }
        public static Vector3 operator *(float d, Vector3 a) { return a * d; }
        public static Vector3 operator /(Vector3 a, float d) { return new Vector3(a.x / d, a.y / d, a.z / d); }
        public static bool operator ==(Vector3 a, Vector3 b) { return (a - b).sqrMagnitude < 9.99999944e-11f; }
        public static bool operator !=(Vector3 a, Vector3 b) { return !(a == b); }

        public static float Dot(Vector3 a, Vector3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }

        public static Vector3 Cross(Vector3 a, Vector3 b)
        {
            return new Vector3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);
        }

        public bool Equals(Vector3 other) { return x.Equals(other.x) && y.Equals(other.y) && z.Equals(other.z); }
        public override bool Equals(object other) { return other is Vector3 && Equals((Vector3)other); }
        public override int GetHashCode() { return x.GetHashCode() ^ (y.GetHashCode() << 2) ^ (z.GetHashCode() >> 2); }
        public override string ToString() { return "(" + x + ", " + y + ", " + z + ")"; }
    }

    /// <summary>A rotation; products apply the right one first, as in Unity.</summary>
    public struct Quaternion : IEquatable<Quaternion>
    {
        public float x;
        public float y;
        public float z;
        public float w;

        public Quaternion(float x, float y, float z, float w)
        {
            this.x = x;
            this.y = y;
            this.z = z;
            this.w = w;
        }

        public static Quaternion identity { get { return new Quaternion(0, 0, 0, 1); } }

        public static Quaternion operator *(Quaternion a, Quaternion b)
        {
            return new Quaternion(
                a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
                a.w * b.y + a.y * b.w + a.z * b.x - a.x * b.z,
                a.w * b.z + a.z * b.w + a.x * b.y - a.y * b.x,
                a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z);
        }

        public static Vector3 operator *(Quaternion q, Vector3 v)
        {
            var axis = new Vector3(q.x, q.y, q.z);
            var t = 2f * Vector3.Cross(axis, v);
            return v + q.w * t + Vector3.Cross(axis, t);
        }

        /// <summary>True where both are nearly the same rotation, as Unity's operator says.</summary>
        public static bool operator ==(Quaternion a, Quaternion b) { return Dot(a, b) > 1f - 1e-6f; }
        public static bool operator !=(Quaternion a, Quaternion b) { return !(a == b); }

        public static float Dot(Quaternion a, Quaternion b) { return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w; }

        public static Quaternion Inverse(Quaternion q) { return new Quaternion(-q.x, -q.y, -q.z, q.w); }

        /// <summary>Degrees; z first, then x, then y.</summary>
        public static Quaternion Euler(float x, float y, float z)
        {
            return AngleAxis(y, Vector3.up) * AngleAxis(x, Vector3.right) * AngleAxis(z, Vector3.forward);
        }

        public static Quaternion AngleAxis(float angle, Vector3 axis)
        {
            var half = angle * Math.PI / 360.0;
            var s = (float)Math.Sin(half);
            var n = axis.normalized;
            return new Quaternion(n.x * s, n.y * s, n.z * s, (float)Math.Cos(half));
        }

        public static Quaternion FromToRotation(Vector3 from, Vector3 to)
        {
            var a = from.normalized;
            var b = to.normalized;
            var dot = Vector3.Dot(a, b);
            if (dot < -0.999999f)
            {
                var axis = Vector3.Cross(Vector3.right, a);
                return AngleAxis(180f, axis.sqrMagnitude > 1e-6f ? axis : Vector3.Cross(Vector3.up, a));
            }
            var c = Vector3.Cross(a, b);
            return Normalize(new Quaternion(c.x, c.y, c.z, 1f + dot));
        }

        public static Quaternion Slerp(Quaternion a, Quaternion b, float t)
        {
            t = Mathf.Clamp01(t);
            var dot = Dot(a, b);
            var sign = dot < 0f ? -1f : 1f;
            dot *= sign;
            double p = 1 - t, q = t;
            if (dot < 0.9995f)
            {
                var angle = Math.Acos(dot);
                p = Math.Sin((1 - t) * angle) / Math.Sin(angle);
                q = Math.Sin(t * angle) / Math.Sin(angle);
            }
            var r = (float)q * sign;
            var l = (float)p;
            return Normalize(new Quaternion(l * a.x + r * b.x, l * a.y + r * b.y, l * a.z + r * b.z, l * a.w + r * b.w));
        }

        public static Quaternion Normalize(Quaternion q)
        {
            var length = (float)Math.Sqrt(Dot(q, q));
            return length < 1e-9f ? identity : new Quaternion(q.x / length, q.y / length, q.z / length, q.w / length);
        }

        public static float Angle(Quaternion a, Quaternion b)
        {
            return (float)(Math.Acos(Math.Min(Math.Abs(Dot(a, b)), 1f)) * 360.0 / Math.PI);
        }

        public bool Equals(Quaternion o) { return x.Equals(o.x) && y.Equals(o.y) && z.Equals(o.z) && w.Equals(o.w); }
        public override bool Equals(object other) { return other is Quaternion && Equals((Quaternion)other); }
        public override int GetHashCode() { return x.GetHashCode() ^ (y.GetHashCode() << 2) ^ w.GetHashCode(); }
        public override string ToString() { return "(" + x + ", " + y + ", " + z + ", " + w + ")"; }
    }

    public static class Mathf
    {
        public const float Deg2Rad = (float)(Math.PI / 180.0);
        public const float Rad2Deg = (float)(180.0 / Math.PI);

        public static float Clamp(float v, float low, float high) { return v < low ? low : v > high ? high : v; }
        public static int Clamp(int v, int low, int high) { return v < low ? low : v > high ? high : v; }
        public static float Clamp01(float v) { return Clamp(v, 0f, 1f); }
        public static float Max(float a, float b) { return a > b ? a : b; }
        public static int Max(int a, int b) { return a > b ? a : b; }
        public static float Min(float a, float b) { return a < b ? a : b; }
        public static int Min(int a, int b) { return a < b ? a : b; }
        public static float Abs(float v) { return Math.Abs(v); }
        public static float Sin(float v) { return (float)Math.Sin(v); }
        public static float Cos(float v) { return (float)Math.Cos(v); }
        public static float Lerp(float a, float b, float t) { return a + (b - a) * Clamp01(t); }
        public static bool Approximately(float a, float b) { return Abs(b - a) < Max(1e-6f * Max(Abs(a), Abs(b)), 1.1e-44f); }
    }
}
