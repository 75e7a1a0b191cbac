using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Cai.Tool.Tests;

/// <summary>The command as a process of its own, on one thread, which can be killed or interrupted.</summary>
internal sealed class ToolProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly Process process;
    private readonly StringBuilder error = new();

    public ToolProcess(params IEnumerable<string> args)
        : this(typeof(Program).Assembly.Location, [], args)
    {
    }

    /// <param name="program">Path of the command's assembly.</param>
    public ToolProcess(string program, Dictionary<string, string> environment, params IEnumerable<string> args)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.ArgumentList.Add(program);
        foreach (var arg in args)
            start.ArgumentList.Add(arg);
        start.Environment["OMP_NUM_THREADS"] = "1";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, e) => error.AppendLine(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public static bool InterruptsAreIgnored()
    {
        const string Field = "SigIgn:", Status = "/proc/self/status";
        if (!File.Exists(Status))
            return false;
        var mask = File.ReadLines(Status).First(l => l.StartsWith(Field, StringComparison.Ordinal))[Field.Length..].Trim();
        return (ulong.Parse(mask, NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 0b10) != 0;
    }

    /// <summary>Waits for the process to end; gives its exit code and what it wrote to standard error.</summary>
    public (int Code, string Error) End()
    {
        if (!process.WaitForExit(Patience))
            throw new TimeoutException($"The command did not end within {Patience}.");
        process.WaitForExit(); // also waits for the last of the redirected text
        return (process.ExitCode, error.ToString());
    }

    /// <summary>Waits until a file has that many lines.</summary>
    public void UntilLines(string path, int lines)
    {
        var watch = Stopwatch.StartNew();
        while (Lines(path) < lines)
        {
            if (process.HasExited)
                throw new InvalidOperationException($"The command ended with {process.ExitCode} before {path} had {lines} lines: {End().Error}");
            if (watch.Elapsed > Patience)
                throw new TimeoutException($"{path} did not get {lines} lines within {Patience}.");
            Thread.Sleep(2);
        }
    }

    /// <summary>Ends the process at once, as a power cut would.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>Sends what Ctrl-C sends.</summary>
    public void Interrupt()
    {
        const int Sigint = 2;
        if (SendSignal(process.Id, Sigint) != 0)
            throw new InvalidOperationException("The signal could not be sent.");
    }

    public void Dispose()
    {
        if (!process.HasExited)
            Kill();
        process.Dispose();
    }

    private static int Lines(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file);
            return reader.ReadToEnd().Count(c => c == '\n');
        }
        // Not asked for beforehand: the command may take the file away in between, as training that starts anew does.
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return 0;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int process, int signal);
}
