using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using System.Text;

namespace Cai.Torch;

/// <summary>
/// Which kernels MKL, the library that multiplies libtorch's matrices on a CPU, takes on AMD's processors. MKL asks its own
/// function mkl_serv_intel_cpu_true whether the processor is Intel's; where it is not, it takes kernels for AVX2 even if
/// there is AVX-512. A library that is loaded before libtorch and exports that function answers in its place.
/// Training and PPO are nearly twice as fast for it. Sums are added in another order, so low bits of results differ from the stock kernels':
/// <see cref="Variable"/> turns it off.
/// </summary>
public static class MklKernels
{
    /// <summary>
    /// Environment variable: `stock` for the kernels that MKL takes by itself; `fast`, the default where it applies, for those of
    /// Intel's processors.
    /// </summary>
    public const string Variable = "CAI_MKL";

    /// <summary>The value of <see cref="Variable"/> that stands for its absence, and the name of these kernels in a stage's hash.</summary>
    public const string Fast = "fast";

    /// <summary>The value of <see cref="Variable"/> that leaves MKL alone.</summary>
    public const string Stock = "stock";

    private const string Name = "libcai-mkl.so";

    /// <summary>
    /// Whether MKL was told to take the kernels of Intel's processors. False wherever <see cref="Apply"/> is false,
    /// whatever <see cref="Variable"/> says.
    /// </summary>
    public static bool AreFast { get; private set; }

    /// <summary>Whether this is a system on which MKL can be told so: Linux on an AMD processor that has AVX2.</summary>
    public static bool Apply => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64 && IsAmd() && Avx2.IsSupported;

    /// <summary>Why MKL could not be told so although nothing forbids it; null when it was, or need not be.</summary>
    public static string? Problem { get; private set; }

    /// <summary>Whether the processor has AVX-512 and MKL makes no use of it, where <see cref="Fast"/> would: training is slower than it could be.</summary>
    public static bool Avx512IsUnused => Apply && !AreFast && Avx512F.IsSupported;

    /// <summary>
    /// Does what <see cref="Variable"/> asks for. Must come before anything loads libtorch: what libtorch's calls of the
    /// function reach is decided while it is loaded. Where it fails unasked, stock kernels serve and <see cref="Problem"/> says why.
    /// </summary>
    /// <exception cref="CaiException">
    /// Another value than the two; `fast` was asked for, and libtorch is there already, or the library cannot be written or loaded.
    /// </exception>
    internal static void Start()
    {
        var value = Environment.GetEnvironmentVariable(Variable);
        if (value is not (null or "" or Fast or Stock))
            throw new CaiException($"{Variable} is neither `{Fast}` nor `{Stock}`.",
                $"Unset it for MKL's faster kernels on AMD processors, or set it to `{Stock}`.", $"{Variable}={value}");
        if (value == Stock || !Apply)
            return;
        try
        {
            if (Open(LibtorchFolder.Main, OnlyIfLoaded | BindNow) != 0)
                throw Refused("libtorch was loaded before the library that chooses MKL's kernels.", "Call TorchNative.Init before the first use of TorchSharp");
            Load();
            AreFast = true;
        }
        catch (CaiException problem) when (value != Fast)
        {
            Problem = problem.Message;
        }
    }

    /// <summary>The library that answers in MKL's place.</summary>
    public static byte[] Library() => ElfStub.Library(Name, "mkl_serv_intel_cpu_true", 1);

    private static void Load()
    {
        const string Elsewhere = "Set XDG_CACHE_HOME to a folder that can be written and run from";
        var bytes = Library();
        var path = Path.Combine(TorchNative.CacheFolder(), Convert.ToHexStringLower(SHA256.HashData(bytes))[..16], Name);
        try
        {
            // The folder's name says what the file should be, not what it is.
            if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes))
                TorchNative.WriteAtOnce(path, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused($"{path} cannot be written: {e.Message.TrimEnd('.')}.", Elsewhere, e);
        }
        // NativeLibrary.Load keeps a library's names to itself; libtorch must find this one.
        if (Open(path, BindNow | Global) == 0)
            throw Refused($"{path} does not load: {Marshal.PtrToStringUTF8(LastError())}.", Elsewhere);
    }

    private static CaiException Refused(string problem, string remedy, Exception? inner = null) =>
        new(problem, $"{remedy}, or set {Variable}={Stock}.", $"{Variable}={Fast}", inner);

    private static bool IsAmd()
    {
        var (_, b, c, d) = X86Base.CpuId(0, 0);
        return Encoding.ASCII.GetString(MemoryMarshal.AsBytes((ReadOnlySpan<int>)[b, d, c])) == "AuthenticAMD";
    }

    private const int BindNow = 2, OnlyIfLoaded = 4, Global = 0x100; // RTLD_NOW, RTLD_NOLOAD, RTLD_GLOBAL

    [DllImport("libc", EntryPoint = "dlopen", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern nint Open(string path, int flags);

    [DllImport("libc", EntryPoint = "dlerror")]
    private static extern nint LastError();
}
