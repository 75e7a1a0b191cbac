using Cai.Tool.Commands;

namespace Cai.Tool;

/// <summary>The `cai` command. Exit codes: 0 done, 1 a cell, check or step failed, 2 bad input, 130 stopped by the user.</summary>
public static class Program
{
    public static Task<int> Main(string[] args) => SafeWriter.DuringAsync(() => CommandFrame.RunAsync(CommandSet.Root(), args));
}
