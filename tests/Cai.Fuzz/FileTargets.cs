using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Cai.Constitutions;
using Cai.Evaluation;
using Cai.Export;
using Cai.Storage;
using Cai.Text;
using Cai.Text.Tokenizers;
using Cai.Tool.Commands;

namespace Cai.Fuzz;

/// <summary>Data: records, tables, constitutions, published files.</summary>
internal static class FileTargets
{
    private const string Line = """{"id":"p1","prompt":"How do I mend a roof?"}""";
    private static readonly Prompt Whole = new("p2", new([Turn.Human("Hello."), Turn.Assistant("Hi."), Turn.Human("Why?")]));
    private static readonly Comparison Pair =
        new("c", "p", Dialogue.Ask("Hello."), "Hi.", "Go away.", "harmless", LabelKind.Soft, 0.8);
    private static readonly Sample Answer = new("s", "p", Dialogue.Ask("Hello."), "Hi.", "m", 0, true);

    public static IEnumerable<Target> All(string folder)
    {
        string[] keys = ["id", "prompt", "dialogue", "turns", "role", "text", "human", "assistant", "system", "response", "responseA", "responseB", "messages",
            "content", "probabilityA", "axis", "label", "kind", "model", "index", "chosen", "rejected", "promptId"];
        yield return Target.Text("prompts", (input, at) => StageFiles.ReadPrompts([Target.Put(at, "p.jsonl", input)], skipBad: false), keys,
            Line + "\n" + CaiJson.Write(Whole) + "\n");
        yield return Target.Text("records", (input, at) =>
        {
            var path = Target.Put(at, "r.jsonl", input);
            Target.Each(() => Jsonl.Read<Sample>(path), () => Jsonl.Read<Comparison>(path), () => Jsonl.Read<Revision>(path), () => Metrics.Read(path),
                () => Jsonl.Read<Sample>(path, BadLines.Skip));
        }, keys, CaiJson.Write(Answer) + "\n", CaiJson.Write(Pair) + "\n" + CaiJson.Write(Pair) + "\n", """{"step":1,"values":{"loss":0.5}}""" + "\n");
        yield return Target.Text("csv", (input, at) =>
        {
            var path = Target.Put(at, "r.csv", input);
            Target.Each(() => DataFrames.LoadCsv(path), () => DataFrames.ReadCsv<Sample>(path), () => StageFiles.Read<Comparison>([path], skipBad: true));
        }, keys, "id,prompt\np1,\"Hello, \"\"you\"\"\"\np2,x\n", "a,b\n1,0.5\n2,\n");
        var parquet = Path.Combine(folder, "seed.parquet");
        ParquetFile.Write(parquet, (Sample[])[Answer, Answer with { Id = "t", Response = "" }]);
        var repeating = Path.Combine(folder, "repeating.parquet"); // dictionaries, runs, lists, nulls
        ParquetFile.Write(repeating, Enumerable.Range(0, 300).Select(
            i => Pair with { PrincipleIds = ["wise", "kind"], ProbabilityA = i % 3 == 0 ? null : 0.5 }));
        yield return new Target("parquet", [File.ReadAllBytes(parquet), File.ReadAllBytes(repeating)], [], (input, at) =>
        {
            string[] path = [Target.Put(at, "r.parquet", input)];
            Target.Each(() => StageFiles.Read<Sample>(path, skipBad: false), () => StageFiles.Read<Comparison>(path, skipBad: false));
        }) { Binary = true };
        yield return new Target("gz", [Gzip(CaiJson.Write(Answer) + "\n"), Gzip(string.Concat(Enumerable.Repeat(CaiJson.Write(Answer) + "\n", 50)))], [],
            (input, at) =>
            Jsonl.Read<Sample>(Target.Put(at, "r.jsonl.gz", input))) { Binary = true };
        yield return Target.Text("hh-rlhf", (input, at) =>
        {
            var path = Target.Put(at, "test.jsonl", input);
            Target.Each(() => HhRlhf.Read(path, "harmless"), () => HhRlhf.Read(path, "harmless", BadLines.Skip));
        }, keys, """{"chosen":"\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: d","""
            + """ "rejected":"\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: e"}""" + "\n");
        yield return Target.Text("questions", (input, at) =>
        {
            var path = Target.Put(at, "438HHHEvaluations.jsonl", input);
            Target.Each(() => ChoiceQuestions.Read(path), () => ChoiceQuestions.Read(path, BadLines.Skip));
        }, ["prompt", "corrects", "incorrects"],
            """{"prompt":"Well?\n (A) one\n (B) two\nThe answer is:","corrects":[" (B)"],"incorrects":[" (A)"]}""" + "\n");
        yield return Target.Text("released", (input, at) =>
        {
            foreach (var sample in ReleasedSamples.Read(Target.Put(at, "PALMS_HRLHF.jsonl", input)))
                ResponseText.Of(sample.Response);
        }, ["rl_prompt", "sampled_answers", "sampled_string"],
            """{"rl_prompt":"\n\nHuman: q\n\nAssistant:","sampled_answers":[{"sampled_string":" one\n\nHuman:","""
                + """ "pm_scores":[]},{"sampled_string":" two"}]}""" + "\n");
        yield return Target.Text("labels", (input, at) => HandLabel.Read(Target.Put(at, "l.csv", input)), ["held-out", "fresh"],
            "file,line,sample,half,evasive,boilerplate,harsh\nF,3,4,fresh,1,0,1\n");
        yield return Target.Text("sentences", (input, at) => SentenceClassifier.Train(Target.Put(at, "s.csv", input), "no").Probability("I cannot"), ["no",
            "yes"],
            "label,text\nno,I cannot help.\nno,I can't.\nyes,I can, gladly.\nyes,Sure!\n");
        yield return Target.Text("text", (input, _) => ResponseText.Of(Encoding.UTF8.GetString(input)), ["cannot", "question", "sorry", "you are", "harmful"],
            "I'm sorry, but I cannot help with that. You are valued, and it is never okay to assume such things.", "Sure! 1. one\n2. two\n");
        yield return Target.Text("constitution", (input, at) =>
        {
            var constitution = Constitution.Load(Target.Put(at, "c.yaml", input));
            constitution.CritiquePrefix();
            _ = constitution.Hash;
        }, ["name", "description", "critique", "comparison", "examples", "id", "critique_request", "revision_request", "principle", "human", "assistant"],
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "constitutions", "helpfulness.yaml")),
            "name: t\ndescription: d\ncritique:\n  - id: a\n    critique_request: x\n    revision_request: y\ncomparison:\n  - id: b\n    principle: z (A)\n");
        var tokenizer = TokenizerJson.Load(Path.Combine(AppContext.BaseDirectory, "data", "miniature", "tokenizer"));
        yield return Target.Text("export-rows", (input, at) =>
        {
            var comparisons = Jsonl.Read<Comparison>(Target.Put(at, "c.jsonl", input));
            foreach (var target in Enum.GetValues<ExportTarget>())
                foreach (var chat in new[] { false, true })
                {
                    var rows = new ExportRows(new() { Target = target, ChatTemplate = chat, LabelCopies = 3 }, tokenizer);
                    foreach (var row in comparisons.SelectMany(rows.Of))
                        JsonNode.Parse(row.ToJsonString());
                }
        }, keys, CaiJson.Write(Pair) + "\n", CaiJson.Write(Pair with { ProbabilityA = null }) + "\n");
    }

    private static byte[] Gzip(string text)
    {
        using var stream = new MemoryStream();
        using (var zip = new GZipStream(stream, CompressionLevel.Optimal))
            zip.Write(Encoding.UTF8.GetBytes(text));
        return stream.ToArray();
    }
}
