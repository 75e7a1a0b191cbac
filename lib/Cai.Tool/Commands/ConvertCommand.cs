using System.CommandLine;
using Cai.Storage;
using Cai.Text;

namespace Cai.Tool.Commands;

/// <summary>`cai convert`: records of the stages from one file format into another.</summary>
internal static class ConvertCommand
{
    private static readonly string[] Formats = [".jsonl", ".parquet", ".csv"];

    public static Command Create()
    {
        var files = new Argument<string[]>("files") { Description = "JSONL (.gz too), Parquet or CSV, by their names.", Arity = ArgumentArity.OneOrMore };
        var kind = new Option<string>("--of") { Description = "What the records are.", Required = true };
        kind.AcceptOnlyFromAmong("prompts", "samples", "revisions", "comparisons");
        var output = new Option<string>("--out")
        {
            Description = "Where they go, all of them: a name that ends in .jsonl, .parquet or .csv.", HelpName = "FILE", Required = true,
        };
        var skipBad = StageOptions.SkipBad();
        var command = new Command("convert", """
            Writes prompts, samples, revisions or comparisons as Parquet (Hugging Face's datasets), CSV (tables) or JSONL. Every command that reads
            JSONL reads Parquet too; what grows while a stage runs is JSONL only.

            Example:  cai convert harmless.jsonl --of comparisons --out harmless.parquet
            """) { files, kind, output, skipBad };
        command.SetAction(parsed =>
        {
            var (from, to, skip) = (parsed.GetRequiredValue(files), parsed.GetRequiredValue(output), parsed.GetValue(skipBad));
            if (!Formats.Contains(Path.GetExtension(to)))
                throw new CaiException("The name does not say which format is meant.", $"End it in {string.Join(", ", Formats)}.", to);
            var count = parsed.GetRequiredValue(kind) switch
            {
                "prompts" => Write(to, Read(from, lines => StageFiles.ReadPrompts(lines, skip), skip)),
                "samples" => Write(to, Read(from, lines => StageFiles.Read<Sample>(lines, skip), skip)),
                "revisions" => Write(to, Read(from, lines => StageFiles.Read<Revision>(lines, skip), skip)),
                _ => Write(to, Read(from, lines => StageFiles.Read<Comparison>(lines, skip), skip)),
            };
            Console.WriteLine($"{count} {parsed.GetRequiredValue(kind)}: {to}");
            return 0;
        });
        return command;
    }

    private static List<T> Read<T>(IReadOnlyList<string> files, Func<IReadOnlyList<string>, List<T>> read, bool skipBad)
    {
        var csv = files.Where(IsCsv).ToList();
        if (csv.Count > 0 && skipBad)
            throw new CaiException("Rows of a CSV file cannot be skipped.", "Leave out --skip-bad, or convert such files by themselves.", csv[0]);
        var lines = files.Where(file => !IsCsv(file)).ToList();
        return [.. lines.Count > 0 ? read(lines) : [], .. csv.SelectMany(DataFrames.ReadCsv<T>)];
    }

    private static int Write<T>(string path, List<T> records)
    {
        if (IsCsv(path))
            records.ToDataFrame().SaveCsv(path);
        else
            Jsonl.Write(path, records);
        return records.Count;
    }

    private static bool IsCsv(string path) => path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase);
}
