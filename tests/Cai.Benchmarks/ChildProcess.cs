using System.Diagnostics;

namespace Cai.Benchmarks;

/// <summary>This program again, in a process of its own.</summary>
public static class ChildProcess
{
    /// <summary>What the child printed, split at white space.</summary>
    /// <exception cref="CaiException">It did not end well.</exception>
    public static string[] Output(IEnumerable<string> arguments, params IEnumerable<(string Name, string Value)> environment)
    {
        var host = Environment.ProcessPath!;
        string[] program = Path.GetFileNameWithoutExtension(host) == "dotnet" ? [typeof(ChildProcess).Assembly.Location] : [];
        var start = new ProcessStartInfo(host, [.. program, .. arguments]) { RedirectStandardOutput = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var child = Process.Start(start)!;
        var output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return child.ExitCode == 0
            ? output.Split()
            : throw new CaiException($"The measuring process ended with code {child.ExitCode}.", "Its own message stands above.");
    }
}
