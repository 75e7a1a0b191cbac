using System.CommandLine;
using System.CommandLine.Help;

namespace Cai.Tool.Commands;

/// <summary>All commands, in the order in which `cai --help` lists them. A new command is a file beside this one and a line here.</summary>
internal static class CommandSet
{
    public static Command Root()
    {
        // A plain Command, not RootCommand: that one shows the name of the executable file, and ours is Cai.Tool.
        var root = new Command("cai", """
            Reproduces Constitutional AI (Bai et al. 2022) on this computer: critiques and revisions, SL-CAI, AI feedback, preference model, RL-CAI.

            Begin with:  cai reproduce
            Exit codes:  0 done, 1 a cell or check failed, 2 bad input, 130 stopped with Ctrl-C
            """)
        {
            ReproduceCommand.Create(),
            RunCommand.Create(),
            ClaimCommand.Create(),
            KernelCommand.Create(),
            PromptsCommand.Create(),
            SampleCommand.Create(),
            CritiqueCommand.Create(),
            FinetuneCommand.Create(),
            LabelCommand.Create(),
            TrainPmCommand.Create(),
            PpoCommand.Create(),
            EvaluateCommand.Create(),
            ConvertCommand.Create(),
            ExportCommand.Create(),
            ServeCommand.Create(),
            ChatCommand.Create(),
            MiniatureCommand.Create(),
            ReportCommand.Create(),
            DoctorCommand.Create(),
        };
        root.Options.Add(new HelpOption { Recursive = true });
        root.Options.Add(new VersionOption());
        root.Options.Add(CommonOptions.Verbose);
        root.SetAction(parsed => new HelpAction().Invoke(parsed));
        return root;
    }
}
