using System.Buffers.Binary;
using System.Text;

namespace Cai.Torch;

/// <summary>Reads the symbol-version needs (.gnu.version_r) of a 64-bit little-endian ELF file.</summary>
public static class ElfVersions
{
    private const uint SectionVersionNeeds = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort Weak = 2; // VER_FLG_WEAK: the loader only warns when the version is absent

    /// <summary>Marks every need of <paramref name="version"/> weak, in place; false when the file has no such need.</summary>
    public static bool MarkWeak(Span<byte> elf, string version)
    {
        if (elf.Length < 64 || !elf[..4].SequenceEqual("\u007fELF"u8) || elf[4] != 2 || elf[5] != 1)
            return false;
        var sections = (int)BinaryPrimitives.ReadUInt64LittleEndian(elf[0x28..]);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3A..]), count = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3C..]);
        var found = false;
        for (var i = 0; i < count; i++)
        {
            var header = elf[(sections + i * size)..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) != SectionVersionNeeds)
                continue;
            var needs = (int)BinaryPrimitives.ReadUInt64LittleEndian(header[0x18..]);
            var link = (int)BinaryPrimitives.ReadUInt32LittleEndian(header[0x28..]);
            var files = (int)BinaryPrimitives.ReadUInt32LittleEndian(header[0x2C..]);
            var names = (int)BinaryPrimitives.ReadUInt64LittleEndian(elf[(sections + link * size + 0x18)..]);
            found |= MarkIn(elf, needs, files, names, version);
        }
        return found;
    }

    private static bool MarkIn(Span<byte> elf, int need, int files, int names, string version)
    {
        var found = false;
        for (var f = 0; f < files; f++)
        {
            int count = BinaryPrimitives.ReadUInt16LittleEndian(elf[(need + 2)..]);
            var entry = need + BinaryPrimitives.ReadInt32LittleEndian(elf[(need + 8)..]);
            for (var a = 0; a < count; a++)
            {
                var name = elf[(names + BinaryPrimitives.ReadInt32LittleEndian(elf[(entry + 8)..]))..];
                if (Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]) == version)
                {
                    var flags = BinaryPrimitives.ReadUInt16LittleEndian(elf[(entry + 4)..]);
                    BinaryPrimitives.WriteUInt16LittleEndian(elf[(entry + 4)..], (ushort)(flags | Weak));
                    found = true;
                }
                entry += BinaryPrimitives.ReadInt32LittleEndian(elf[(entry + 12)..]);
            }
            need += BinaryPrimitives.ReadInt32LittleEndian(elf[(need + 12)..]);
        }
        return found;
    }
}
