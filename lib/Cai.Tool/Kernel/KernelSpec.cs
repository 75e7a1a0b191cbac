using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cai.Storage;

namespace Cai.Tool.Kernel;

/// <summary>What Jupyter reads to find and start the kernel: a folder with a kernel.json.</summary>
internal static partial class KernelSpec
{
    /// <summary>Kernel's own name.</summary>
    public const string DefaultName = "cai";

    /// <summary>The name that the notebooks ask for, which .NET Interactive gave its kernel.</summary>
    public const string NotebookName = ".net-csharp";

    /// <summary>Writes the kernelspec; gives its folder.</summary>
    /// <param name="jupyter">Jupyter's data folder (share/jupyter).</param>
    /// <exception cref="CaiException">The name is none for Jupyter, or the folder cannot be written.</exception>
    public static string Install(string jupyter, string name)
    {
        if (!ValidName().IsMatch(name))
            throw new CaiException($"\"{name}\" is no name for a kernel.", "Use letters, digits, dots, hyphens and underscores.", "--name");
        var folder = Path.Combine(jupyter, "kernels", name);
        try
        {
            Directory.CreateDirectory(folder);
            AtomicFile.Write(Path.Combine(folder, "kernel.json"), Spec().ToJsonString(CaiJson.Indented) + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CaiException("The kernel's folder cannot be written.", "Give another place with --prefix.", folder, e);
        }
        return folder;
    }

    /// <summary>Whether a kernel of that name is there that is not this program's.</summary>
    public static bool IsForeign(string jupyter, string name)
    {
        var file = Path.Combine(jupyter, "kernels", name, "kernel.json");
        return File.Exists(file) && !File.ReadAllText(file).Contains(Path.GetFileName(typeof(Program).Assembly.Location), StringComparison.Ordinal);
    }

    /// <summary>The folder in which Jupyter looks for kernels of this user.</summary>
    public static string UserFolder()
    {
        if (Environment.GetEnvironmentVariable("JUPYTER_DATA_DIR") is { Length: > 0 } given)
            return given;
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
            return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "jupyter");
        if (RuntimeInformation.IsOSPlatform(OSPlatform.OSX))
            return Path.Combine(home, "Library", "Jupyter");
        var share = Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } data ? data : Path.Combine(home, ".local", "share");
        return Path.Combine(share, "jupyter");
    }

    private static JsonObject Spec() => new()
    {
        ["argv"] = new JsonArray(Dotnet(), typeof(Program).Assembly.Location, "kernel", "run", "{connection_file}"),
        ["display_name"] = "C# (Cai)",
        ["language"] = "C#",
        ["interrupt_mode"] = "message",
        ["metadata"] = new JsonObject { ["debugger"] = false },
    };

    // The host that runs this program: `dotnet` need not be in the PATH of a Jupyter that a desktop started.
    private static string Dotnet()
    {
        var root = new DirectoryInfo(RuntimeEnvironment.GetRuntimeDirectory()).Parent?.Parent?.Parent?.FullName ?? "";
        var host = Path.Combine(root, RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "dotnet.exe" : "dotnet");
        return File.Exists(host) ? host : "dotnet";
    }

    [GeneratedRegex(@"^[A-Za-z0-9._-]+$")]
    private static partial Regex ValidName();
}
