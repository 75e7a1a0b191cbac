using Cai.Evaluation;
using Cai.Miniature;
using Cai.Reproduction;
using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Reproduction;

public sealed class PipelineTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("pipeline").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void SnapshotsComeInOrderAndEndWithThePolicy()
    {
        using var pipeline = Pipeline.Open(Scale.Smoke, 1, folder);
        var prompt = pipeline.World.Prompts(TopicKind.Benign, World.Train)[0];
        Comparison[] pairs = [.. Enumerable.Range(0, 4)
            .Select(i => new Comparison($"{prompt.Id}/{i}", prompt.Id, prompt.Dialogue, "Yes.", "No.", "helpful", LabelKind.Human, i % 2))];
        var judge = pipeline.Preferences.Train("pm-test", pairs, Recipes.Preference(1));
        var options = pipeline.Reinforcement.Options with { Iterations = 3, SnapshotEvery = 2, RolloutsPerIteration = 2, MaxNewTokens = 4 };

        var policy = pipeline.Reinforcement.Train("rl-cai", pipeline.Helpful, judge, options);
        var kept = ReinforcementStage.Along(pipeline.Helpful, policy, options).Points.Skip(1).ToList();

        Assert.Equal([2L, 3], kept.Select(k => k.Iteration));
        Assert.Equal(["rl-cai.2", "rl-cai"], kept.Select(k => k.Model.Name));
        Assert.Equal(policy, kept[^1].Model);
        Assert.Equal(3, kept.Select(k => ContentHash.OfFile(Path.Combine(k.Model.Folder, "model.safetensors")))
            .Append(pipeline.Helpful.Hash).Distinct().Count());
        Assert.Equal(2, kept.Select(k => k.Model.Hash).Distinct().Count());
        Assert.Equal(ModelStyles.Of("rl-cai"), ModelStyles.Of(kept[0].Model));
        // A finished stage is loaded, and another option is another stage.
        Assert.Equal(policy, pipeline.Reinforcement.Train("rl-cai", pipeline.Helpful, judge, options));
        Assert.NotEqual(policy.Hash,
            pipeline.Reinforcement.Train("rl-cai", pipeline.Helpful, judge, options with { Iterations = 1, SnapshotEvery = null }).Hash);
    }

    private sealed record SeedStudy(long Seed) : IStudy<SeedStudy>
    {
        public static Task<SeedStudy> RunAsync(Pipeline pipeline, CancellationToken cancel = default) => Task.FromResult(new SeedStudy(pipeline.Seed));

        public IEnumerable<Measurement> Measure() =>
            [new("x", new Interval(Seed, Seed - 1, Seed + 1, 5, 5)) { Words = new Dictionary<string, object> { ["many"] = 3 } }];

        public StudyData Data() => new();
    }

    [Fact]
    public async Task ClaimsAreMeasuredInThePipelineOfEverySeed()
    {
        var file = Path.Combine(folder, "claims.yaml");
        File.WriteAllText(file, """
            studies:
            - notebook: 00-tour
              study: SeedStudy
              claims:
              - {id: x, source: s, statement: "with {many}", unit: u, paper: "{fig10_absolute_harmfulness/RL-CAI/T1/-1}", direction: greater}
            """);
        using var pipeline = Pipeline.Open(Scale.Smoke with { Seeds = 3 }, 4, folder);
        Assert.Equal([4L, 14, 24], pipeline.Studies.Seeds);
        await pipeline.Studies.RunAsync<SeedStudy>();

        var claims = await pipeline.Studies.ClaimsAsync(ClaimBook.Load(file));

        Assert.Equal(claims.Select(c => c.Id), Claims.Load(Path.Combine(folder, "claims.json")).All.Select(c => c.Id));
        var claim = Assert.Single(claims);
        Assert.Equal([4L, 14, 24], claim.Seeds);
        Assert.Equal(("with 3", "0.65"), (claim.Text, claim.Paper));
        Assert.Equal((14.0, 15, false), (claim.Value, claim.N, claim.Holds)); // mean of 4, 14, 24; t(2) · 10 / √3 = 24.8 is wider
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 3, 3)]
    [InlineData(7, 5, 7)]
    [InlineData(20, 5, 16)]
    public void AskedForSomeSeedsNoStudyTakesMore(int seeds, int studies, int arms)
    {
        var scale = Scale.Full.WithSeeds(seeds);
        Assert.Equal((seeds, studies, arms), (scale.Seeds, scale.StudySeeds, scale.ArmSeeds));
    }

    [Fact]
    public void AStudyCanBeMeasuredWithMoreSeedsThanTheOthers()
    {
        using var pipeline = Pipeline.Open(Scale.Smoke with { Seeds = 2, ArmSeeds = 3 }, 4, folder);
        Assert.Equal([4L, 14], pipeline.Studies.Seeds);
        Assert.Equal([4L, 14, 24], pipeline.Studies.SeedsOf<GoodhartStudy>());
    }
}
