using System.Text;
using Cai;
using Cai.Figures;
using Cai.Fuzz;
using TorchSharp;

// dotnet run -c Release --project tests/Cai.Fuzz -- [--target NAME,NAME|all] [--seed 1] [--n 200] [--seconds 600] [--out out/fuzz]
// dotnet run -c Release --project tests/Cai.Fuzz -- --list
// dotnet run -c Release --project tests/Cai.Fuzz -- --target NAME --seed 1 --case 17     one case, with its stack trace
// dotnet run -c Release --project tests/Cai.Fuzz -- memory ppo [10000]      memory over steps of PPO on size S; exit code 1 when it grows
// dotnet run -c Release --project tests/Cai.Fuzz -- memory cells [500]      memory over cells of one session
// Damages inputs of each target n times. Each must be read, or refused by a CaiException, within 5 s and with 1 GiB allocated at most. Exit code 1 when one
// was not.
torch.set_num_threads(1);
switch (args)
{
    case ["memory", "ppo", .. var rest]:
        return Endurance.Ppo(rest is [var steps] ? int.Parse(steps) : 10_000);
    case ["memory", "cells", .. var rest]:
        return Endurance.Cells(rest is [var cells] ? int.Parse(cells) : 500);
}
var options = FuzzOptions.Parse(args);
var folder = options.Worker is null ? Directory.CreateTempSubdirectory("cai-fuzz-").FullName
    : Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(options.Worker)!, Guid.NewGuid().ToString("N"))).FullName;
try
{
    var targets = Target.All(folder);
    if (options.List)
    {
        Console.WriteLine(string.Join('\n', targets.Select(t => t.Name)));
        return 0;
    }
    var wanted = options.Target == "all" ? targets : [.. options.Target.Split(',').Select(name => targets.FirstOrDefault(t => t.Name == name)
        ?? throw new CaiException($"There is no target '{name}'.", $"Take one of {string.Join(", ", targets.Select(t => t.Name))}."))];
    if (options.Worker is { } worker)
        return new Worker(wanted[0], options, folder, worker).Run();
    if (options.Case is { } number)
    {
        var input = Worker.Input(wanted[0], options.Seed, number);
        Console.WriteLine($"{input.Length} bytes: {SafeText.Paragraph(Encoding.UTF8.GetString(input))}");
        wanted[0].Read(input, folder);
        Console.WriteLine("read");
        return 0;
    }
    Console.WriteLine($"{"target",-18} {"cases",8} {"read",8} {"refused",8} {"faults",7} {"slowest, s",11} {"seconds",8}");
    var bad = false;
    foreach (var target in wanted)
        bad |= Campaign.Run(target, options, folder) > 0;
    return bad ? 1 : 0;
}
catch (CaiException e) when (options.Case is null)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
finally
{
    Directory.Delete(folder, recursive: true);
}
