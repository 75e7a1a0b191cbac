using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Cai.Tool.Notebooks;

/// <summary>
/// The assemblies that cells compile against: those of this process. Made once and shared by the sessions of a run,
/// as reading the metadata of 200 files takes a noticeable part of a second.
/// </summary>
public sealed class HostReferences
{
    private readonly ImmutableSortedDictionary<string, PortableExecutableReference> byName;

    // `cai serve` is built on it. No cell needs it, and its 150 assemblies would slow the first one down.
    private const string WebFramework = "Microsoft.AspNetCore.App";

    public HostReferences()
    {
        var listed = AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "";
        byName = listed.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Where(path => path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) && !path.Contains(WebFramework, StringComparison.Ordinal))
            .GroupBy(path => Path.GetFileNameWithoutExtension(path), StringComparer.OrdinalIgnoreCase)
            .ToImmutableSortedDictionary(group => group.Key,
                group => MetadataReference.CreateFromFile(group.First(), documentation: XmlDocs.Beside(group.First())), StringComparer.OrdinalIgnoreCase);
    }

    public IEnumerable<MetadataReference> All => byName.Values;

    /// <summary>The host's own assembly of that name, or null.</summary>
    public PortableExecutableReference? Find(string assemblyName) => byName.GetValueOrDefault(assemblyName);
}

/// <summary>
/// Resolves `#r`. What the host has is taken from the host: a second copy would have types of its own that fit nothing.
/// Never probes for missing assemblies, which Roslyn's default does afresh in every cell at 5 MB each.
/// </summary>
internal sealed class CellReferenceResolver(HostReferences host, string folder) : MetadataReferenceResolver
{
    private const string NuGet = "nuget:";

    // Packages that bring only native files, or whose assembly has another name: the host has them with their parent.
    private static readonly string[] WithoutAssembly = ["TorchSharp-cpu", "TorchSharp-cuda-linux", "TorchSharp-cuda-windows", "libtorch-cpu", "Cai.Notebooks",
        "Cai.Interactive"];

    /// <summary>Why a reference of the cell being compiled was refused; cleared by the session before each cell.</summary>
    public List<string> Refusals { get; } = [];

    public override bool ResolveMissingAssemblies => false;

    public override ImmutableArray<PortableExecutableReference> ResolveReference(string reference, string? baseFilePath, MetadataReferenceProperties properties)
    {
        if (reference.StartsWith(NuGet, StringComparison.OrdinalIgnoreCase))
            return Package(reference[NuGet.Length..].Split(',')[0].Trim());
        if (host.Find(Path.GetFileNameWithoutExtension(reference)) is { } own)
            return [own];
        var from = baseFilePath is null ? folder : Path.GetDirectoryName(Path.GetFullPath(baseFilePath, folder))!;
        var path = Path.GetFullPath(reference, from);
        if (File.Exists(path))
            return [MetadataReference.CreateFromFile(path, properties)];
        Refusals.Add($"#r: \"{reference}\" does not exist (looked in {from}). Paths count from the notebook's folder.");
        return [];
    }

    private ImmutableArray<PortableExecutableReference> Package(string id)
    {
        if (host.Find(id) is { } own)
            return [own];
        if (WithoutAssembly.Contains(id, StringComparer.OrdinalIgnoreCase))
            return [host.Find("Cai") ?? host.Find("System.Runtime")!];
        Refusals.Add($"#r: the package \"{id}\" is not part of the host, and packages are not downloaded. Add it to lib/Cai.Tool/Cai.Tool.csproj, or give "
            + "the path of a .dll.");
        return [];
    }

    public override bool Equals(object? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}
