using System.Runtime.InteropServices;

namespace Cai.Tool.Notebooks;

/// <summary>
/// C++ exceptions that TorchSharp's native library lets through (a `matmul` of wrong shapes): on their way up they find .NET frames, which have no handler of
/// theirs, and the C++ runtime ends the process. It asks its terminate handler first. Ours tells the cell in whose flow it happened, and keeps the
/// thread where it is for ever: it holds native frames that nothing can unwind. The session goes on with another thread.
/// </summary>
/// <remarks>Linux alone: elsewhere the C++ runtime's types lie in another order, and the process ends as before.</remarks>
internal static unsafe class NativeFaults
{
    /// <summary>What a cell that ended so says behind the library's message.</summary>
    public const string Advice = "The native library threw where nothing could catch it: shapes, types or devices do not fit. "
        + "Variables of earlier cells are kept, those of this cell are not.";

    private const string Runtime = "libstdc++.so.6";
    private const int MutexBytes = 256; // more than any pthread_mutex_t has; all zero is an unlocked one

    // Of an Itanium C++ ABI's __cxa_exception on 64 bits: the thrown object follows it, its first word is the object's type.
    private const int ExceptionBytes = 112;

    private static readonly AsyncLocal<Action<string>?> Current = new();
    private static readonly bool Installed = Install();
    private static delegate* unmanaged<void> before;
    private static delegate* unmanaged<nint> caught;

    /// <summary>Has what goes wrong in this flow of execution, the tasks that it starts included, told to <paramref name="fault"/>, once a fault.</summary>
    /// <param name="fault">Called on the thread that is lost; it must not throw.</param>
    public static void Enter(Action<string> fault) => Current.Value = Installed ? fault : null;

    private static bool Install()
    {
        if (!OperatingSystem.IsLinux() || nint.Size != 8 || !NativeLibrary.TryLoad(Runtime, out var library)
            || !NativeLibrary.TryGetExport(library, "_ZSt13set_terminatePFvvE", out var set)
            || !NativeLibrary.TryGetExport(library, "__cxa_get_globals", out var globals))
            return false;
        caught = (delegate* unmanaged<nint>)globals;
        before = (delegate* unmanaged<void>)((delegate* unmanaged<nint, nint>)set)((nint)(delegate* unmanaged<void>)&OnTerminate);
        return true;
    }

    [UnmanagedCallersOnly]
    private static void OnTerminate()
    {
        if (Current.Value is not { } fault)
        {
            before();
            return;
        }
        fault(Message());
        // A wait that no interrupt, abort or signal ends: each of them would want to unwind this stack.
        var mutex = NativeMemory.AllocZeroed(MutexBytes);
        _ = LockMutex(mutex);
        _ = LockMutex(mutex);
    }

    /// <summary>The first line of what the exception says, or the name of its type.</summary>
    private static string Message()
    {
        var header = *(nint*)caught(); // the newest of the exceptions that are being handled on this thread
        if (header == 0)
            return "the native library called std::terminate";
        var type = Marshal.PtrToStringUTF8(*(nint*)(*(nint*)header + nint.Size))!.TrimStart('*');
        // c10's and the standard library's exceptions derive from std::exception alone, whose third virtual function is what().
        if (!type.StartsWith("N3c10", StringComparison.Ordinal) && !type.StartsWith("St", StringComparison.Ordinal))
            return $"a C++ exception of type {type}";
        var thrown = header + ExceptionBytes;
        var text = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)(*(nint**)thrown)[2])(thrown)) ?? type;
        return text.Split('\n')[0];
    }

    [DllImport("libc", EntryPoint = "pthread_mutex_lock")]
    private static extern int LockMutex(void* mutex);
}
