using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cai.Constitutions;

/// <summary>
/// Which principles one critique or one label applies. Critiques apply one; a label may average the probabilities under several. A selector
/// of your own is a class with this one method: what it draws must come from <c>rng</c> alone, so that a result depends on nothing but its seed.
/// </summary>
[JsonConverter(typeof(PrincipleSelectorJson))]
public interface IPrincipleSelector
{
    /// <summary>The principles of one step.</summary>
    /// <param name="principles">Those of the constitution, never empty.</param>
    /// <param name="rng">Of this critique (seed, prompt, round) or this label (seed, pair).</param>
    /// <exception cref="CaiException">The principles are not such that it can choose.</exception>
    IReadOnlyList<T> Select<T>(IReadOnlyList<T> principles, Rng rng) where T : Principle;
}

/// <summary>The selectors that come with the kit.</summary>
public static class PrincipleSelector
{
    /// <summary>One principle a step, drawn uniformly (paper 3.1 and 4.1; what 4.3 calls ensembling over principles).</summary>
    public static IPrincipleSelector Drawn { get; } = new DrawnPrinciple();

    /// <summary>The same principle for every step.</summary>
    public static IPrincipleSelector Fixed(string id) => new FixedPrinciple(id);

    /// <summary>k different principles, drawn without replacement, whose probabilities a label averages (not in the paper).</summary>
    public static IPrincipleSelector Averaged(int k) => new AveragedPrinciples(k);
}

/// <inheritdoc cref="PrincipleSelector.Drawn"/>
public sealed record DrawnPrinciple : IPrincipleSelector
{
    public IReadOnlyList<T> Select<T>(IReadOnlyList<T> principles, Rng rng) where T : Principle => [rng.Pick(principles)];
}

/// <inheritdoc cref="PrincipleSelector.Fixed"/>
public sealed record FixedPrinciple(string Id) : IPrincipleSelector
{
    public IReadOnlyList<T> Select<T>(IReadOnlyList<T> principles, Rng rng) where T : Principle =>
        [principles.FirstOrDefault(p => p.Id == Id)
            ?? throw new CaiException($"There is no principle '{Id}'.", NearNames.Hint(Id, principles.Select(p => p.Id)))];
}

/// <inheritdoc cref="PrincipleSelector.Averaged"/>
public sealed record AveragedPrinciples(int Count) : IPrincipleSelector
{
    public IReadOnlyList<T> Select<T>(IReadOnlyList<T> principles, Rng rng) where T : Principle
    {
        if (Count < 1 || Count > principles.Count)
            throw new CaiException($"An average over {Count} principles was asked for, and there are {principles.Count}.",
                "Average over at least 1 and at most all of them.");
        var shuffled = principles.ToList();
        rng.Shuffle(shuffled);
        return [.. shuffled.Take(Count)];
    }
}

/// <summary>Spells a selector in configurations, and so in the names of runs: the kit's own by mode, others by type and settings.</summary>
internal sealed class PrincipleSelectorJson : JsonConverter<IPrincipleSelector>
{
    public override IPrincipleSelector Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var json = JsonDocument.ParseValue(ref reader);
        var root = json.RootElement;
        return Text("mode") switch
        {
            "drawn" => PrincipleSelector.Drawn,
            "fixed" when Text("id") is { } id => PrincipleSelector.Fixed(id),
            "averaged" when root.TryGetProperty("count", out var count) && count.ValueKind == JsonValueKind.Number && count.TryGetInt32(out var number) =>
                PrincipleSelector.Averaged(number),
            "fixed" or "averaged" => throw new JsonException("a selector of mode 'fixed' has an id, one of mode 'averaged' a count"),
            var other => throw new JsonException($"a selector of mode '{other}' can be written, not read"),
        };

        string? Text(string name) => root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    public override void Write(Utf8JsonWriter writer, IPrincipleSelector value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("mode", value switch { DrawnPrinciple => "drawn", FixedPrinciple => "fixed", AveragedPrinciples => "averaged", _ => "custom" });
        if (value is FixedPrinciple { Id: var id })
            writer.WriteString("id", id);
        if (value is DrawnPrinciple or FixedPrinciple or AveragedPrinciples)
        {
            writer.WriteNumber("count", value is AveragedPrinciples { Count: var count } ? count : 1);
        }
        else
        {
            writer.WriteString("type", value.GetType().FullName);
            writer.WritePropertyName("settings");
            JsonSerializer.Serialize(writer, (object)value, options);
        }
        writer.WriteEndObject();
    }
}
