using System.Runtime.InteropServices;

namespace AvatarBridge
{
    /// <summary>Numbers out of little-endian bytes, whatever the machine's own order.</summary>
    public static class Bytes
    {
        [StructLayout(LayoutKind.Explicit)]
        private struct Word
        {
            [FieldOffset(0)] public uint Bits;
            [FieldOffset(0)] public float Value;
        }

        public static int UInt16(byte[] data, int offset)
        {
            return data[offset] | data[offset + 1] << 8;
        }

        public static int Int16(byte[] data, int offset)
        {
            return (short)(data[offset] | data[offset + 1] << 8);
        }

        public static uint UInt32(byte[] data, int offset)
        {
            return (uint)(data[offset] | data[offset + 1] << 8 | data[offset + 2] << 16 | data[offset + 3] << 24);
        }

        public static float Single(byte[] data, int offset)
        {
            var word = new Word();
            word.Bits = UInt32(data, offset);
            return word.Value;
        }

        public static double Double(byte[] data, int offset)
        {
            ulong bits = UInt32(data, offset) | (ulong)UInt32(data, offset + 4) << 32;
            return System.BitConverter.Int64BitsToDouble((long)bits);
        }
    }
}
