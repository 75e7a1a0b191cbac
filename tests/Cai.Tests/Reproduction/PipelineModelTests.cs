using Cai.Models;
using Cai.Reproduction;
using Xunit;

namespace Cai.Tests.Reproduction;

public class PipelineModelTests
{
    private static string Shipped(string size, string name) => Path.Combine(AppContext.BaseDirectory, "data", "miniature", size, name);

    [Fact]
    public void AModelFolderPlaysAllTheParts()
    {
        using var folder = new TempFolder();
        using var pipeline = Pipeline.Open(Scale.Smoke, 1, folder.Path("out"), Shipped("M", "helpful"));
        Assert.Equal((Shipped("M", "helpful"), Shipped("M", "helpful")), (pipeline.Pretrained.Folder, pipeline.Helpful.Folder));
        Assert.Equal(HuggingFaceFolder.Hash(Shipped("M", "helpful")), pipeline.Helpful.Hash);
        Assert.Contains("helpful; sizes beside it are the miniature", pipeline.Header().ToText());
        // Other sizes stay the miniature's.
        Assert.EndsWith(Path.Combine("L", "pretrained"), pipeline.OfSize("L").Pretrained.Folder);
    }

    [Fact]
    public void AFolderWithBothModelsCastsEachPartWithItsOwn()
    {
        using var folder = new TempFolder();
        using var pipeline = Pipeline.Open(Scale.Smoke, 1, folder.Path("out"), Path.GetDirectoryName(Shipped("M", "helpful")));
        Assert.Equal((Shipped("M", "pretrained"), Shipped("M", "helpful")), (pipeline.Pretrained.Folder, pipeline.Helpful.Folder));
    }

    [Theory]
    [InlineData("http://localhost:8000/v1#name", "on a server")]
    [InlineData("no/such/folder", "no such model folder")]
    public void WhatIsNoFolderIsRefusedWhenItIsNeeded(string model, string said)
    {
        using var folder = new TempFolder();
        using var pipeline = Pipeline.Open(Scale.Smoke, 1, folder.Path("out"), model);
        Assert.Contains(said, Assert.Throws<CaiException>(() => pipeline.Helpful).Message);
    }

    [Fact]
    public async Task AModelOfAnotherOriginGoesThroughCritiquesFinetuningLabelsAndPreferences()
    {
        var story = Fixtures.Path("models", "tinystories-656k");
        using var folder = new TempFolder();
        using var pipeline = Pipeline.Open(Scale.Smoke, 1, folder.Path("out"), story);
        var trained = await pipeline.Supervised.SlCaiAsync();
        var judge = await pipeline.Preferences.ModelAsync(pipeline.Arms.RlCai);
        using var model = HuggingFaceFolder.Load(trained.Folder);
        using var scalar = HuggingFaceFolder.LoadScalar(judge.Folder);
        Assert.Equal(pipeline.ParametersOf(pipeline.Pretrained), model.Decoder.Parameters.Count);
        Assert.True(scalar.Model.Parameters.Count > 0);
    }
}
