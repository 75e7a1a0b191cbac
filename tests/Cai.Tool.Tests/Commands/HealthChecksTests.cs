using System.Text.RegularExpressions;
using Cai.Tool.Commands;
using Cai.Tool.Report;
using Cai.Torch;
using Xunit;

namespace Cai.Tool.Tests.Commands;

public sealed partial class HealthChecksTests : IDisposable
{
    private readonly Workspace work = new();

    public void Dispose() => work.Dispose();

    [Fact]
    public void TheDocumentExplainsEveryCheckInTheOrderOfTheDoctor()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root(), "environment.md"));
        var section = document[document.IndexOf("| check |", StringComparison.Ordinal)..document.IndexOf("What else comes up", StringComparison.Ordinal)];
        Assert.Equal(HealthChecks.All(work.Folder, work.Folder).Select(check => check.Name), Row().Matches(section).Select(row => row.Groups[1].Value));
    }

    [Fact]
    public void WhatIsMissingIsNamedWithItsRemedy()
    {
        var found = HealthChecks.All(work.Folder, work.Folder).ToDictionary(check => check.Name, check => check.Run());
        Assert.True(found["write access"].Good);
        Assert.Equal((false, "Restore them with: git checkout -- notebooks"), (found["notebooks"].Good, found["notebooks"].Remedy));
        Assert.Equal((false, "Restore them with: git checkout -- data/miniature"), (found["weights"].Good, found["weights"].Remedy));
    }

    [Fact]
    public void TheProcessorIsNamedAndThatTrainingWouldBeFasterWhereItWould()
    {
        var found = HealthChecks.All(work.Folder, work.Folder).Single(check => check.Name == "processor").Run();
        Assert.StartsWith(RunEnvironment.ProcessorName(), found.Fact);
        Assert.Contains(MklKernels.Variable, found.Fact);
        Assert.Contains("CAI_MKL=stock training is faster here", found.Remedy);
        Assert.Equal(!MklKernels.Avx512IsUnused, found.Good);
    }

    [Theory]
    [InlineData(10, "is too small to be weights")]
    [InlineData(1999, "is truncated or has bytes too many")]
    [InlineData(2000, null)]
    public void WeightsAreComparedWithWhatTheirHeaderPromises(int length, string? damage)
    {
        // A header of 8 + 92 bytes that promises 1,900 bytes of data.
        var header = """{"w": {"dtype": "F32", "shape": [475], "data_offsets": [0, 1900]}}""".PadRight(92);
        byte[] whole = [.. BitConverter.GetBytes((long)header.Length), .. System.Text.Encoding.ASCII.GetBytes(header), .. new byte[1900]];
        Directory.CreateDirectory(work.Path("data/miniature"));
        File.WriteAllBytes(work.Path("data/miniature/model.safetensors"), whole[..length]);
        var found = HealthChecks.All(work.Folder, work.Folder).Single(check => check.Name == "weights").Run();
        Assert.Equal(damage is null, found.Good);
        Assert.Contains(damage ?? "1 files", found.Fact);
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("{}")]
    [InlineData("{\"w\": 5}")]
    [InlineData("{\"w\": {}}")]
    [InlineData("{\"w\": {\"data_offsets\": [1]}}")]
    [InlineData("{\"w\": {\"data_offsets\": [0, \"x\"]}}")]
    [InlineData("{\"w\": {\"data_offsets\": [0, 0.5]}}")]
    public void AHeaderOfAnotherShapeIsAFinding(string header)
    {
        Directory.CreateDirectory(work.Path("data/miniature"));
        File.WriteAllBytes(work.Path("data/miniature/model.safetensors"),
            [.. BitConverter.GetBytes((long)header.Length), .. System.Text.Encoding.ASCII.GetBytes(header), .. new byte[1900]]);
        var found = HealthChecks.All(work.Folder, work.Folder).Single(check => check.Name == "weights").Run();
        Assert.False(found.Good);
        Assert.Contains("has no readable header", found.Fact);
    }

    [GeneratedRegex("^\\| `([^`]+)` \\|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
