using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Cai.Tool.Commands;

/// <summary>
/// The settings of a record as options of a command, one entry a setting. A setting that is not given keeps the record's value, so a command without flags
/// has the record that it starts from.
/// </summary>
/// <param name="recipe">The record of a seed when nothing is given; --help names its values as defaults.</param>
/// <param name="prefix">Before each name, where two records share a command: `pm-`.</param>
internal sealed class OptionFlags<T>(Func<long, T> recipe, string prefix = "")
{
    /// <summary>What stands for null where a setting may be.</summary>
    public const string None = "none";

    private readonly T standard = recipe(0);
    private readonly List<(Option Option, Func<ParseResult, T, T> Set)> flags = [];

    /// <summary>In the order of --help.</summary>
    public IEnumerable<Option> Options => flags.Select(f => f.Option);

    public void AddTo(Command command)
    {
        foreach (var option in Options)
            command.Options.Add(option);
    }

    /// <summary>The recipe of this seed with what the user gave.</summary>
    /// <exception cref="CaiException">A value is none that the setting can have.</exception>
    public T Read(ParseResult parsed, long seed) => Read(parsed, recipe(seed));

    /// <summary>A record with what the user gave.</summary>
    /// <inheritdoc cref="Read(ParseResult, long)"/>
    public T Read(ParseResult parsed, T start) => flags.Where(f => IsGiven(parsed, f.Option)).Aggregate(start, (record, flag) => flag.Set(parsed, record));

    /// <summary>Names of the options that the user gave.</summary>
    public IEnumerable<string> Given(ParseResult parsed) => Options.Where(o => IsGiven(parsed, o)).Select(o => o.Name);

    /// <summary>A number, or any other value that the command line reads by its type.</summary>
    public OptionFlags<T> Number<V>(string name, Func<T, V> get, Func<T, V, T> set, string description) =>
        Add(StageOptions.Number(Name(name), get(standard), description), set);

    /// <summary>A number of things, at least one.</summary>
    public OptionFlags<T> Count(string name, Func<T, int> get, Func<T, int, T> set, string description) =>
        Number(name, get, (record, value) => set(record, AtLeastOne(name, value)), description);

    /// <summary>A number of things, at least one, or none.</summary>
    public OptionFlags<T> CountOrNone(string name, Func<T, int?> get, Func<T, int?, T> set, string description) =>
        WholeOrNone(name, get, (record, value) => set(record, value is { } count ? AtLeastOne(name, count) : null), description);

    /// <summary>A whole number, or none.</summary>
    public OptionFlags<T> WholeOrNone(string name, Func<T, int?> get, Func<T, int?, T> set, string description) => Text(name, $"N|{None}",
        record => get(record)?.ToString(CultureInfo.InvariantCulture) ?? None,
        (record, text) => set(record, text == None ? null : Whole(name, text)), description);

    /// <summary>On or off: `--name`, `--name false`.</summary>
    public OptionFlags<T> Switch(string name, Func<T, bool> get, Func<T, bool, T> set, string description)
    {
        var option = new Option<bool>(Name(name)) { Description = description, DefaultValueFactory = _ => get(standard) };
        if (get(standard))
            (option.HelpName, option.Description) = ("true|false", $"{description} [default: true]"); // --help has no defaults of switches
        return Add(option, set);
    }

    /// <summary>One of the values of an enumeration, spelt as in JSON.</summary>
    public OptionFlags<T> Choice<E>(string name, Func<T, E> get, Func<T, E, T> set, string description) where E : struct, Enum =>
        Choice(name, Enum.GetValues<E>().ToDictionary(value => JsonNamingPolicy.CamelCase.ConvertName(value.ToString())), get, set, description);

    /// <summary>One of some values by name.</summary>
    public OptionFlags<T> Choice<E>(string name, IReadOnlyDictionary<string, E> values, Func<T, E> get, Func<T, E, T> set, string description)
    {
        var standardName = values.First(pair => Equals(pair.Value, get(standard))).Key;
        var option = new Option<string>(Name(name)) { Description = description, DefaultValueFactory = _ => standardName };
        return Add(option.AcceptOnlyFromAmong([.. values.Keys]), (record, value) => set(record, values[value]));
    }

    /// <summary>A value that is spelt in a way of its own.</summary>
    /// <param name="show">The default as --help has it.</param>
    public OptionFlags<T> Text(string name, string helpName, Func<T, string> show, Func<T, string, T> set, string description) =>
        Add(new Option<string>(Name(name)) { Description = description, HelpName = helpName, DefaultValueFactory = _ => show(standard) }, set);

    /// <summary>Several values behind one name. The default is none of them.</summary>
    public OptionFlags<T> Words(string name, string helpName, Func<T, IReadOnlyList<string>, T> set, string description) =>
        Add(new Option<string[]>(Name(name)) { Description = description, HelpName = helpName, AllowMultipleArgumentsPerToken = true }, set);

    private OptionFlags<T> Add<V>(Option<V> option, Func<T, V, T> set)
    {
        flags.Add((option, (parsed, record) =>
        {
            try
            {
                return set(record, parsed.GetValue(option)!);
            }
            catch (CaiException e) when (e.Where is not null && !e.Where.StartsWith('-'))
            {
                throw new CaiException(e.Problem, e.Remedy, option.Name, e); // the user knows the option, not the property
            }
        }));
        return this;
    }

    private string Name(string name) => $"--{prefix}{name}";

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private int AtLeastOne(string name, int value) =>
        value >= 1 ? value : throw new CaiException($"{Name(name)} is {value}; at least 1 was expected.", "Leave it out to get the default.");

    private int Whole(string name, string text) => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value
        : throw new CaiException($"{Name(name)} is '{text}'.", $"Use a whole number, or {None}.");
}
