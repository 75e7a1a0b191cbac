using System.Globalization;
using Cai.Benchmarks;
using Cai.Experiments;
using Cai.Storage;

// dotnet run -c Release --project tests/Cai.Benchmarks -- [--rounds 5] [S L]
// dotnet run -c Release --project tests/Cai.Benchmarks -- memory [load|train]
if (args is ["memory" or "memory-child", ..])
    try
    {
        if (args is ["memory-child", var kind, var number, .. var rest])
            MemoryReport.RunChild(kind, number, rest.FirstOrDefault());
        else
            MemoryReport.Run(args.ElementAtOrDefault(1));
        return 0;
    }
    catch (CaiException e)
    {
        Console.Error.WriteLine(e.Message);
        return 2;
    }
var rounds = 5;
var sizes = new List<string>();
for (var i = 0; i < args.Length; i++)
    if (args[i] == "--rounds" && i + 1 < args.Length && int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given > 0)
        (rounds, i) = (given, i + 1);
    else if (MiniatureSizes.Names.Contains(args[i]))
        sizes.Add(args[i]);
    else
    {
        Console.Error.WriteLine($"'{args[i]}' is neither --rounds N nor a size ({string.Join(", ", MiniatureSizes.Names)}).");
        return 2;
    }
if (sizes.Count == 0)
    sizes = ["S", "L"];
try
{
    Report.Header(rounds);
    foreach (var size in sizes)
    {
        using var workload = new Workload(size);
        Report.Size(workload, rounds);
    }
    return 0;
}
catch (CaiException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
