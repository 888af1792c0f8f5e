using System;

namespace AvatarBridge
{
    /// <summary>
    /// A rotation of a bone against its parent as a unit quaternion, in the rig's own space: right-handed, +Y up, of a
    /// body in VRM 1.0's T-pose that faces +Z with its left hand at +X. The identity is the T-pose.
    /// </summary>
    public struct Rotation
    {
        private const double HalfRadian = Math.PI / 360;

        public readonly float X;
        public readonly float Y;
        public readonly float Z;
        public readonly float W;

        public Rotation(float x, float y, float z, float w)
        {
            X = x;
            Y = y;
            Z = z;
            W = w;
        }

        public static Rotation Identity
        {
            get { return new Rotation(0, 0, 0, 1); }
        }

        /// <summary>The rig's Euler angles in degrees: R = Ry * Rz * Rx, so x turns first.</summary>
        public static Rotation FromDegrees(double x, double y, double z)
        {
            double cx = Math.Cos(x * HalfRadian), sx = Math.Sin(x * HalfRadian);
            double cy = Math.Cos(y * HalfRadian), sy = Math.Sin(y * HalfRadian);
            double cz = Math.Cos(z * HalfRadian), sz = Math.Sin(z * HalfRadian);
            return new Rotation(
                (float)(cy * cz * sx + sy * sz * cx),
                (float)(sy * cz * cx + cy * sz * sx),
                (float)(cy * sz * cx - sy * cz * sx),
                (float)(cy * cz * cx - sy * sz * sx));
        }

        /// <summary>
        /// The head's or the body's channels in degrees. Positive yaw turns to screen right (towards the body's own left
        /// hand), positive pitch looks up, positive roll tilts to screen right.
        /// </summary>
        public static Rotation Head(double yaw, double pitch, double roll)
        {
            return FromDegrees(-pitch, yaw, -roll);
        }

        /// <summary>
        /// The same rotation in Unity's left-handed space, of a body that faces +Z with its left hand at -X: x is
        /// mirrored, so (x, y, z, w) becomes (x, -y, -z, w).
        /// </summary>
        public Rotation ToUnity()
        {
            return new Rotation(X, -Y, -Z, W);
        }

        public static Rotation operator *(Rotation a, Rotation b)
        {
            return new Rotation(
                a.W * b.X + a.X * b.W + a.Y * b.Z - a.Z * b.Y,
                a.W * b.Y - a.X * b.Z + a.Y * b.W + a.Z * b.X,
                a.W * b.Z + a.X * b.Y - a.Y * b.X + a.Z * b.W,
                a.W * b.W - a.X * b.X - a.Y * b.Y - a.Z * b.Z);
        }
    }
}
