using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Cai.Torch;

/// <summary>
/// The libtorch of an installed PyTorch (its CUDA included) or an unpacked one, to be used in the place of the package's.
/// TorchSharp's native library calls it through C++, so nothing but the release that it was built against will do.
/// </summary>
/// <param name="Folder">Where its libraries are.</param>
/// <param name="Version">What it calls itself, for example `2.10.0+cu128`.</param>
public sealed partial record LibtorchFolder(string Folder, string Version)
{
    /// <summary>Environment variable that names the folder: site-packages/torch, its lib folder, or an unpacked libtorch.</summary>
    public const string Variable = "CAI_LIBTORCH";

    /// <summary>Release of libtorch that the native library of TorchSharp 0.107.0 was built against.</summary>
    public const string Needed = "2.10.0";

    private const string Unset = $"or unset {Variable} to use the package's.";
    internal const string Main = "libtorch_cpu.so";

    // In the order in which they need each other; the library of CUDA is absent from builds for the CPU.
    internal static readonly string[] Libraries = ["libc10.so", Main, "libtorch_cuda.so", "libtorch.so"];
    private static readonly string[] VersionFiles = ["version.py", "build-version", "version.txt"];

    // c10::detail::torchCheckFail(…, std::string const&), which LibTorchSharp calls; with the old C++ ABI its name ends in RKSs.
    private static ReadOnlySpan<byte> NewAbi => "_ZN3c106detail14torchCheckFailEPKcS2_jRKNSt7__cxx1112basic_string"u8;

    /// <summary>Whether it computes on NVIDIA's GPUs.</summary>
    public bool HasCuda => File.Exists(Path.Combine(Folder, "libtorch_cuda.so"));

    /// <summary>Finds the libraries in a folder and checks that TorchSharp's native library fits them.</summary>
    /// <exception cref="CaiException">
    /// Not Linux; no libtorch there; another release than <see cref="Needed"/>, or one that does not say which; built with the old C++ ABI.
    /// </exception>
    public static LibtorchFolder Open(string folder)
    {
        if (!OperatingSystem.IsLinux())
            throw new CaiException($"{Variable} is read on Linux only.", $"Unset {Variable} to use the package's libtorch.");
        if (new[] { Path.Combine(folder, "lib"), folder }.FirstOrDefault(f => File.Exists(Path.Combine(f, Main))) is not { } libraries)
            throw new CaiException($"There is no libtorch here: {Main} was expected in it or in its lib folder.",
                $"Name site-packages/torch of a PyTorch {Needed} or an unpacked libtorch {Needed}, {Unset}", Where(folder));
        var version = VersionIn(libraries) ?? VersionIn(Path.Combine(libraries, ".."))
            ?? throw new CaiException(
                $"This libtorch does not say which release it is: one of {string.Join(", ", VersionFiles)} was expected beside its lib folder.",
                $"Name the whole folder of a PyTorch or libtorch {Needed}, {Unset}", Where(folder));
        if (version.Split('+')[0] != Needed)
            throw new CaiException($"This is libtorch {version}; TorchSharp 0.107.0 was built against {Needed} and fits no other.",
                $"Install PyTorch {Needed} (pip install torch=={Needed}), {Unset}", Where(folder));
        if (!File.Exists(Path.Combine(libraries, Libraries[0])) || File.ReadAllBytes(Path.Combine(libraries, Libraries[0])).AsSpan().IndexOf(NewAbi) < 0)
            throw new CaiException("This libtorch was built with C++'s old ABI; TorchSharp needs the new one (_GLIBCXX_USE_CXX11_ABI=1).",
                $"Take PyTorch's own {Needed} or the libtorch that is called cxx11-abi, {Unset}", Where(folder));
        return new(Path.GetFullPath(libraries), version);
    }

    /// <summary>Loads the libraries. Whatever needs one of their names from now on gets these.</summary>
    /// <exception cref="CaiException">One does not load, for example because its own needs are not met.</exception>
    internal void Load()
    {
        foreach (var path in Libraries.Select(name => Path.Combine(Folder, name)).Where(File.Exists))
            try
            {
                NativeLibrary.Load(path);
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                throw new CaiException($"{Path.GetFileName(path)} does not load: {Reason().Match(e.Message).Value.TrimEnd('.')}.",
                    $"See that it loads in its own Python (python -c \"import torch\"), {Unset}", Where(Folder), e);
            }
    }

    private static string Where(string folder) => $"{Variable}={folder}";

    private static string? VersionIn(string folder) => VersionFiles.Select(name => Path.Combine(folder, name)).Where(File.Exists)
        .Select(path => VersionLine().Match(File.ReadAllText(path))).FirstOrDefault(match => match.Success)?.Groups[1].Value;

    [GeneratedRegex("""^(?:__version__[^=\n]*=\s*['"])?(\d+\.\d+[^'"\s]*)""", RegexOptions.Multiline)]
    private static partial Regex VersionLine();

    // The runtime's message lists each attempt on a line of its own; the first is the linker's answer for the file itself.
    [GeneratedRegex(@"(?<=\n|^)[^\n]*\.so[^\n]*: [^\n]+")]
    private static partial Regex Reason();
}
