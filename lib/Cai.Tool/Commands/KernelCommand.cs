using System.CommandLine;
using System.Diagnostics;
using Cai.Tool.Kernel;
using Cai.Tool.Notebooks;

namespace Cai.Tool.Commands;

/// <summary>`cai kernel`: C# in Jupyter and VS Code.</summary>
internal static class KernelCommand
{
    private static readonly TimeSpan ParentCheck = TimeSpan.FromSeconds(2);

    public static Command Create() => new("kernel", """
        A Jupyter kernel for C# with this library: completion, figures, progress, interrupts. The notebooks work in Jupyter
        and VS Code once it is installed; Jupyter starts it.

        Example:  cai kernel install
                  jupyter notebook notebooks
        """) { Install(), Run() };

    private static Command Install()
    {
        var name = new Option<string?>("--name")
        {
            Description = $"Name of the kernel. Default: {KernelSpec.DefaultName}, and {KernelSpec.NotebookName}, which the notebooks ask for, "
                + "unless another kernel has it.",
            HelpName = "NAME",
        };
        var user = new Option<bool>("--user") { Description = "Install for this user; the default." };
        var prefix = new Option<string?>("--prefix")
        {
            Description = "Install into DIR/share/jupyter, for example /usr/local or a virtual environment.",
            HelpName = "DIR",
        };
        var command = new Command("install", """
            Tells Jupyter where the kernel is: writes kernels/NAME/kernel.json, which points at this build.

            Example:  cai kernel install
                      cai kernel install --name .net-csharp --prefix ~/venv
            """) { name, user, prefix };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(user) && parsed.GetValue(prefix) is not null)
                throw new CaiException("--user and --prefix say two different places.", "Give one of them.");
            var folder = parsed.GetValue(prefix) is { } given ? Path.Combine(Path.GetFullPath(given), "share", "jupyter") : KernelSpec.UserFolder();
            string[] names = parsed.GetValue(name) is { } wanted ? [wanted]
                : KernelSpec.IsForeign(folder, KernelSpec.NotebookName) ? [KernelSpec.DefaultName]
                : [KernelSpec.DefaultName, KernelSpec.NotebookName];
            foreach (var one in names)
                Console.WriteLine(KernelSpec.Install(folder, one));
            return 0;
        });
        return command;
    }

    private static Command Run()
    {
        var file = new Argument<string>("CONNECTION_FILE") { Description = "The file that Jupyter writes: addresses and key." };
        var command = new Command("run", """
            Serves one notebook; Jupyter runs this, you need not.

            Example:  cai kernel run ~/.local/share/jupyter/runtime/kernel-1.json
            """) { file };
        command.SetAction((parsed, cancel) => ServeAsync(ConnectionFile.Load(parsed.GetValue(file)!), cancel));
        return command;
    }

    private static async Task<int> ServeAsync(ConnectionFile connection, CancellationToken cancel)
    {
        using var orphaned = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var watch = new Timer(_ =>
        {
            if (ParentIsGone())
                orphaned.Cancel();
        }, null, ParentCheck, ParentCheck);
        using (var server = new KernelServer(connection, new HostReferences(), Environment.CurrentDirectory))
            await server.RunAsync(orphaned.Token);
        // A cell that was left in native code must neither keep the process nor end it otherwise.
        Leaving.WithoutUnwinding(0);
        Environment.Exit(0);
        return 0;
    }

    // Jupyter says who started the kernel; without it nobody would ever shut the kernel down.
    private static bool ParentIsGone()
    {
        if (OperatingSystem.IsWindows() || !int.TryParse(Environment.GetEnvironmentVariable("JPY_PARENT_PID"), out var parent))
            return false;
        try
        {
            using var process = Process.GetProcessById(parent);
            return process.HasExited;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }
}
