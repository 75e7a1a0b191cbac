using Cai.Evaluation;
using Cai.Reproduction;
using Cai.Miniature;
using Cai.Preferences;
using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Reproduction;

public sealed class LabPoliciesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("pipeline").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void SnapshotsComeInOrderAndEndWithThePolicy()
    {
        using var pipeline = Pipeline.Open(Scale.Smoke, 1, folder);
        var prompt = pipeline.World.Prompts(TopicKind.Benign, World.Train)[0];
        Comparison[] pairs = [.. Enumerable.Range(0, 4).Select(i => new Comparison($"{prompt.Id}/{i}", prompt.Id, prompt.Dialogue, "Yes.", "No.", "helpful", LabelKind.Human, i % 2))];
        var judge = pipeline.TrainPreferenceModel("pm-test", pairs, pipeline.PreferenceOptions);
        var options = pipeline.PpoOptions with { Iterations = 3, SnapshotEvery = 2, RolloutsPerIteration = 2, MaxNewTokens = 4 };

        var policy = pipeline.TrainPolicy("rl-cai", pipeline.Helpful, judge, options);
        var kept = Pipeline.Snapshots(policy);

        Assert.Equal([2L, 3], kept.Select(k => k.Iteration));
        Assert.Equal(["rl-cai.2", "rl-cai"], kept.Select(k => k.Model.Name));
        Assert.Equal(policy, kept[^1].Model);
        Assert.Equal(3, kept.Select(k => ContentHash.OfFile(Path.Combine(k.Model.Folder, "model.safetensors"))).Append(pipeline.Helpful.Hash).Distinct().Count());
        Assert.Equal(2, kept.Select(k => k.Model.Hash).Distinct().Count());
        Assert.Equal(ModelStyles.Of("rl-cai"), ModelStyles.Of(kept[0].Model));
        // A finished stage is loaded, and another option is another stage.
        Assert.Equal(policy, pipeline.TrainPolicy("rl-cai", pipeline.Helpful, judge, options));
        Assert.NotEqual(policy.Hash, pipeline.TrainPolicy("rl-cai", pipeline.Helpful, judge, options with { Iterations = 1, SnapshotEvery = null }).Hash);
    }

    [Fact]
    public async Task ClaimsAskTheLabOfEverySeed()
    {
        using var pipeline = Pipeline.Open(Scale.Smoke with { Seeds = 3 }, 4, folder);
        Assert.Equal([4L, 14, 24], pipeline.ClaimSeeds);
        Claim Of(Pipeline some) => Measured.Claim("x", "s", "c", "p", new Interval(some.Seed, some.Seed - 1, some.Seed + 1, 5, 5), Direction.Greater, 0, some.Seed);

        var claims = await pipeline.AddClaimsAsync([Of(pipeline)], other => Task.FromResult<IEnumerable<Claim>>([Of(other)]));

        Assert.Equal(claims, pipeline.Claims.All);
        var claim = Assert.Single(claims);
        Assert.Equal([4L, 14, 24], claim.Seeds);
        Assert.Equal((14.0, 15, false), (claim.Value, claim.N, claim.Holds)); // mean of 4, 14, 24; t(2) · 10 / √3 = 24.8 is wider
    }
}
