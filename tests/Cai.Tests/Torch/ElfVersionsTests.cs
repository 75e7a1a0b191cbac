using System.Buffers.Binary;
using System.Text;
using Cai.Torch;
using Xunit;

namespace Cai.Tests.Torch;

public sealed class ElfVersionsTests
{
    private const int Strings = 64, Needs = 128, Sections = 256;

    /// <summary>An ELF of three sections: nothing, .dynstr, and .gnu.version_r with two files: one version of the first, two of the second.</summary>
    private static byte[] Elf()
    {
        var elf = new byte[Sections + 3 * 64];
        "\u007fELF"u8.CopyTo(elf);
        elf[4] = 2; // 64 bit
        elf[5] = 1; // little-endian
        Put(0x28, 8, Sections);
        Put(0x3A, 2, 64);
        Put(0x3C, 2, 3);
        Encoding.ASCII.GetBytes("\0GLIBC_2.34\0GLIBCXX_3.4.32\0GLIBCXX_3.4\0").CopyTo(elf, Strings);
        Put(Sections + 64 + 4, 4, 3); // SHT_STRTAB
        Put(Sections + 64 + 0x18, 8, Strings);
        Put(Sections + 128 + 4, 4, 0x6ffffffe); // SHT_GNU_verneed
        Put(Sections + 128 + 0x18, 8, Needs);
        Put(Sections + 128 + 0x28, 4, 1); // names are in section 1
        Put(Sections + 128 + 0x2C, 4, 2); // two files
        Need(Needs, versions: 1, next: 32);
        Version(Needs + 16, name: 1, next: 0);
        Need(Needs + 32, versions: 2, next: 0);
        Version(Needs + 48, name: 12, next: 16);
        Version(Needs + 64, name: 27, next: 0);
        return elf;

        void Need(int at, int versions, int next)
        {
            Put(at, 2, 1);
            Put(at + 2, 2, versions);
            Put(at + 8, 4, 16);
            Put(at + 12, 4, next);
        }

        void Version(int at, int name, int next)
        {
            Put(at + 8, 4, name);
            Put(at + 12, 4, next);
        }

        void Put(int at, int size, long value)
        {
            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
            bytes[..size].CopyTo(elf.AsSpan(at));
        }
    }

    [Theory]
    [InlineData("GLIBC_2.34", Needs + 16)]
    [InlineData("GLIBCXX_3.4.32", Needs + 48)]
    [InlineData("GLIBCXX_3.4", Needs + 64)]
    public void OnlyTheFlagsOfTheNamedVersionChange(string version, int entry)
    {
        byte[] before = Elf(), after = Elf();
        Assert.True(ElfVersions.MarkWeak(after, version));
        before[entry + 4] = 2; // VER_FLG_WEAK
        Assert.Equal(before, after);
    }

    [Fact]
    public void OtherFilesAndVersionsAreLeftAlone()
    {
        var elf = Elf();
        Assert.False(ElfVersions.MarkWeak(elf, "GLIBCXX_3.4.33"));
        Assert.Equal(Elf(), elf);
        Assert.False(ElfVersions.MarkWeak(new byte[64], "GLIBC_2.34"));
        Assert.False(ElfVersions.MarkWeak(new byte[3], "GLIBC_2.34"));
        elf[4] = 1; // 32 bit
        Assert.False(ElfVersions.MarkWeak(elf, "GLIBC_2.34"));
    }
}
