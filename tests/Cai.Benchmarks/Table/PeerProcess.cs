using System.ComponentModel;
using System.Diagnostics;

namespace Cai.Benchmarks.Table;

/// <summary>A peer's process. The last lines that it writes to standard error are kept for the message when it fails.</summary>
internal sealed class PeerProcess : IDisposable
{
    private const int KeptLines = 5;
    private const int Patience = 5000; // milliseconds to end by itself
    private readonly string name;
    private readonly Process process;
    private readonly Queue<string> errors = new();

    /// <exception cref="CaiException">It cannot be started.</exception>
    public PeerProcess(string name, string program, IEnumerable<string> arguments, int threads)
    {
        this.name = name;
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var variable in (string[])["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"])
            start.Environment[variable] = $"{threads}";
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new CaiException($"{program} could not be started: {e.Message}.", "`table --help` says what the folder of the peers holds.", inner: e);
        }
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
    }

    /// <summary>Its next line, after it was given one of ours unless that is null.</summary>
    /// <exception cref="CaiException">It ended instead.</exception>
    public string Line(string? request = null)
    {
        try
        {
            if (request is not null)
                process.StandardInput.WriteLine(request);
        }
        catch (IOException) // it has ended, and its own message says more than that the pipe is broken
        {
        }
        return process.StandardOutput.ReadLine() ?? throw Ended();
    }

    /// <summary>All that it prints until it ends well.</summary>
    /// <exception cref="CaiException">It ended otherwise.</exception>
    public string Output()
    {
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw Ended();
    }

    public void Dispose()
    {
        process.StandardInput.Close(); // the end of its input is its sign to end
        if (!process.WaitForExit(Patience))
            process.Kill(entireProcessTree: true);
        process.Dispose();
    }

    private CaiException Ended()
    {
        process.WaitForExit();
        string printed;
        lock (errors)
            printed = string.Join(" / ", errors);
        return new($"{name} ended with code {process.ExitCode}: {(printed.Length == 0 ? "it printed nothing" : printed)}.",
            "Mend it, or leave out what it cannot do.");
    }

    private void Keep(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (errors)
        {
            errors.Enqueue(line.Trim());
            if (errors.Count > KeptLines)
                errors.Dequeue();
        }
    }
}
