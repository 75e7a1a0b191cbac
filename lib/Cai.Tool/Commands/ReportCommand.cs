using System.CommandLine;
using Cai.Tool.Report;

namespace Cai.Tool.Commands;

/// <summary>`cai report`: writes the page and the sheet of figures again.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var results = CommonOptions.Out();
        var command = new Command("report", """
            Writes out/index.html and out/figures.png again from the executed notebooks in out/notebooks/ and from out/claims.json.

            Example:  cai report --out out
            """) { results };
        command.SetAction(parsed =>
        {
            var folder = Repository.FolderOr(parsed.GetValue(results), "out");
            if (!Directory.Exists(Path.Combine(folder, "notebooks")))
                throw new CaiException(
                    "There are no executed notebooks here.", "Run cai reproduce first, or name the folder with --out.", Path.Combine(folder, "notebooks"));
            Console.WriteLine(ReportPage.Write(folder));
            if (FigureSheet.Write(folder) is { } sheet)
                Console.WriteLine(sheet);
            return 0;
        });
        return command;
    }
}
