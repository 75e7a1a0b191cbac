using Cai.Text;

namespace Cai.Constitutions;

/// <summary>
/// One worked example before a critique or revision query. The paper counts the examples as part of the constitution
/// (1.2). Either written field by field, or a published string that must not change by a byte.
/// </summary>
public abstract record CritiqueShot
{
    private CritiqueShot() { }

    /// <summary>The example as it stands in the prefix.</summary>
    /// <param name="direct">Leave critique request and critique out (direct revision, paper 3.5).</param>
    public abstract string Text(bool direct);

    internal abstract IEnumerable<string?> Parts { get; }

    /// <summary>An example by field, laid out by <see cref="CritiqueLayout"/>.</summary>
    /// <param name="PrincipleId">Whose requests it uses; null when it brings its own.</param>
    public sealed record Worked(CritiqueExample Example, string? PrincipleId = null) : CritiqueShot
    {
        public override string Text(bool direct) => CritiqueLayout.FewShot([direct ? Example with { Critique = null } : Example]);

        internal override IEnumerable<string?> Parts =>
            ["worked", Example.Human, Example.Assistant, Example.CritiqueRequest, Example.Critique, Example.RevisionRequest, Example.Revision];
    }

    /// <summary>An example as published. Four of Anthropic's five end with a dangling `\n\nHuman:`; it is kept.</summary>
    public sealed record Verbatim(string Published) : CritiqueShot
    {
        public override string Text(bool direct)
        {
            if (!direct)
                return Published;
            var from = Published.IndexOf("\n\nCritiqueRequest:", StringComparison.Ordinal);
            var to = Published.IndexOf("\n\nRevisionRequest:", StringComparison.Ordinal);
            return from >= 0 && to > from ? Published.Remove(from, to - from) : Published;
        }

        internal override IEnumerable<string?> Parts => ["verbatim", Published];
    }
}
