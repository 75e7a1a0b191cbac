using Cai.Evaluation;

namespace Cai.Reproduction;

/// <summary>Claims over seeds: the seed is a random effect, so a claim needs several whole reproductions that differ in it alone.</summary>
public sealed partial class Pipeline
{
    /// <summary>The seeds that claims are measured with at this scale, this pipeline's first. They lie ten apart because stages take the next few numbers for draws of their own.</summary>
    public IReadOnlyList<long> ClaimSeeds => [.. Enumerable.Range(0, Scale.Seeds).Select(i => Seed + 10 * i)];

    /// <summary>A study of this pipeline and of the pipelines of the other seeds, whose stages are cached in the same folder.</summary>
    /// <param name="seeds">How many of the <see cref="ClaimSeeds"/>, this pipeline's included; all when null.</param>
    public async Task<IReadOnlyList<T>> EachSeedAsync<T>(Func<Pipeline, Task<T>> study, int? seeds = null) => [await study(this), .. await OtherSeedsAsync(study, seeds)];

    /// <summary>
    /// Claims over all <see cref="ClaimSeeds"/> (<see cref="Claim.OverSeeds"/>), added to <see cref="Claims"/>. With one seed they are <paramref name="own"/>.
    /// </summary>
    /// <param name="own">What this pipeline found.</param>
    /// <param name="others">Finds the same in the pipeline of another seed.</param>
    /// <param name="seeds">How many of the seeds, this pipeline's included; all when null. Studies that are not of the paper's main models take <see cref="Scale.StudySeeds"/>.</param>
    public async Task<IReadOnlyList<Claim>> AddClaimsAsync(IEnumerable<Claim> own, Func<Pipeline, Task<IEnumerable<Claim>>> others, int? seeds = null) =>
        AddClaims([own, .. await OtherSeedsAsync(others, seeds)]);

    /// <summary>The same with the claims of all seeds at hand, this pipeline's first.</summary>
    public IReadOnlyList<Claim> AddClaims(IEnumerable<IEnumerable<Claim>> seeds) => [.. Claim.OverSeeds([.. seeds.Select(s => s.ToList())]).Select(Claims.Add)];

    private async Task<IReadOnlyList<T>> OtherSeedsAsync<T>(Func<Pipeline, Task<T>> study, int? seeds)
    {
        var found = new List<T>();
        foreach (var seed in ClaimSeeds.Take(seeds ?? int.MaxValue).Skip(1))
        {
            host.Cancel.ThrowIfCancellationRequested();
            using var pipeline = new Pipeline(Scale, seed, Out, host, own);
            found.Add(await study(pipeline));
        }
        return found;
    }
}
