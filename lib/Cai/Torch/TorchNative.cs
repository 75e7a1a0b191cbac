using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Security.Cryptography;

namespace Cai.Torch;

/// <summary>
/// Makes libtorch load and behave. TorchSharp 0.107's native library asks for symbol version GLIBCXX_3.4.32 (GCC 13),
/// which Debian 12 and Ubuntu 22.04 lack although none of its symbols is needed there: on such a system a copy of the
/// library is loaded whose one version need is marked weak. Where the library loads as it is, nothing happens.
/// With CAI_LIBTORCH set it is given an installed libtorch (<see cref="LibtorchFolder"/>), and on AMD's processors MKL takes other kernels
/// for matrix products unless CAI_MKL=stock (<see cref="MklKernels"/>).
/// </summary>
public static class TorchNative
{
    private const string Library = "LibTorchSharp";
    private const string KnownHash = "cf33b1b0bb6bbb9754a768fb5c5d04d9f498603be50e73f55621a0b40ee608b8"; // 0.107.0, linux-x64
    private const string NeededVersion = "GLIBCXX_3.4.32";
    private static int started;

    /// <summary>What was done to load the native library; for `cai doctor`.</summary>
    public static string State { get; private set; } = "as shipped";

    /// <summary>The libtorch that CAI_LIBTORCH names, once it is loaded; null for the package's.</summary>
    public static LibtorchFolder? Installed { get; private set; }

    /// <summary>
    /// Must come before the first use of TorchSharp. The library's own first use calls it; programs and notebooks that may use TorchSharp before the
    /// library call it themselves (every executable of this repository and cai.csx do). Safe to call again.
    /// </summary>
#pragma warning disable CA2255 // whatever of this assembly is used first, tensors come later
    [ModuleInitializer]
#pragma warning restore CA2255
    public static void Init()
    {
        if (Interlocked.Exchange(ref started, 1) == 1)
            return;
        if (OperatingSystem.IsLinux())
        {
            LimitSpinning();
            KeepFreedMemory();
        }
        try
        {
            MklKernels.Start();
            if (Environment.GetEnvironmentVariable(LibtorchFolder.Variable) is { Length: > 0 } folder)
                UseInstalled(folder);
        }
        catch (CaiException problem)
        {
            TellAtFirstCall(problem);
            return;
        }
        if (!OperatingSystem.IsLinux())
            return;
        // Fires only after the ordinary search failed, for P/Invoke and for NativeLibrary.TryLoad alike.
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) => name.Contains(Library, StringComparison.Ordinal) ? LoadWeakened() : 0;
        if (AssemblyLoadContext.GetLoadContext(typeof(TorchNative).Assembly) != AssemblyLoadContext.Default)
            LoadNow();
    }

    /// <summary>
    /// A program that loaded this assembly as a guest (.NET Interactive) resolves libraries in its own ways, which come before the event above. There the
    /// libraries are loaded at once, by full path: whoever asks for their names later gets them.
    /// </summary>
    private static void LoadNow()
    {
        if (Original() is { } path && !NativeLibrary.TryLoad(path, out _))
            LoadWeakened();
    }

    private static void UseInstalled(string folder)
    {
        var installed = LibtorchFolder.Open(folder);
        // TorchSharp begins with libtorch_cpu beside the program, by its full path: a second libtorch in one process ends it.
        if (ProgramFolders().Any(f => File.Exists(Path.Combine(f, LibtorchFolder.Main))))
            throw new CaiException($"This program was built with a libtorch of its own, and {LibtorchFolder.Variable} is set.",
                $"Build it again with {LibtorchFolder.Variable} set (dotnet run does), or unset it.", $"{LibtorchFolder.Variable}={folder}");
        installed.Load();
        Installed = installed;
    }

    /// <summary>
    /// At TorchSharp's first call a problem can be caught and shown; here it would end the program with a stack trace.
    /// TorchSharp looks for its libraries before that call, and makes a copy of the package where it finds none.
    /// </summary>
    private static void TellAtFirstCall(CaiException problem)
    {
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) =>
            name.Contains("torch", StringComparison.OrdinalIgnoreCase) ? NativeLibrary.GetMainProgramHandle() : 0;
        NativeLibrary.SetDllImportResolver(typeof(TorchSharp.torch).Assembly, (_, _, _) => throw problem);
    }

    /// <summary>
    /// libgomp's idle threads spin by default; with as many threads as cores and one busy neighbour a small step takes
    /// 50 times as long. Must reach the C environment before libgomp loads, which SetEnvironmentVariable does not.
    /// </summary>
    private static void LimitSpinning()
    {
        if (Environment.GetEnvironmentVariable("GOMP_SPINCOUNT") is null && Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null)
            SetCEnvironment("GOMP_SPINCOUNT", "1000", 0);
    }

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int SetCEnvironment(string name, string value, int overwrite);

    /// <summary>
    /// glibc gives large blocks back to the kernel at once, so every step would fault its activations in anew (measured:
    /// a third of the time of a training step). Large tensors from one kept heap instead.
    /// </summary>
    private static void KeepFreedMemory()
    {
        const int TrimThreshold = -1, MmapMax = -4, ArenaMax = -8;
        try
        {
            _ = SetMalloc(MmapMax, 0);
            _ = SetMalloc(TrimThreshold, int.MaxValue);
            _ = SetMalloc(ArenaMax, 1);
        }
        catch (EntryPointNotFoundException)
        {
            // musl has no mallopt; its allocator is left alone.
        }
    }

    /// <summary>
    /// Gives back to the system what collected objects and freed tensors leave behind. For pauses between large pieces of work:
    /// the heap is kept otherwise, and what several pieces leave in it adds up.
    /// </summary>
    public static void ReturnFreedMemory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers(); // tensors that nobody disposed of
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        try
        {
            if (OperatingSystem.IsLinux())
                _ = TrimMalloc(0);
        }
        catch (EntryPointNotFoundException)
        {
            // As above.
        }
    }

    [DllImport("libc", EntryPoint = "malloc_trim")]
    private static extern int TrimMalloc(nuint keep);

    [DllImport("libc", EntryPoint = "mallopt")]
    private static extern int SetMalloc(int parameter, int value);

    private static nint LoadWeakened()
    {
        if (Original() is not { } original)
            return 0;
        var bytes = File.ReadAllBytes(original);
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (hash != KnownHash)
        {
            // Weakening a version whose symbols are used would crash later: touch only the file that was examined.
            State = $"{original} does not load and is not the known build ({hash[..12]}); install a libstdc++ of GCC 13 or newer";
            return 0;
        }
        var copy = Path.Combine(CacheFolder(), hash[..16], "libLibTorchSharp.so");
        if (!File.Exists(copy) && !WriteWeakenedCopy(bytes, copy))
            return 0;
        // Loaded by full path first, so that their names satisfy the copy's own needs from another folder.
        foreach (var dependency in LibtorchFolder.Libraries)
            if (Installed is null && FindBeside(original, dependency) is { } path)
                NativeLibrary.TryLoad(path, out _);
        if (!NativeLibrary.TryLoad(copy, out var handle))
            return 0;
        State = $"loaded through a copy with {NeededVersion} marked weak";
        return handle;
    }

    private static string? Original() => SearchFolders().Select(folder => Path.Combine(folder, "libLibTorchSharp.so")).FirstOrDefault(File.Exists);

    private static bool WriteWeakenedCopy(byte[] bytes, string copy)
    {
        if (!ElfVersions.MarkWeak(bytes, NeededVersion))
            return false;
        WriteAtOnce(copy, bytes);
        return true;
    }

    /// <summary>Writes a file and its folder; another process sees the whole file or none.</summary>
    internal static void WriteAtOnce(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.{Environment.ProcessId}";
        File.WriteAllBytes(temporary, bytes);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Where the native libraries that this class and <see cref="MklKernels"/> write are kept between runs.</summary>
    internal static string CacheFolder() => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
            ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "cai-notebooks");

    private static IEnumerable<string> SearchFolders()
    {
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        // TorchSharp came from PACKAGES/torchsharp/VERSION/lib/net8.0 where a package was loaded as such, from whatever folder nuget.config names.
        var beside = Path.GetDirectoryName(typeof(TorchSharp.torch).Assembly.Location) is { Length: > 0 } folder
            ? Path.GetFullPath(Path.Combine(folder, "../../../.."))
            : packages;
        return ProgramFolders().Concat(new[] { beside, packages }.SelectMany(root => (string[])
        [
            Path.Combine(root, "torchsharp", "0.107.0", "runtimes", "linux-x64", "native"),
            Path.Combine(root, "libtorch-cpu-linux-x64", "2.10.0", "runtimes", "linux-x64", "native"),
        ]));
    }

    /// <summary>Where the runtime looks for the program's native libraries.</summary>
    private static IEnumerable<string> ProgramFolders()
    {
        var listed = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        foreach (var folder in listed.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            yield return folder;
        foreach (var root in (string?[])[AppContext.BaseDirectory, Path.GetDirectoryName(typeof(TorchNative).Assembly.Location)])
        {
            if (string.IsNullOrEmpty(root))
                continue;
            yield return root;
            yield return Path.Combine(root, "runtimes", "linux-x64", "native");
        }
    }

    private static string? FindBeside(string original, string name) =>
        SearchFolders().Prepend(Path.GetDirectoryName(original)!).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
