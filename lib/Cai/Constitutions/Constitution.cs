using Cai.Storage;

namespace Cai.Constitutions;

/// <summary>
/// Principles for critique and revision, principles for comparison, and the worked examples that go with them. "Together
/// these form the constitution" (paper 1.2). Immutable; the methods that narrow it return a new one.
/// </summary>
/// <param name="Critique">Principles of the supervised stage; may be empty when only labels are wanted.</param>
/// <param name="Comparison">Principles of the RL stage; may be empty when only revisions are wanted.</param>
public sealed record Constitution(string Name, string Description, IReadOnlyList<CritiquePrinciple> Critique, IReadOnlyList<ComparisonPrinciple> Comparison)
{
    /// <summary>Worked critiques and revisions, in the order in which they are shown.</summary>
    public IReadOnlyList<CritiqueShot> CritiqueExamples { get; init; } = [];

    /// <summary>Worked comparisons, with and without chain of thought, in the order in which they are shown.</summary>
    public IReadOnlyList<ComparisonShot> ComparisonExamples { get; init; } = [];

    /// <summary>
    /// SHA-256 (hex) of everything that can reach a model: principles and examples. Name, description, comments and file
    /// layout do not count, so rewording those does not recompute a run.
    /// </summary>
    public string Hash => ContentHash.Of<string?[]>(
    [
        .. Critique.SelectMany(p => new[] { "critique", p.Id, p.CritiqueRequest, p.RevisionRequest })
            .Concat(Comparison.SelectMany(p => new[] { "comparison", p.Id, p.Text }))
            .Concat(CritiqueExamples.SelectMany(e => e.Parts.Prepend("critique example")))
            .Concat(ComparisonExamples.SelectMany(e => e.Parts.Prepend("comparison example"))),
    ]);

    /// <summary>Reads a constitution: a YAML file, or a folder with Anthropic's JSON files (<see cref="AnthropicFiles"/>).</summary>
    /// <exception cref="CaiException">The file is missing, broken or empty; the message names file, line and key.</exception>
    public static Constitution Load(string path) =>
        Directory.Exists(path) ? AnthropicFiles.In(path).Load() : ConstitutionYaml.Load(path);

    /// <summary>A constitution that comes with the kit, for example `harmlessness` or `miniature`.</summary>
    public static Constitution Shipped(string name)
    {
        var folder = Path.Combine(ShippedFiles.Folder, "constitutions");
        var path = Path.Combine(folder, name + ".yaml");
        if (File.Exists(path))
            return Load(path);
        var known = Directory.Exists(folder)
            ? Directory.GetFiles(folder, "*.yaml").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal).ToList()
            : [];
        throw new CaiException($"There is no shipped constitution '{name}'.",
            known.Count > 0 ? NearNames.Hint(name, known) : "Rebuild: the folder of shipped constitutions is missing.", folder);
    }

    /// <summary>The principle with this id, of either stage (the supervised one first).</summary>
    /// <exception cref="CaiException">No such id; the message lists near ones.</exception>
    public Principle Principle(string id) => (Principle?)Critique.FirstOrDefault(p => p.Id == id) ?? Find(Comparison, id, Ids);

    /// <inheritdoc cref="Principle"/>
    public CritiquePrinciple CritiquePrinciple(string id) => Find(Critique, id, Critique.Select(p => p.Id));

    /// <inheritdoc cref="Principle"/>
    public ComparisonPrinciple ComparisonPrinciple(string id) => Find(Comparison, id, Comparison.Select(p => p.Id));

    /// <summary>Only these principles, in the constitution's order; an id used in both stages keeps both. Examples stay.</summary>
    /// <exception cref="CaiException">An id is unknown.</exception>
    public Constitution Subset(params IEnumerable<string> ids)
    {
        var wanted = ids.ToHashSet();
        foreach (var id in wanted)
            Principle(id);
        return this with { Critique = [.. Critique.Where(p => wanted.Contains(p.Id))], Comparison = [.. Comparison.Where(p => wanted.Contains(p.Id))] };
    }

    /// <summary>At most the first n examples of each sort: critiques, comparisons without and with chain of thought.</summary>
    public Constitution WithExamples(int n) => this with
    {
        CritiqueExamples = [.. CritiqueExamples.Take(n)],
        ComparisonExamples = [.. ComparisonExamples.Where(e => !e.Reasons).Take(n), .. ComparisonExamples.Where(e => e.Reasons).Take(n)],
    };

    /// <summary>
    /// What the constitution says about one principle: that principle, of either stage, and the worked examples that apply
    /// it. Examples that leave their principle open stay and will apply this one; published ones stay as they are.
    /// </summary>
    /// <exception cref="CaiException">The id is unknown.</exception>
    public Constitution About(string id)
    {
        var only = Subset(id);
        return only with
        {
            CritiqueExamples = [.. CritiqueExamples.Where(e => e is not CritiqueShot.Worked worked || worked.PrincipleId is null || worked.PrincipleId == id)],
            ComparisonExamples =
                [.. ComparisonExamples.Where(e => e is not ComparisonShot.Worked worked || worked.Principle is null || worked.Principle.Id == id)],
        };
    }

    /// <summary>The few-shot prefix of every critique and revision query: at most <paramref name="count"/> examples, all when null.</summary>
    /// <param name="direct">Without critiques (paper 3.5).</param>
    public string CritiquePrefix(int? count = null, bool direct = false) =>
        string.Concat(CritiqueExamples.Take(count ?? int.MaxValue).Select(e => e.Text(direct)));

    /// <summary>
    /// The few-shot prefix of a comparison query. What the examples leave open (their order, their principle) is drawn
    /// from (seed, id, index of the example): give each label's id for fresh draws, or one id for a prefix that never changes.
    /// </summary>
    /// <param name="reasoning">Examples with a chain of thought, or those without.</param>
    /// <exception cref="CaiException">There are examples but no comparison principles to fill them.</exception>
    public string ComparisonPrefix(bool reasoning, int? count, long seed, string id)
    {
        var examples = ComparisonExamples.Where(e => e.Reasons == reasoning).Take(count ?? int.MaxValue).ToList();
        if (examples.Count > 0 && Comparison.Count == 0)
            throw new CaiException($"Constitution '{Name}' has comparison examples but no comparison principles.", "Add principles under `comparison:`.");
        return string.Concat(examples.Select((e, i) => e.Text(Comparison, Seeds.Rng(seed, id, "example", i))));
    }

    private IEnumerable<string> Ids => Critique.Select(p => p.Id).Concat(Comparison.Select(p => p.Id));

    private T Find<T>(IReadOnlyList<T> list, string id, IEnumerable<string> known) where T : Principle =>
        list.FirstOrDefault(p => p.Id == id)
        ?? throw new CaiException($"Constitution '{Name}' has no principle '{id}'.", NearNames.Hint(id, known));
}
