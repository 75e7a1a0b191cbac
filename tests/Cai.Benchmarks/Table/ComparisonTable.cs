using System.Globalization;

namespace Cai.Benchmarks.Table;

/// <summary>
/// Speed of this library and of other programs at the same work. They take turns round by round and the float32 matrix product is timed
/// between the rounds, so that a machine which gets slower in the course of a run slows all of them, and their ratios stand.
/// </summary>
public static class ComparisonTable
{
    public static void Run(TableOptions options)
    {
        Report.Header(options.Rounds, options.Threads);
        Line("A line: units of work a CPU second, share of the float32 matrix product timed between the same rounds, and units a second by the clock.");
        Line("Below it a peer: its units a CPU second (by the clock where it does not say), how many times as fast this library is, and that by the clock.");
        IReadOnlyList<IPeer> peers = options.Peers is { } folder
            ? [new TorchPeer(folder, options.Threads), new LlamaBench(folder, options.Threads), new LlamaBatchedBench(folder, options.Threads)]
            : [];
        Line(peers.Count == 0 ? "No peers: --peers DIR names the folder that holds PyTorch and llama.cpp.\n" : "");
        try
        {
            using var rows = new TableRows();
            foreach (var row in rows.Of(options.Groups).Prepend(TableRows.Product))
                Measure(row, peers, options.Rounds);
        }
        finally
        {
            foreach (var peer in peers)
                peer.Dispose();
        }
    }

    /// <summary>Measures and prints one row.</summary>
    private static void Measure(TableRow row, IReadOnlyList<IPeer> peers, int rounds)
    {
        var present = peers.Where(p => p.Concerns(row) && p.Absence(row) is null).ToList();
        var theirs = present.Select(_ => new List<Timed>()).ToList();
        List<Timed> own = [], products = [];
        var product = Workload.MatrixProduct();
        using (var job = row.Begin())
            for (var round = 0; round <= rounds; round++)
            {
                List<Timed> turn = [Timed.Of(product.Run), Timed.Of(job.Run), .. present.Select(p => p.Run(row))];
                foreach (var (peer, timed) in present.Zip(turn.Skip(2)).Where(t => Math.Abs(t.Second.Work / turn[1].Work - 1) > 1e-6))
                    throw new CaiException($"{peer.Name} did {timed.Work:N0} units of work where this library did {turn[1].Work:N0}.",
                        "Make the peer do the same.", row.Name);
                if (round == 0)
                    continue;
                products.Add(turn[0]);
                own.Add(turn[1]);
                for (var p = 0; p < present.Count; p++)
                    theirs[p].Add(turn[2 + p]);
            }
        var rates = own.Select(t => t.CpuRate).ToList();
        var peak = Timing.Median(products.Select(t => t.CpuRate));
        var share = row.Flops == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{row.Flops * Timing.Median(rates) / peak:P1}");
        Line($"{row.Name,-52} {Number(Timing.Median(rates)),9} {row.Unit,-8} {share,6} [{Number(rates.Min())}, {Number(rates.Max())}], by the clock "
            + $"{Number(Timing.Median(own.Select(t => t.WallRate)))}");
        foreach (var peer in peers.Where(p => p.Concerns(row)))
            Line(peer.Absence(row) is { } why ? $"  {peer.Name}: none, {why}" : Comparison(peer, row, own, theirs[present.IndexOf(peer)]));
    }

    private static string Comparison(IPeer peer, TableRow row, List<Timed> own, List<Timed> theirs)
    {
        var clock = Ratio.Of([.. own.Select(t => t.WallRate)], [.. theirs.Select(t => t.WallRate)]);
        var timed = theirs.TrueForAll(t => t.Cpu is not null);
        var rate = Timing.Median(theirs.Select(t => timed ? t.CpuRate : t.WallRate));
        var ratio = timed ? $"ratio {Ratio.Of([.. own.Select(t => t.CpuRate)], [.. theirs.Select(t => t.CpuRate)])}, " : "ratio ";
        return $"{"  " + peer.Name,-52} {Number(rate),9} {row.Unit,-8} {ratio}by the clock {clock}";
    }

    private static string Number(double value) => value.ToString(value < 1000 ? "N1" : "N0", CultureInfo.InvariantCulture);

    private static void Line(string text) => Console.WriteLine(text);
}
