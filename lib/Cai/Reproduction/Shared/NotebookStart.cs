using System.Reflection;
using System.Runtime.Loader;
using Cai.Torch;

namespace Cai.Reproduction;

/// <summary>What a notebook's first cell does, by way of `lib/Cai.Interactive/cai.csx`.</summary>
public static class NotebookStart
{
    /// <summary>
    /// Makes libtorch ready for cells that use TorchSharp before anything of this library. In .NET Interactive, which loads extensions of packages
    /// but none for a `#r` of a file, also loads the extension that lies beside this assembly. Safe to call again.
    /// </summary>
    public static void Run()
    {
        TorchNative.Init();
        var own = typeof(NotebookStart).Assembly;
        var extension = Path.Combine(Path.GetDirectoryName(own.Location) ?? "", "Cai.Interactive.dll");
        if (AppDomain.CurrentDomain.GetAssemblies().All(a => a.GetName().Name != "Microsoft.DotNet.Interactive") || !File.Exists(extension))
            return;
        AssemblyLoadContext.GetLoadContext(own)!.LoadFromAssemblyPath(extension).GetType("Cai.Interactive.CaiExtension", throwOnError: true)!
            .GetMethod("Load", BindingFlags.Public | BindingFlags.Static, [])!.CreateDelegate<Action>()();
    }
}
