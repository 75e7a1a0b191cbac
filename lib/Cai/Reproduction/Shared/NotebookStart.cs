using System.Reflection;
using System.Runtime.Loader;
using Cai.Torch;

namespace Cai.Reproduction;

/// <summary>What a notebook's first cell does, by way of `lib/Cai.Interactive/cai.csx` or of the package's extension.dib.</summary>
public static class NotebookStart
{
    private const string FSharp = "FSharp.Core";
    private static readonly AssemblyLoadContext Beside = new(FSharp);

    /// <summary>
    /// Makes libtorch ready for cells that use TorchSharp before anything of this library. In .NET Interactive, which loads extensions of packages
    /// but none for a `#r` of a file, also loads the extension that lies beside this assembly. Safe to call again.
    /// </summary>
    public static void Run()
    {
        TorchNative.Init();
        var own = typeof(NotebookStart).Assembly;
        if (AppDomain.CurrentDomain.GetAssemblies().All(a => a.GetName().Name != "Microsoft.DotNet.Interactive"))
            return;
        var context = AssemblyLoadContext.GetLoadContext(own)!;
        if (context == AssemblyLoadContext.Default)
        {
            context.Resolving -= NewerFSharp;
            context.Resolving += NewerFSharp;
        }
        var extension = Path.Combine(Path.GetDirectoryName(own.Location) ?? "", "Cai.Interactive.dll");
        if (!File.Exists(extension))
            return;
        context.LoadFromAssemblyPath(extension).GetType("Cai.Interactive.CaiExtension", throwOnError: true)!
            .GetMethod("Load", BindingFlags.Public | BindingFlags.Static, [])!.CreateDelegate<Action>()();
    }

    /// <summary>
    /// A package is loaded into the engine's own context, where the engine's FSharp.Core is. Figures need Plotly.NET, which was built with a newer one:
    /// that of the package, from PACKAGES/fsharp.core/VERSION/lib/netstandard2.1, lives beside it.
    /// </summary>
    private static Assembly? NewerFSharp(AssemblyLoadContext context, AssemblyName asked)
    {
        if (asked.Name != FSharp)
            return null;
        var plotly = context.LoadFromAssemblyName(new("Plotly.NET")).Location; // PACKAGES/plotly.net/VERSION/lib/netstandard2.0/Plotly.NET.dll
        var versions = new DirectoryInfo(Path.GetFullPath(Path.Combine(plotly, "../../../../../fsharp.core")));
        var found = !versions.Exists ? null : versions.EnumerateDirectories()
            .Select(version => Path.Combine(version.FullName, "lib", "netstandard2.1", "FSharp.Core.dll")).Where(File.Exists)
            .Select(path => (Path: path, AssemblyName.GetAssemblyName(path).Version)).Where(file => file.Version >= asked.Version)
            .OrderBy(file => file.Version).Select(file => file.Path).FirstOrDefault();
        return found is null ? null : Beside.LoadFromAssemblyPath(found);
    }
}
