using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using ScottPlot;
using SkiaSharp;

namespace Cai.Figures;

/// <summary>
/// The typeface of static figures: Inter (SIL Open Font License 1.1), carried inside this assembly. A fresh machine or
/// container has no fonts at all, and a system font would make every machine draw a different picture.
/// </summary>
internal sealed class FigureFont : IFontResolver
{
    public const string Name = "Cai Inter";

    private static readonly Lazy<(SKTypeface Regular, SKTypeface Bold)> Faces = new(() =>
    {
        var package = ReadResource("Inter.Package");
        var resources = FontPackage(package);
        var faces = (Face(resources, "/Assets/Inter-Regular.ttf"), Face(resources, "/Assets/Inter-SemiBold.ttf"));
        Fonts.FontResolvers.Insert(0, new FigureFont());
        return faces;
    });

    public static SKTypeface Regular => Faces.Value.Regular;

    public static SKTypeface Bold => Faces.Value.Bold;

    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
        fontName != Name ? null : weight >= FontWeight.SemiBold ? Bold : Regular;

    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName != Name ? null : bold ? Bold : Regular;

    private static SKTypeface Face(byte[] resources, string path)
    {
        // Layout of the package's resource file: index length, version, count, then (path, offset, size); data follow the index.
        using var reader = new BinaryReader(new MemoryStream(resources));
        var data = reader.ReadInt32() + sizeof(int);
        reader.ReadInt32();
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            var (name, offset, size) = (reader.ReadString(), reader.ReadInt32(), reader.ReadInt32());
            if (name == path)
                return SKTypeface.FromData(SKData.CreateCopy(resources.AsSpan(data + offset, size)));
        }
        throw new InvalidDataException($"The font package holds no {path}.");
    }

    private static byte[] FontPackage(byte[] assembly)
    {
        using var image = new PEReader(new MemoryStream(assembly));
        var metadata = image.GetMetadataReader();
        foreach (var handle in metadata.ManifestResources)
        {
            var resource = metadata.GetManifestResource(handle);
            if (metadata.GetString(resource.Name) != "!AvaloniaResources")
                continue;
            var section = image.GetSectionData(image.PEHeaders.CorHeader!.ResourcesDirectory.RelativeVirtualAddress);
            var reader = section.GetReader((int)resource.Offset, section.Length - (int)resource.Offset);
            return reader.ReadBytes(reader.ReadInt32());
        }
        throw new InvalidDataException("The font package holds no resources.");
    }

    private static byte[] ReadResource(string name)
    {
        using var stream = typeof(FigureFont).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidDataException($"The assembly lacks the resource {name}.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
