using System.CommandLine;
using Cai.Evaluation;
using Cai.Reproduction;
using Cai.Storage;

namespace Cai.Tool.Commands;

/// <summary>`cai claim`: what is claimed, where it is measured, and what was found.</summary>
internal static class ClaimCommand
{
    public static Command Create()
    {
        var id = new Argument<string?>("ID")
        {
            Description = "The claim, for example helpful-correct. Without it all claims are listed.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var run = new Option<bool>("--run") { Description = "Measure this claim's study now, alone, and store its claims in OUT/claims.json." };
        var json = new Option<bool>("--json") { Description = "Print JSON, for programs." };
        var flags = new RunFlags();
        var command = new Command("claim", """
            Shows a claim as data/paper/claims.yaml states it, where it is measured, and its last value.
            With --run the study that measures it runs alone, without its notebook; what an earlier run has done is reused.

            Example:  cai claim helpful-correct
                      cai claim helpful-correct --run --scale smoke
            """) { id, run, json };
        flags.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var (name, root) = (parsed.GetValue(id), Repository.TryRoot());
            var (book, places) = (ClaimBook.Load(), new ClaimPlaces(root));
            if (!parsed.GetValue(run))
            {
                var last = Last(parsed.GetValue(flags.Out) ?? (root is null ? null : Path.Combine(root, "out")));
                if (name is null)
                    List([.. book.All.Select(claim => ClaimView.Of(book, places, claim, last.GetValueOrDefault(claim.Id)))], parsed.GetValue(json));
                else
                    Show(ClaimView.Of(book, places, book[name], last.GetValueOrDefault(name)), parsed.GetValue(json));
                return 0;
            }
            var claim = book[name ?? throw new CaiException("--run measures one claim, and none is named.", "Name it; `cai claim` lists all.")];
            var settings = flags.Read(parsed);
            settings.Apply();
            return await StageRun.KeepAsync(settings.Out, async () =>
            {
                var found = await ClaimRun.MeasureAsync(book, claim, cancel);
                Show(ClaimView.Of(book, places, claim, found), parsed.GetValue(json));
            });
        });
        return command;
    }

    private static void Show(ClaimView claim, bool json) => Console.WriteLine(json ? CaiJson.Write(claim, indented: true) : claim.Text());

    private static void List(List<ClaimView> all, bool json)
    {
        if (json)
        {
            Console.WriteLine(CaiJson.Write(all, indented: true));
            return;
        }
        var width = Terminal.Output().Profile.Width;
        var (ids, notebooks) = (all.Max(claim => claim.Id.Length), all.Max(claim => claim.Notebook.Length));
        foreach (var claim in all)
            Console.WriteLine(ClaimView.Cut($"{claim.Id.PadRight(ids)}  {claim.Notebook.PadRight(notebooks)}  {claim.Verdict,-12}  {claim.Statement}", width));
    }

    private static Dictionary<string, Claim> Last(string? folder) =>
        folder is null ? [] : Claims.Load(Path.Combine(folder, "claims.json")).All.ToDictionary(claim => claim.Id);
}
