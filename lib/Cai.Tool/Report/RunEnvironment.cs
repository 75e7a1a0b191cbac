using System.Reflection;
using System.Runtime.InteropServices;
using Cai.Storage;
using Cai.Torch;

namespace Cai.Tool.Report;

/// <summary>Where and how a report's numbers were made. No dates and no machine names: the same run gives the same file.</summary>
/// <param name="Cpu">The processor's name as the system tells it.</param>
/// <param name="Cores">Logical processors this process may use.</param>
/// <param name="Threads">Threads that libtorch computes with: another number adds in another order.</param>
/// <param name="Torch">Versions of libtorch and TorchSharp.</param>
/// <param name="Scale">smoke, quick or full.</param>
/// <param name="Seed">The run's first seed.</param>
/// <param name="Seeds">How many seeds claims were measured with; null leaves it to the scale.</param>
public sealed record RunEnvironment(string Cpu, int Cores, int Threads, string System, string Dotnet, string Torch, string Scale, long Seed, int? Seeds = null)
{
    private const string FileName = "environment.json";

    /// <summary>This machine and these settings.</summary>
    public static RunEnvironment Of(string scale, long seed, int? seeds) => new(
        ProcessorName(), Environment.ProcessorCount, TorchSharp.torch.get_num_threads(),
            $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}".Trim(),
        RuntimeInformation.FrameworkDescription, TorchVersion(), scale, seed, seeds);

    public void Save(string folder) => AtomicFile.Write(Path.Combine(folder, FileName), CaiJson.Write(this, indented: true) + "\n");

    /// <summary>What <see cref="Save"/> wrote, or null where nothing was run.</summary>
    /// <exception cref="CaiException">The file is damaged.</exception>
    public static RunEnvironment? Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        return File.Exists(path) ? CaiJson.ReadFile<RunEnvironment>(path, "Delete it; cai reproduce writes it again.") : null;
    }

    /// <summary>
    /// Versions of TorchSharp and of its libtorch: the one that CAI_LIBTORCH names, or the package's; and the kernels for
    /// matrix products where they are not MKL's own choice.
    /// </summary>
    public static string TorchVersion()
    {
        var informational = typeof(TorchSharp.torch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
        var libtorch = TorchNative.Installed is { } installed ? $"{installed.Version} ({LibtorchFolder.Variable})" : TorchSharp.torch.__version__;
        var mkl = MklKernels.AreFast ? $", MKL {MklKernels.Fast}" : "";
        return $"{libtorch}, TorchSharp {informational}{mkl}";
    }

    /// <summary>The processor's name as the system tells it.</summary>
    public static string ProcessorName()
    {
        const string cpuInfo = "/proc/cpuinfo";
        if (File.Exists(cpuInfo))
            foreach (var line in File.ReadLines(cpuInfo))
                if (line.StartsWith("model name", StringComparison.Ordinal))
                    return line[(line.IndexOf(':') + 1)..].Trim();
        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
