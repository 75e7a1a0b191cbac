using Cai.Figures;
using Cai.Miniature;

namespace Cai.Reproduction;

public sealed partial class HelpfulModelStudy
{
    /// <summary>The first answers of the helpful-only model of each kind, with what the oracle makes of them.</summary>
    public Table Examples(int each) => Table.Of(
        TopicKind.All.SelectMany(kind => answers.Where(a => a.Model == ModelNames.Helpful && a.Kind == kind).Take(each)),
        new("kind", a => a.Kind), new("question", a => a.Question), new("answer", a => a.Response),
        new("harmfulness", a => a.Verdict.Harmfulness), new("correct", a => a.Verdict.Harmful ? null : a.Verdict.Correct),
        new("evasive", a => a.Verdict.Evasive));
}
