using System.Reflection;
using System.Text.RegularExpressions;
using Cai.Reinforcement;
using Cai.Tests.Constitutions;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Reinforcement;

/// <summary>The folder's README names metrics, options and tests; what it names must exist, and what is logged must be named.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string[] Lines = File.ReadAllLines(RepositoryFiles.Path("lib", "Cai", "Reinforcement", "README.md"));

    private static List<string[]> Rows(string heading) => Rows(Lines, heading);

    private static List<string[]> Rows(string[] lines, string heading) =>
    [
        .. lines.SkipWhile(l => l != "## " + heading).Skip(1).TakeWhile(l => !l.StartsWith("## ", StringComparison.Ordinal))
            .Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Skip(1).Select(l => l.Split('|')[1..^1]),
    ];

    private static IEnumerable<string> Names(string cell) => Quoted().Matches(cell).Select(m => m.Groups[1].Value);

    [Fact]
    public void EveryLoggedMetricIsExplainedAndNoOther()
    {
        set_num_threads(1);
        using var scope = NewDisposeScope();
        using var setup = new PpoSetup(PpoSetup.Options);
        using var rollout = setup.Trainer.Collect(PpoSetup.Prompts(8));
        using var step = setup.Trainer.Step(rollout);
        Assert.Equal(step.Metrics.Keys.Order(), Rows("Logged metrics").SelectMany(r => Names(r[0])).Order());
    }

    [Fact]
    public void EveryOptionNamedExists()
    {
        var options = typeof(PpoOptions).GetProperties().Select(p => p.Name).ToHashSet();
        Assert.All(Rows("Details that implementations disagree about").SelectMany(r => Names(r[2])), name => Assert.Contains(name, options));
    }

    [Fact]
    public void EveryTestNamedExistsAndAll33MistakesAreThere()
    {
        var rows = Rows("Mistakes of others, and what rules them out here");
        Assert.Equal(Enumerable.Range(1, 33), rows.Select(r => int.Parse(r[0], System.Globalization.CultureInfo.InvariantCulture)));
        var types = new[] { typeof(ReadmeTests).Assembly, typeof(PpoOptions).Assembly }.SelectMany(a => a.GetTypes()).ToLookup(t => t.Name);
        Assert.All(rows.SelectMany(r => Names(r[2])).Where(name => !name.Contains('/', StringComparison.Ordinal)), name =>
        {
            var parts = name.Split('.');
            Assert.True(parts.Length == 2 ? types[parts[0]].Any(t => Has(t, parts[1])) : types[name].Any()
                || types.Any(g => g.Any(t => t.Name.EndsWith("Tests", StringComparison.Ordinal) && Has(t, name))), name);
        });
    }

    [Theory]
    [InlineData("Critique")]
    [InlineData("Finetuning")]
    [InlineData("Feedback")]
    [InlineData("Preferences")]
    [InlineData("Reinforcement")]
    public void EveryFileOfAStageIsInItsReadingOrder(string stage)
    {
        var readme = RepositoryFiles.Path("lib", "Cai", stage, "README.md");
        var files = Directory.GetFiles(Path.GetDirectoryName(readme)!, "*.cs").Select(Path.GetFileName).Order();
        Assert.Equal(files, Rows(File.ReadAllLines(readme), "Files, in reading order").SelectMany(r => Names(r[0])).Order());
    }

    private static bool Has(Type type, string member) => type.GetMember(member, BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static).Length > 0;

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
