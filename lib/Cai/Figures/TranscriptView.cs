using System.Text;
using Cai.Text;

namespace Cai.Figures;

/// <summary>A conversation, or a chain of critiques and revisions with what each revision changed.</summary>
[TypeFormatterSource(typeof(HtmlFormatters), PreferredMimeTypes = [Mime.Html, Mime.Plain])]
public sealed class TranscriptView : IRichOutput
{
    private const int LongestRun = 20_000;

    private readonly List<Block> blocks = [];

    private TranscriptView()
    {
    }

    /// <summary>Shown above.</summary>
    public string Title { get; init; } = "";

    /// <summary>A conversation as it stands.</summary>
    public static TranscriptView Of(Dialogue dialogue, string title = "")
    {
        var view = new TranscriptView { Title = title };
        view.AddTurns(dialogue);
        return view;
    }

    /// <summary>
    /// The revisions of one prompt: prompt, first response, then for every round the principle, the critique and the revision with its changes marked.
    /// </summary>
    /// <param name="chain">Revisions of one prompt, in any order of rounds.</param>
    /// <param name="principle">Text of a principle by its id; by default the id is shown.</param>
    public static TranscriptView Of(IEnumerable<Revision> chain, Func<string, string>? principle = null, string title = "")
    {
        var view = new TranscriptView { Title = title };
        foreach (var (i, revision) in chain.OrderBy(r => r.Round).Index())
        {
            if (i == 0)
            {
                view.AddTurns(revision.Prompt);
                view.blocks.Add(new Block("Response", "#D55E00", [new DiffRun(DiffKind.Same, revision.Before)]));
            }
            view.Add($"Principle {revision.Round}", "#777777", principle?.Invoke(revision.PrincipleId) ?? revision.PrincipleId);
            if (revision.Critique is not null)
                view.Add($"Critique {revision.Round}", "#CC79A7", revision.Critique);
            view.blocks.Add(new Block($"Revision {revision.Round}", "#009E73", WordDiff.Compare(revision.Before, revision.After)));
        }
        return view;
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object> MimeBundle() => new Dictionary<string, object> { [Mime.Html] = ToHtml(), [Mime.Plain] = ToText() };

    /// <summary>One block a turn; removed words as [-…-], added ones as {+…+}.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        if (Title.Length > 0)
            text.Append(SafeText.Paragraph(Title)).Append("\n\n");
        foreach (var block in blocks)
        {
            text.Append(block.Label).Append(": ");
            foreach (var run in block.Runs.Select(Cut))
                text.Append(run.Kind switch
                {
                    DiffKind.Removed => Marked("[-", run.Text, "-]"),
                    DiffKind.Added => Marked("{+", run.Text, "+}"),
                    _ => SafeText.Plain(run.Text),
                });
            text.Append("\n\n");
        }
        return text.ToString().TrimEnd();
    }

    /// <summary>The same as HTML, all text encoded.</summary>
    public string ToHtml()
    {
        var html = new StringBuilder("<div style=\"font-size:13px;line-height:1.45;max-width:780px;overflow-wrap:anywhere\">");
        if (Title.Length > 0)
            html.Append("<div style=\"font-weight:600;margin-bottom:6px\">").Append(SafeText.Html(SafeText.Paragraph(Title))).Append("</div>");
        foreach (var block in blocks)
        {
            html.Append(
                $"<div style=\"border-left:3px solid {block.Color};padding:2px 0 2px 10px;margin:6px 0\"><span style=\"color:{block.Color};font-weight:600\">")
                .Append(SafeText.Html(block.Label)).Append("</span><div dir=\"auto\">");
            foreach (var run in block.Runs.Select(Cut))
                html.Append(run.Kind switch
                {
                    DiffKind.Removed => $"<del style=\"background:#fbe3d6;color:#8a3c00\">{SafeText.Html(run.Text)}</del>",
                    DiffKind.Added => $"<ins style=\"background:#d7f0e6;color:#00513a;text-decoration:none\">{SafeText.Html(run.Text)}</ins>",
                    _ => SafeText.Html(run.Text),
                });
            html.Append("</div></div>");
        }
        return html.Append("</div>").ToString();
    }

    private static DiffRun Cut(DiffRun run) => run with { Text = SafeText.Cut(run.Text, LongestRun) };

    private static string Marked(string open, string text, string close)
    {
        // The blank after a run stands outside its marks.
        var words = text.TrimEnd();
        return open + SafeText.Plain(words) + close + SafeText.Plain(text[words.Length..]);
    }

    private void AddTurns(Dialogue dialogue)
    {
        foreach (var turn in dialogue.Turns)
            Add(turn.Role.ToString(), turn.Role == Role.Assistant ? "#D55E00" : "#0072B2", turn.Text);
    }

    private void Add(string label, string color, string text) => blocks.Add(new Block(label, color, [new DiffRun(DiffKind.Same, text)]));

    private sealed record Block(string Label, string Color, IReadOnlyList<DiffRun> Runs);
}
