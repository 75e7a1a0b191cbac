using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Cai.Storage;

namespace Cai.Fuzz;

/// <summary>All cases of a target, in as many processes as it takes.</summary>
internal static class Campaign
{
    /// <summary>Runs, prints a line, and writes the smallest input of each kind of fault.</summary>
    /// <returns>Kinds of faults.</returns>
    public static int Run(Target target, FuzzOptions options, string folder)
    {
        var state = Path.Combine(folder, $"{target.Name}.state");
        var (clock, from, read, refused, slowest) = (Stopwatch.StartNew(), 0L, 0L, 0L, 0.0);
        var faults = new Dictionary<string, List<(long Case, string? Detail)>>();
        while (from < options.N && clock.Elapsed.TotalSeconds < options.Seconds)
        {
            File.WriteAllBytes(state, new byte[Worker.StateLength * sizeof(long)]);
            var (reports, code, error) = Child(target, options, state, from, options.Seconds - clock.Elapsed.TotalSeconds);
            foreach (var report in reports)
                if (report.Key is { } key)
                    (faults.TryGetValue(key, out var cases) ? cases : faults[key] = []).Add((report.Case, report.Detail));
            if (reports.LastOrDefault() is { Key: null } end && code == 0)
            {
                (read, refused, slowest, from) = (read + end.Read, refused + end.Refused, Math.Max(slowest, end.Slowest), end.Case);
                break;
            }
            // The process ended in the middle of a case.
            var counts = MemoryMarshal.Cast<byte, long>(File.ReadAllBytes(state));
            var at = counts[0];
            if (code == Worker.NotBegun)
            {
                Console.WriteLine($"{target.Name,-18} does not begin, its good inputs are not read: {error.Trim()}");
                return 1;
            }
            if (code != Worker.Hung)
                (faults.TryGetValue($"ended the process, code {code}", out var cases) ? cases : faults[$"ended the process, code {code}"] = [])
                    .Add((at, error[..Math.Min(error.Length, 4000)]));
            (read, refused, from) = (read + counts[1], refused + counts[2], at + 1);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{target.Name,-18} {from,8} {read,8} {refused,8} {faults.Sum(f => f.Value.Count),7} {slowest,11:F2} {clock.Elapsed.TotalSeconds,8:F0}"));
        foreach (var (key, cases) in faults.OrderByDescending(f => f.Value.Count))
        {
            var (input, number, detail) = cases.Select(c => (Input: Worker.Input(target, options.Seed, c.Case), c.Case, c.Detail)).MinBy(c => c.Input.Length);
            Directory.CreateDirectory(options.Out);
            var name = Path.Combine(options.Out, $"{target.Name}-{number}");
            File.WriteAllBytes(name + ".input", input);
            File.WriteAllText(name + ".txt", $"{key}\n--target {target.Name} --seed {options.Seed} --case {number}\n{detail}\n");
            Console.WriteLine($"    {cases.Count} x {key}: {name}.input");
        }
        return faults.Count;
    }

    private static (List<Report> Reports, int Code, string Error) Child(Target target, FuzzOptions options, string state, long from, double seconds)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(Campaign).Assembly.Location);
        foreach (var argument in (string[])["--target", target.Name, "--seed", $"{options.Seed}", "--n", $"{options.N}", "--from", $"{from}", "--worker", state,
            "--seconds", Math.Max(1, seconds).ToString("F0", CultureInfo.InvariantCulture)])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var reports = new List<Report>();
        while (process.StandardOutput.ReadLine() is { } line)
            if (line.StartsWith('{'))
                reports.Add(CaiJson.Read<Report>(line, target.Name, "This is a fault of the campaign."));
        process.WaitForExit();
        return (reports, process.ExitCode, error.Result);
    }
}
