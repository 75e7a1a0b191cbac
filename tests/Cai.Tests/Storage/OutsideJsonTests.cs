using System.Text;
using Cai.Constitutions;
using Cai.Evaluation;
using Cai.Generation;
using Cai.Models;
using Cai.Storage;
using Cai.Text;
using Cai.Text.ChatTemplates;
using Cai.Text.Tokenizers;
using Xunit;

namespace Cai.Tests.Storage;

public sealed class OutsideJsonTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("""{"a": 1, "b": {"a": 2}, "c": [{"a": 1}, {"a": 1}]}""", null, 0)]
    [InlineData("{\"a\": 1,\n\"a\": 2}", "the key \"a\" stands twice", 2)]
    [InlineData("{\"x\": [\n{\"b\": 1, \"\\u0062\": 2}]}", "the key \"b\" stands twice", 2)] // the same key in two spellings
    [InlineData("""{"A": 1, "a": 2}""", null, 0)]
    [InlineData("""["\ud83d\ude00", "\\ud83d", "\\\\ud83d"]""", null, 0)] // a pair, and backslashes that spell no escape
    [InlineData("[1,\n\"x\\ud83d y\"]", "half a surrogate pair", 2)]
    [InlineData("""["\ude00"]""", "half a surrogate pair", 1)]
    [InlineData("""["\ud83d\ud83d\ude00"]""", "half a surrogate pair", 1)]
    [InlineData("""["\ud83d\n\ude00"]""", "half a surrogate pair", 1)]
    [InlineData("""["\uD83D"]""", "half a surrogate pair", 1)]
    [InlineData("""{"\ud83d": 1}""", "half a surrogate pair", 1)]
    [InlineData("[1,\n2", "", 2)]
    [InlineData("[Infinity]", "", 1)]
    public void WhatReadersDisagreeAboutIsAFault(string json, string? problem, int line)
    {
        foreach (var fault in (JsonFault?[])[OutsideJson.FaultIn(json), OutsideJson.FaultIn([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(json)])])
            if (problem is null)
                Assert.Null(fault);
            else
            {
                Assert.Contains(problem, fault!.Problem);
                Assert.Equal(line, fault.Line);
            }
    }

    [Fact]
    public void BytesThatAreNoUtf8AreAFault()
    {
        var fault = OutsideJson.FaultIn([.. "[\n\"caf"u8, 0xE9, .. "\"]"u8]);
        Assert.Equal((2, "byte 6 (0xE9) is no UTF-8"), (fault!.Line, fault.Problem));
        Assert.Contains("surrogate", OutsideJson.FaultIn("[\"\ud83d\"]")!.Problem);
    }

    [Fact]
    public void DepthIsBounded() => Assert.NotNull(OutsideJson.FaultIn(new string('[', 100_000)));

    public static TheoryData<string> Readers => ["config", "tokenizer", "template", "records", "claims", "anthropic", "index", "frame"];

    /// <summary>Every file of JSON goes through the one reader: a key that stands twice is named with file and line, whatever reads the file.</summary>
    [Theory]
    [MemberData(nameof(Readers))]
    public void EveryReaderRefusesAKeyThatStandsTwice(string reader)
    {
        const string twice = "{\n\"x\": 1,\n\"x\": 2}";
        string Path(string name, string text = twice) => folder.File(name, text);
        Action read = reader switch
        {
            "config" => () => HuggingFaceFolder.LoadDecoder(System.IO.Path.GetDirectoryName(Path("config.json"))!),
            "tokenizer" => () => TokenizerJson.Load(Path("tokenizer.json")),
            "template" => () => ChatTemplate.Load(System.IO.Path.GetDirectoryName(Path("tokenizer_config.json"))!),
            "records" => () => Jsonl.Read<Prompt>(Path("a.jsonl", twice.ReplaceLineEndings(" "))),
            "claims" => () => Claims.Load(Path("claims.json", "[" + twice + "]")),
            "anthropic" => () => new AnthropicFiles { CritiqueInstructions = Path("c.json") }.Load(),
            "index" => () => new WeightFiles(System.IO.Path.GetDirectoryName(Path(WeightFiles.Index))!).Dispose(),
            _ => () => DataFrames.ReadCsv<Completion>(
                Path("f.csv", "Id,Text,TokenIds,LogProbs,Finish\na,b,\"[{\"\"x\"\":1,\"\"x\"\":2}]\",[],length\n")),
        };
        var error = Assert.Throws<CaiException>(read);
        Assert.Contains("\"x\" stands twice", error.Message);
        Assert.StartsWith(folder.Root, error.Where ?? folder.Root);
        if (reader is not ("records" or "frame"))
            Assert.EndsWith(":3", error.Where);
    }
}
