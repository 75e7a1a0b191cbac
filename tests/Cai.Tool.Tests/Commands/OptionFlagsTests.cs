using System.CommandLine;
using System.Text.Json.Nodes;
using Cai.Feedback;
using Cai.Reinforcement;
using Cai.Reproduction;
using Cai.Storage;
using Cai.Text;
using Cai.Tool.Commands;
using Xunit;

namespace Cai.Tool.Tests.Commands;

/// <summary>A stage command without flags has its recipe's settings, and each setting has a flag of its own.</summary>
public sealed class OptionFlagsTests
{
    private static readonly string[] OfCommand = ["seed", "tuning"]; // --seed and the flags of TuningFlags

    /// <summary>What to give where a value of the option's type does not do.</summary>
    private static readonly Dictionary<string, string[]> Spelt = new()
    {
        ["--principles"] = ["average:2"], ["--clamp"] = ["0.3,0.7"], ["--axis"] = ["helpful"], ["--few-shot"] = ["3"], ["--example-draws"] = ["3"],
        ["--snapshot-every"] = ["7"], ["--kind"] = ["hard"], // cot has a recipe of its own: its temperature is another
        ["--stops"] = [@"\nHuman:", "end"], ["--axis-weights"] = ["harmless=2", "helpful=0.5"],
    };

    [Fact]
    public void EachSettingOfPpoHasAFlag() => Holds(PpoFlags.Create(), seed => Recipes.Ppo(Scale.Quick, seed));

    [Fact]
    public void EachSettingOfPreferenceModelsHasAFlag() => Holds(PreferenceFlags.Create(), Recipes.Preference);

    [Fact]
    public void EachSettingOfSupervisedTrainingHasAFlag() => Holds(SupervisedFlags.Create(), Recipes.Supervised);

    [Fact]
    public void EachSettingOfLabelsHasAFlag() => Holds(LabelFlags.Create(), seed => Recipes.Labels(LabelKind.Soft, seed));

    [Fact]
    public void NoneIsNull()
    {
        Assert.Null(Read(PpoFlags.Create(), "--snapshot-every", "none").SnapshotEvery);
        Assert.Null(Read(PpoFlags.Create(), "--stops", "none").Stops);
        Assert.Null(Read(LabelFlags.Create(), "--few-shot", "none").FewShot);
        Assert.Null(Read(LabelFlags.Create(), "--clamp", "none").Clamp);
    }

    [Fact]
    public void ValuesAreReadAsSpelt()
    {
        Assert.Equal(["\nHuman:", "end"], Read(PpoFlags.Create(), "--stops", @"\nHuman:", "end").Stops!);
        Assert.Equal(2, Read(PreferenceFlags.Create("pm-"), "--pm-axis-weights", "harmless=2").AxisWeights["harmless"]);
        Assert.Equal(MissingEos.Subtract, Read(PpoFlags.Create(), "--missing-eos-rule", "subtract").MissingEos);
        Assert.Equal(new ClampRange(0.3, 0.7), Read(LabelFlags.Create(), "--clamp", "0.3,0.7").Clamp);
        Assert.Equal(LabelKind.ChainOfThought, Read(LabelFlags.Create(), "--max-tokens", "9", "--kind", "cot").Kind);
    }

    [Theory]
    [InlineData(0, "--kind", "cot")]
    [InlineData(1, "--kind", "cot", "--cot-samples", "5")] // five of the likeliest chain would be one
    [InlineData(0.7, "--cot-samples", "5", "--temperature", "0.7", "--kind", "cot")]
    [InlineData(0, "--kind", "cot", "--cot-samples", "1")]
    public void OneChainOfThoughtIsTheLikeliestAndSeveralAreSampled(double temperature, params string[] args) =>
        Assert.Equal(temperature, Read(LabelFlags.Create(), args).Temperature);

    [Theory]
    [InlineData("--iterations is 0; at least 1 was expected", "--iterations", "0")]
    [InlineData("--snapshot-every is 0; at least 1 was expected", "--snapshot-every", "0")]
    [InlineData("--snapshot-every is 'often'", "--snapshot-every", "often")]
    public void WhatCannotBeIsNamed(string says, params string[] args) =>
        Assert.Contains(says, Assert.Throws<CaiException>(() => Read(PpoFlags.Create(), args)).Message);

    [Fact]
    public void AWeightThatIsNoneIsNamed() =>
        Assert.Contains("'harmless' is no weight", Assert.Throws<CaiException>(() => Read(PreferenceFlags.Create(), "--axis-weights", "harmless")).Message);

    private static T Read<T>(OptionFlags<T> flags, params string[] args) => Read(flags, 1, args);

    private static T Read<T>(OptionFlags<T> flags, long seed, params string[] args)
    {
        var command = new Command("test");
        flags.AddTo(command);
        var parsed = command.Parse(args);
        Assert.Empty(parsed.Errors);
        return flags.Read(parsed, seed);
    }

    private static void Holds<T>(OptionFlags<T> flags, Func<long, T> recipe) where T : notnull
    {
        var standard = Leaves(recipe(5));
        Assert.Equal(standard, Leaves(Read(flags, 5)));
        var changed = new List<string>();
        foreach (var option in flags.Options)
        {
            var found = Leaves(Read(flags, 5, [option.Name, .. Other(option)]));
            var differ = standard.Keys.Union(found.Keys).Where(key => standard.GetValueOrDefault(key) != found.GetValueOrDefault(key)).ToList();
            Assert.True(differ.Count == 1, $"{option.Name} changes {differ.Count} settings: {string.Join(", ", differ)}");
            changed.Add(differ[0]);
        }
        Assert.Equal(changed.Count, changed.Distinct().Count());
        Assert.Equal(Settings(typeof(T)).Except(OfCommand).Order(StringComparer.Ordinal), changed.Order(StringComparer.Ordinal));
    }

    /// <summary>Names of all settable properties; those of AdamW stand for themselves.</summary>
    private static IEnumerable<string> Settings(Type type, string prefix = "") =>
        type.GetProperties().Where(p => p.SetMethod is { IsPublic: true }).SelectMany(p =>
        p.PropertyType == typeof(Torch.AdamWOptions) ? Settings(p.PropertyType, Camel(p.Name) + ".") : [prefix + Camel(p.Name)]);

    /// <summary>The values of a record by the names of <see cref="Settings"/>.</summary>
    private static Dictionary<string, string> Leaves(object record, string prefix = "")
    {
        var leaves = new Dictionary<string, string>();
        foreach (var property in record.GetType().GetProperties().Where(p => p.SetMethod is { IsPublic: true }))
        {
            var (name, value) = (prefix + Camel(property.Name), property.GetValue(record));
            if (value is Torch.AdamWOptions inner)
                foreach (var (key, leaf) in Leaves(inner, name + "."))
                    leaves[key] = leaf;
            else
                leaves[name] = value is null ? "null" : JsonNode.Parse(CaiJson.Write(value))!.ToJsonString();
        }
        return leaves;
    }

    /// <summary>A value that is not the default.</summary>
    private static string[] Other(Option option)
    {
        if (Spelt.TryGetValue(option.Name, out var spelt))
            return spelt;
        var standard = option.GetDefaultValue();
        return standard switch
        {
            bool on => [on ? "false" : "true"],
            int or long => [$"{Convert.ToInt64(standard, null) + 1}"],
            double number => [(number / 2 + 0.015).ToString("R")],
            string name => [option.GetCompletions(System.CommandLine.Completions.CompletionContext.Empty).Select(c => c.Label).First(label => label != name)],
            _ => throw new InvalidOperationException($"{option.Name} has no other value here."),
        };
    }

    private static string Camel(string name) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(name);
}
