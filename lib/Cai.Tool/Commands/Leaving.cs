using System.Runtime.InteropServices;

namespace Cai.Tool.Commands;

/// <summary>
/// The end of a process while a thread of it may still be in native code: an ordinary exit takes apart the native libraries under that thread, which then
/// dies of it (SIGSEGV instead of the exit code).
/// </summary>
internal static class Leaving
{
    private const int Terminated = 143; // 128 + SIGTERM

    /// <summary>Whether an exit code says that the user stopped the command, and it did not end in time.</summary>
    public static bool WasCut(int code) => code is CommandFrame.Stopped or Terminated;

    /// <summary>Leaves when the program exits, without taking anything apart; what was printed is written before.</summary>
    public static void WithoutUnwinding(int code) => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        Console.Out.Flush();
        Console.Error.Flush();
        if (!OperatingSystem.IsWindows())
            ExitNow(code);
    };

    [DllImport("libc", EntryPoint = "_exit")]
    private static extern void ExitNow(int code);
}
