using Cai.Constitutions;

namespace Cai.Critique;

/// <summary>How critiques and revisions are made.</summary>
public sealed record CritiqueOptions
{
    /// <summary>Critique-revision steps a prompt (paper 3.2: 4).</summary>
    public int Rounds { get; init => field = InRange.Whole(value, 1, nameof(CritiqueOptions)); } = 4;

    /// <summary>Seed of principles and samples.</summary>
    public long Seed { get; init; }

    /// <summary>Worked examples before each query: at most this many, all when null (paper E.1: 5).</summary>
    public int? FewShot { get; init => field = InRange.Whole(value, 0, nameof(CritiqueOptions)); }

    /// <summary>
    /// Show only the examples of the principle that a step applies (<see cref="Constitution.About"/>),
    /// at most <see cref="FewShot"/> of them; the paper shows all before every query.
    /// </summary>
    public bool ExamplesOfPrinciple { get; init; }

    /// <summary>Revise without a critique (the ablation of paper 3.5).</summary>
    public bool Direct { get; init; }

    /// <summary>Most tokens of a critique and of a revision, the end token included (the paper's RL limit; 3 gives none for this stage).</summary>
    public int MaxTokens { get; init => field = InRange.Whole(value, 1, nameof(CritiqueOptions)); } = 128;

    /// <summary>Paper 3.2: "We always sample at T = 1".</summary>
    public double Temperature { get; init => field = InRange.Temperature(value, nameof(CritiqueOptions)); } = 1;

    /// <summary>Draw from these principles only (one id fixes it); from all of the constitution when null (paper 3.1).</summary>
    public IReadOnlyList<string>? PrincipleIds { get; init; }

    /// <summary>
    /// Each prompt draws from so many of those only, the first of an order that is drawn for the prompt and does not depend on <see cref="Seed"/>: what one
    /// prompt may draw under a smaller number it may under a larger one (paper Fig 6 varies the number). All when null.
    /// </summary>
    public int? PrinciplesEach { get; init => field = InRange.Whole(value, 1, nameof(CritiqueOptions)); }

    /// <summary>How the principle of a step is chosen; null draws it uniformly, with replacement (paper 3.1, 3.4).</summary>
    public IPrincipleSelector? Principle { get; init; }

    /// <exception cref="CaiException">A value is out of range.</exception>
    internal void Check()
    {
        if (PrincipleIds is { Count: 0 })
            throw new CaiException("PrincipleIds is empty.", "Leave it null for all principles, or name at least one.", nameof(CritiqueOptions));
    }
}
