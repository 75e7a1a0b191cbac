using System.Text;

namespace Cai.Torch;

/// <summary>
/// Writes a shared library for Linux on x86-64 that exports one C function without parameters, which returns a constant:
/// what `int name(void) { return value; }` compiles to, without the need of a compiler.
/// </summary>
public static class ElfStub
{
    private const int HeaderSize = 64, SegmentSize = 56, SymbolSize = 24, EntrySize = 16, Segments = 4;
    private const int Symbols = HeaderSize + Segments * SegmentSize;
    private const int Hash = Symbols + 2 * SymbolSize;
    private const int Code = Hash + 32; // five words, and the code on a boundary of 16 bytes
    private const int Strings = Code + 16;
    private const int Page = 0x1000;
    private const uint Execute = 1, Write = 2, Read = 4; // PF_X, PF_W, PF_R

    /// <summary>The file's bytes, fewer than a page of 4 KiB. The same arguments give the same bytes.</summary>
    /// <param name="soname">DT_SONAME: the name under which the dynamic linker knows the library.</param>
    public static byte[] Library(string soname, string function, int value)
    {
        var strings = Encoding.ASCII.GetBytes($"\0{function}\0{soname}\0");
        var dynamic = (Strings + strings.Length + 15) / 16 * 16;
        // The linker of glibc before 2.35 writes addresses into the dynamic section, so it gets a page of its own that can
        // be written. Its address and its place in the file must agree within a page.
        var dynamicAddress = dynamic + Page;
        (long Tag, long Value)[] entries =
            [(4, Hash), (5, Strings), (6, Symbols), (10, strings.Length), (11, SymbolSize), (14, 2 + function.Length), (0, 0)];
            // DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SYMENT, DT_SONAME, DT_NULL
        var dynamicSize = entries.Length * EntrySize;

        var file = new MemoryStream();
        using var writer = new BinaryWriter(file); // little-endian, as x86-64 is
        Header(writer);
        Segment(writer, type: 1, Read | Execute, 0, 0, dynamic, Page); // PT_LOAD
        Segment(writer, type: 1, Read | Write, dynamic, dynamicAddress, dynamicSize, Page); // PT_LOAD
        Segment(writer, type: 2, Read | Write, dynamic, dynamicAddress, dynamicSize, 8); // PT_DYNAMIC
        Segment(writer, type: 0x6474e551, Read | Write, 0, 0, 0, 16); // PT_GNU_STACK: a stack that is not executable
        Symbol(writer, name: 0, info: 0, section: 0, at: 0, size: 0); // the first symbol is none
        Symbol(writer, name: 1, info: 0x12, section: 1, Code, size: 6); // a global function; any section but 0, which means "elsewhere"
        foreach (var word in (int[])[1, 2, 1, 0, 0]) // one bucket, two symbols; the bucket's chain is the second symbol alone
            writer.Write(word);
        Pad(writer, Code);
        writer.Write((byte)0xB8); // mov eax, value
        writer.Write(value);
        writer.Write((byte)0xC3); // ret
        Pad(writer, Strings);
        writer.Write(strings);
        Pad(writer, dynamic);
        foreach (var (tag, entry) in entries)
        {
            writer.Write(tag);
            writer.Write(entry);
        }
        return file.ToArray();
    }

    private static void Header(BinaryWriter writer)
    {
        writer.Write([0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // 64 bit, little-endian, version 1, System V
        writer.Write((ushort)3); // ET_DYN
        writer.Write((ushort)62); // EM_X86_64
        writer.Write(1); // version
        writer.Write(0L); // no entry point
        writer.Write((long)HeaderSize); // segments follow
        writer.Write(0L); // no sections: the linker needs segments alone
        writer.Write(0); // flags
        foreach (var size in (ushort[])[HeaderSize, SegmentSize, Segments, 0, 0, 0])
            writer.Write(size);
    }

    private static void Segment(BinaryWriter writer, uint type, uint flags, long offset, long address, long size, long alignment)
    {
        writer.Write(type);
        writer.Write(flags);
        foreach (var field in (long[])[offset, address, address, size, size, alignment]) // virtual and physical address, size in file and in memory
            writer.Write(field);
    }

    private static void Symbol(BinaryWriter writer, int name, byte info, ushort section, long at, long size)
    {
        writer.Write(name);
        writer.Write(info);
        writer.Write((byte)0); // visible to all
        writer.Write(section);
        writer.Write(at);
        writer.Write(size);
    }

    private static void Pad(BinaryWriter writer, int until) => writer.Write(new byte[until - (int)writer.BaseStream.Position]);
}
