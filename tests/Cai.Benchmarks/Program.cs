using System.Globalization;
using Cai;
using Cai.Benchmarks;
using Cai.Benchmarks.Table;
using Cai.Reproduction;

// dotnet run -c Release --project tests/Cai.Benchmarks -- [--rounds 5] [S L]
// dotnet run -c Release --project tests/Cai.Benchmarks -- table [--rounds 5] [--threads 1] [--peers DIR] [training ppo generation qwen]
// dotnet run -c Release --project tests/Cai.Benchmarks -- memory [load|train]
// dotnet run -c Release --project tests/Cai.Benchmarks -- products
// dotnet run -c Release --project tests/Cai.Benchmarks -- types
// dotnet run -c Release --project tests/Cai.Benchmarks -- tokenizers [FOLDER ...]
// dotnet run -c Release --project tests/Cai.Benchmarks -p:Device=cuda -- gpu [--device cuda:0] [MODEL]
try
{
    switch (args)
    {
        case ["memory-child", var kind, var number, .. var rest]:
            MemoryReport.RunChild(kind, number, rest.FirstOrDefault());
            return 0;
        case [MklReport.ChildCommand, var rounds]:
            MklReport.RunChild(rounds);
            return 0;
        case ["memory", .. var rest]:
            MemoryReport.Run(rest.FirstOrDefault());
            return 0;
        case ["products"]:
            ProductReport.Run(5);
            return 0;
        case ["types"]:
            WeightTypeReport.Run(5);
            return 0;
        case ["tokenizers", .. var folders]:
            TokenizerReport.Run(5, folders);
            return 0;
        case ["table", .. var rest] when rest.Contains("--help"):
            Console.WriteLine(TableOptions.Help);
            return 0;
        case ["table", .. var rest]:
            ComparisonTable.Run(TableOptions.Parse(rest));
            return 0;
        case ["gpu", .. var rest]:
            return GpuCheck.Run(rest);
        default:
            Speed(args);
            return 0;
    }
}
catch (Exception e) when ((e as CaiException ?? e.InnerException as CaiException) is { } bad) // inside: libtorch does not fit (TorchNative)
{
    Console.Error.WriteLine(bad.Message);
    return 2;
}

static void Speed(string[] args)
{
    var rounds = 5;
    var sizes = new List<string>();
    for (var i = 0; i < args.Length; i++)
        if (args[i] == "--rounds" && i + 1 < args.Length
            && int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given > 0)
            (rounds, i) = (given, i + 1);
        else if (MiniatureSizes.Names.Contains(args[i]))
            sizes.Add(args[i]);
        else
            throw new CaiException($"'{args[i]}' is neither --rounds N nor a size.",
                $"Sizes are {string.Join(", ", MiniatureSizes.Names)}; table, memory, products, types, tokenizers and gpu come first where asked for.");
    Report.Header(rounds);
    MklReport.Run(rounds);
    TokenizerReport.Run(rounds, []);
    foreach (var size in sizes.Count == 0 ? ["S", "L"] : sizes)
    {
        using var workload = Workload.OfSize(size);
        Report.Size(workload, rounds);
    }
}
