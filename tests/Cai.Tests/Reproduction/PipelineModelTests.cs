using Cai.Reproduction;
using Cai.Models;
using Xunit;

namespace Cai.Tests.Reproduction;

public class PipelineModelTests
{
    private static string Shipped(string size, string name) => Path.Combine(AppContext.BaseDirectory, "data", "miniature", size, name);

    [Fact]
    public void A_model_folder_plays_all_the_parts()
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
    public void A_folder_with_both_models_casts_each_part_with_its_own()
    {
        using var folder = new TempFolder();
        using var pipeline = Pipeline.Open(Scale.Smoke, 1, folder.Path("out"), Path.GetDirectoryName(Shipped("M", "helpful")));
        Assert.Equal((Shipped("M", "pretrained"), Shipped("M", "helpful")), (pipeline.Pretrained.Folder, pipeline.Helpful.Folder));
    }

    [Theory]
    [InlineData("http://localhost:8000/v1#name", "on a server")]
    [InlineData("no/such/folder", "no such model folder")]
    public void What_is_no_folder_is_refused_when_it_is_needed(string model, string said)
    {
        using var folder = new TempFolder();
        using var pipeline = Pipeline.Open(Scale.Smoke, 1, folder.Path("out"), model);
        Assert.Contains(said, Assert.Throws<CaiException>(() => pipeline.Helpful).Message);
    }

    [Fact]
    public async Task A_model_of_another_origin_goes_through_critiques_finetuning_labels_and_preferences()
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
