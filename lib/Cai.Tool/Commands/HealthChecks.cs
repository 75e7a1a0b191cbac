using System.Globalization;
using System.Runtime.InteropServices;
using Cai.Storage;
using Cai.Torch;

namespace Cai.Tool.Commands;

/// <summary>What a check found.</summary>
/// <param name="Fact">What there is.</param>
/// <param name="Remedy">How to mend it; null when there is nothing to mend.</param>
internal sealed record Finding(bool Good, string Fact, string? Remedy = null);

/// <summary>One thing that `cai doctor` looks at.</summary>
/// <param name="Needed">False for what is merely good to have.</param>
internal sealed record HealthCheck(string Name, bool Needed, Func<Finding> Look)
{
    /// <summary>Looks, and takes an exception for a bad finding: a doctor must get to the end.</summary>
    public Finding Run()
    {
        try
        {
            return Look();
        }
        catch (TypeInitializationException e) when (e.InnerException is CaiException)
        {
            return new Finding(false, "not known: libtorch does not load");
        }
        catch (Exception e)
        {
            return new Finding(false, $"{e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
        }
    }
}

/// <summary>The checks, in the order in which they are shown.</summary>
internal static class HealthChecks
{
    private const long Gigabyte = 1L << 30;
    private const double NeededMemory = 4;   // what the peak of a reproduction is held to
    private const double NeededDisk = 2;     // runs, checkpoints and the native cache of a `quick` reproduction
    private const int SmallestWeights = 1000; // bytes; anything smaller is a pointer file or a stub

    public static IEnumerable<HealthCheck> All(string repository, string output) =>
    [
        new(".NET", true, Dotnet),
        new("libtorch", true, Libtorch),
        new("GPU", false, Gpu),
        new("threads", false, Threads),
        new("processor", false, Processor),
        new("memory", true, Memory),
        new("disk", true, () => Disk(output)),
        new("write access", true, () => WriteAccess(Path.Combine(output, "runs"))),
        new("notebooks", true, () => Notebooks(Path.Combine(repository, "notebooks"))),
        new("weights", true, () => Weights(Path.Combine(repository, "data", "miniature"))),
    ];

    private static Finding Dotnet() =>
        new(Environment.Version.Major >= 10, RuntimeInformation.FrameworkDescription, "Install the .NET 10 SDK from https://dotnet.microsoft.com/download.");

    private static Finding Libtorch()
    {
        const string remedy = "Run dotnet restore again; on Linux a libstdc++ of GCC 11 or newer is needed (Debian: apt-get install libstdc++6 libgomp1), "
            + "on Windows the Visual C++ runtime.";
        try
        {
            using var one = TorchSharp.torch.ones(2, 2);
            var place = TorchNative.Installed is { } installed ? $" in {installed.Folder}" : "";
            return new Finding(one.sum().item<float>() == 4, $"{Report.RunEnvironment.TorchVersion()}{place}, native library {TorchNative.State}", remedy);
        }
        catch (TypeInitializationException e) when (e.InnerException is CaiException bad)
        {
            return new Finding(false, $"{bad.Where}: {bad.Problem}", bad.Remedy);
        }
        catch (Exception e)
        {
            return new Finding(false, $"does not load ({e.GetBaseException().Message.ReplaceLineEndings(" ")}); native library {TorchNative.State}", remedy);
        }
    }

    private static Finding Gpu() => TorchSharp.torch.cuda.is_available()
        ? new Finding(true, $"{TorchSharp.torch.cuda.device_count()} with CUDA")
        : HasCuda() ? new Finding(false, "this libtorch has CUDA, and sees no GPU",
            "Install NVIDIA's driver (nvidia-smi must list the GPU), or build without -p:Device=cuda.")
        : new Finding(true, "none wanted: this libtorch computes on the CPU");

    private static bool HasCuda() =>
        TorchNative.Installed?.HasCuda ?? Directory.EnumerateFiles(AppContext.BaseDirectory, "*torch_cuda.*", SearchOption.AllDirectories).Any();

    private static Finding Threads() => new(
        Environment.ProcessorCount >= 2, $"{Environment.ProcessorCount} processors, libtorch uses {TorchSharp.torch.get_num_threads()}",
        "One processor works, about half as fast; OMP_NUM_THREADS sets what libtorch uses.");

    private static Finding Processor()
    {
        var value = Environment.GetEnvironmentVariable(MklKernels.Variable);
        var effect = MklKernels.AreFast ? "matrix products with the kernels for Intel's processors"
            : MklKernels.Avx512IsUnused ? "matrix products without its AVX-512"
            : "matrix products with the kernels that MKL takes for it";
        return new(!MklKernels.Avx512IsUnused,
            $"{Report.RunEnvironment.ProcessorName()}, {effect} ({MklKernels.Variable}{(string.IsNullOrEmpty(value) ? " not set" : $"={value}")})",
            MklKernels.Problem
                ?? $"Without {MklKernels.Variable}={MklKernels.Stock} training is faster here, and low bits of results are others: see environment.md.");
    }

    private static Finding Memory()
    {
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)Gigabyte;
        return new Finding(available >= NeededMemory, Gigabytes(available),
            $"A reproduction takes up to {NeededMemory} GiB: close other programs or raise the container's limit.");
    }

    private static Finding Disk(string folder)
    {
        var existing = new DirectoryInfo(folder);
        while (!existing.Exists && existing.Parent is { } parent)
            existing = parent;
        var free = new DriveInfo(existing.FullName).AvailableFreeSpace / (double)Gigabyte;
        return new Finding(free >= NeededDisk, $"{Gigabytes(free)} free for {folder}",
            $"At least {NeededDisk} GiB are needed: free some, or choose another disk with --out.");
    }

    private static Finding WriteAccess(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var probe = Path.Combine(folder, $".doctor-{Environment.ProcessId}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return new Finding(true, folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Finding(false, $"{folder} cannot be written", "Change its owner or give another folder with --out.");
        }
    }

    private static Finding Notebooks(string folder)
    {
        var count = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.ipynb").Length : 0;
        return new Finding(count > 0, $"{count} in {folder}", "Restore them with: git checkout -- notebooks");
    }

    private static Finding Weights(string folder)
    {
        const string remedy = "Restore them with: git checkout -- data/miniature";
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.safetensors", SearchOption.AllDirectories) : [];
        if (files.Length == 0)
            return new Finding(false, $"no *.safetensors below {folder}", remedy);
        foreach (var file in files)
            if (Damage(file) is { } damage)
                return new Finding(false, $"{file} {damage}", remedy);
        return new Finding(true, $"{files.Length} files, {files.Sum(file => new FileInfo(file).Length) / 1e6:F1} MB");
    }

    /// <summary>Compares a safetensors file's size with what its header promises.</summary>
    private static string? Damage(string file)
    {
        using var stream = File.OpenRead(file);
        if (stream.Length < SmallestWeights)
            return "is too small to be weights";
        using var reader = new BinaryReader(stream);
        var header = reader.ReadInt64();
        if (header <= 0 || header > stream.Length - sizeof(long))
            return "has no readable header";
        var bytes = reader.ReadBytes((int)Math.Min(header, int.MaxValue));
        if (OutsideJson.FaultIn(bytes) is not null)
            return "has no readable header";
        using var json = System.Text.Json.JsonDocument.Parse(bytes);
        try
        {
            var end = json.RootElement.EnumerateObject().Where(tensor => tensor.Name != "__metadata__")
                .Max(tensor => tensor.Value.GetProperty("data_offsets")[1].GetInt64());
            return end == stream.Length - sizeof(long) - header ? null : "is truncated or has bytes too many";
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException or FormatException)
        {
            return "has no readable header";
        }
    }

    private static string Gigabytes(double amount) => amount.ToString("F1", CultureInfo.InvariantCulture) + " GiB";
}
