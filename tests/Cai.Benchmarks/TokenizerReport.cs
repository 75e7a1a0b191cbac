using Cai.Miniature;
using Cai.Text.Tokenizers;

namespace Cai.Benchmarks;

/// <summary>Tokens a second of both encoders of byte-level BPE, on texts of the miniature's world and on plain English.</summary>
internal static class TokenizerReport
{
    /// <param name="folders">Tokenizers beside the miniature's.</param>
    public static void Run(int rounds, IEnumerable<string> folders)
    {
        var texts = Texts();
        Console.WriteLine($"\nTokenizers, {texts.Count:N0} texts of {texts.Sum(t => t.Length):N0} characters");
        foreach (var folder in folders.Prepend(Path.Combine(Workload.Miniature, "tokenizer")))
        {
            var tokenizer = TokenizerJson.Load(folder);
            BpeEncoder[] kinds = tokenizer.MicrosoftLacks is null ? [BpeEncoder.MicrosoftML, BpeEncoder.BuiltIn] : [BpeEncoder.BuiltIn];
            Console.WriteLine($"{folder}: {tokenizer.Encoder}{(tokenizer.MicrosoftLacks is { } lacks ? $" ({lacks})" : "")}");
            var known = kinds.ToDictionary(kind => kind, tokenizer.Using);
            var cases = kinds.SelectMany(kind => new Case[]
            {
                new($"  {kind}, its tables made and each word new", () => Encode(tokenizer.Using(kind), texts)),
                new($"  {kind}, words known", () => Encode(known[kind], texts)),
            });
            foreach (var m in Timing.Interleaved([.. cases], rounds))
                Console.WriteLine($"{m.Case.Name,-50} {m.Rate,10:N0} tokens/s        [{m.Slowest:N0}, {m.Fastest:N0}]");
        }
    }

    private static double Encode(BpeTokenizer tokenizer, List<string> texts) => texts.Sum(text => (double)tokenizer.Encode(text).Length);

    private static List<string> Texts() =>
    [
        .. new DocumentGenerator(World.Load(), 1).Pretraining(2000).Select(document => document.Text),
        .. new[] { "constitutions", "data" }.Select(folder => Path.Combine(AppContext.BaseDirectory, folder))
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            .Where(file => Path.GetExtension(file) is ".yaml" or ".md" or ".jsonl").Order(StringComparer.Ordinal).SelectMany(File.ReadLines),
    ];
}
