using Cai.Evaluation;
using Cai.Figures;

namespace Cai.Reproduction;

/// <summary>
/// The studies of one pipeline: each is run once, and the claims of those that a notebook has run are measured over seeds. The seed is a random effect, so a
/// claim needs several whole reproductions that differ in it alone.
/// </summary>
public sealed class Studies(Pipeline pipeline)
{
    private readonly Dictionary<Type, object> done = [];
    private readonly Dictionary<Type, IReadOnlyList<object>> others = []; // the same study with the other seeds, where a notebook looks at all
    private readonly List<IMeasured> measured = [];
    private readonly Dictionary<Type, IReadOnlyList<Claim>> stated = []; // claims of a study as it is now, which a notebook asks for more than once

    /// <summary>
    /// The seeds that claims are measured with at this scale, the pipeline's first. They
    /// lie ten apart because stages take the next few numbers for draws of their own.
    /// </summary>
    public IReadOnlyList<long> Seeds => First(pipeline.Scale.Seeds);

    /// <summary>The seeds that the claims of one study are measured with.</summary>
    public IReadOnlyList<long> SeedsOf<T>() where T : class, IStudy<T> => First(T.SeedsAt(pipeline.Scale));

    /// <summary>A study, run once in this pipeline; its claims are among those of <see cref="ClaimsAsync"/>.</summary>
    public async Task<T> RunAsync<T>(CancellationToken cancel = default) where T : class, IStudy<T> => Add(await NeedAsync<T>(cancel));

    /// <summary>A study for another study's use: run once, and its claims are left to whoever asks for them.</summary>
    public async Task<T> NeedAsync<T>(CancellationToken cancel = default) where T : class, IStudy<T>
    {
        if (!done.TryGetValue(typeof(T), out var study))
            done[typeof(T)] = study = await T.RunAsync(pipeline, pipeline.Context.Or(cancel));
        return (T)study;
    }

    /// <summary>Adds a study that was run step by step; its claims are among those of <see cref="ClaimsAsync"/>.</summary>
    public T Add<T>(T study) where T : class, IStudy<T>
    {
        done[typeof(T)] = study;
        stated.Remove(typeof(T));
        if (measured.TrueForAll(m => m.Study != typeof(T)))
            measured.Add(new Measured<T>(this));
        return study;
    }

    /// <summary>A study in the pipelines of all its seeds, this one's first.</summary>
    public async Task<IReadOnlyList<T>> EachSeedAsync<T>(CancellationToken cancel = default) where T : class, IStudy<T>
    {
        var all = new List<T> { await RunAsync<T>(cancel) };
        if (!others.TryGetValue(typeof(T), out var rest))
        {
            var found = new List<object>();
            foreach (var (i, seed) in SeedsOf<T>().Index().Skip(1))
            {
                cancel.ThrowIfCancellationRequested();
                using var other = pipeline.OfSeed(seed, i);
                found.Add(await T.RunAsync(other, pipeline.Context.Or(cancel)));
            }
            others[typeof(T)] = rest = found;
        }
        return [.. all, .. rest.Cast<T>()];
    }

    /// <summary>The claims of all studies that were run here, each over its seeds, as `claims.json` in the pipeline's folder has them then.</summary>
    /// <param name="book">What the claims say; null reads `data/paper/claims.yaml`.</param>
    public async Task<IReadOnlyList<Claim>> ClaimsAsync(ClaimBook? book = null, CancellationToken cancel = default)
    {
        book ??= ClaimBook.Load();
        var (kept, all) = (new Claims(), new Claims());
        foreach (var study in measured)
            foreach (var claim in await study.ClaimsAsync(book, cancel))
            {
                all.Add(claim);
                if (study.Kept)
                    kept.Add(claim);
            }
        if (kept.All.Count > 0)
            kept.Save(Path.Combine(pipeline.Out, "claims.json"));
        return all.All;
    }

    /// <summary>
    /// What was found about claims of studies that were run here, a sentence each, in the order asked; a study without its files states none.
    /// </summary>
    /// <exception cref="CaiException">No study that was run here measures one of them.</exception>
    public async Task<Findings> FindingsAsync(params string[] ids)
    {
        var book = ClaimBook.Load();
        var studies = ids.Select(id => book[id].Study).ToHashSet();
        var found = new Dictionary<string, Claim>();
        foreach (var study in measured.Where(m => studies.Contains(m.Study.Name)))
        {
            if (!stated.TryGetValue(study.Study, out var claims))
                stated[study.Study] = claims = await study.ClaimsAsync(book, pipeline.Context.Or(default));
            foreach (var claim in claims)
                found[claim.Id] = claim;
        }
        if (ids.FirstOrDefault(id => measured.TrueForAll(m => m.Study.Name != book[id].Study)) is { } missing)
            throw new CaiException($"'{missing}' is measured by {book[missing].Study}, which was not run here.",
                $"Run that study first, or look into notebook {book[missing].Notebook}.", missing);
        return new Findings([.. ids.Where(found.ContainsKey).Select(id => found[id])]);
    }

    private IReadOnlyList<long> First(int count) => [.. Enumerable.Range(0, count).Select(i => pipeline.Seed + 10 * i)];

    private interface IMeasured
    {
        Type Study { get; }

        bool Kept { get; }

        Task<IReadOnlyList<Claim>> ClaimsAsync(ClaimBook book, CancellationToken cancel);
    }

    private sealed class Measured<T>(Studies studies) : IMeasured where T : class, IStudy<T>
    {
        public Type Study => typeof(T);

        public bool Kept => T.Kept;

        public async Task<IReadOnlyList<Claim>> ClaimsAsync(ClaimBook book, CancellationToken cancel)
        {
            var runs = new List<IReadOnlyList<Claim>>();
            foreach (var (study, seed) in (await studies.EachSeedAsync<T>(cancel)).Zip(studies.SeedsOf<T>()))
                runs.Add([.. study.Measure().Select(m => book.State(m, typeof(T), seed))]);
            return [.. Claim.OverSeeds(runs).Select(claim => book[claim.Id].Bounded(claim))];
        }
    }
}
