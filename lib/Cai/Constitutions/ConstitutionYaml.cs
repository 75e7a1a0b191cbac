using Cai.Text;

namespace Cai.Constitutions;

/// <summary>Reads the YAML shape of a constitution; `constitutions/harmlessness.yaml` explains every key in comments.</summary>
internal static class ConstitutionYaml
{
    public static Constitution Load(string path)
    {
        var root = YamlMap.Open(path, ["name", "description", "critique", "comparison", "examples"]);
        var critique = root?.List("critique", ["id", "critique_request", "revision_request"]) ?? [];
        var comparison = root?.List("comparison", ["id", "principle"]) ?? [];
        if (root is null || critique.Count + comparison.Count == 0)
            throw new CaiException("The constitution is empty: it has no principles.", "Add at least one entry under `critique:` or `comparison:`.", path);

        RefuseDuplicates(critique);
        RefuseDuplicates(comparison);
        var constitution = new Constitution(
            root.Text("name"),
            root.TextOrNull("description") ?? "",
            [.. critique.Select(m => new CritiquePrinciple(m.Text("id"), m.Text("critique_request"), m.Text("revision_request")))],
            [.. comparison.Select(m => new ComparisonPrinciple(m.Text("id"), m.Text("principle")))]);

        var examples = root.MapOrNull("examples", ["critique", "comparison"]);
        return constitution with
        {
            CritiqueExamples =
                [.. (examples?.List("critique", ["human", "assistant", "critique", "revision", "principle", "critique_request", "revision_request"]) ?? [])
                    .Select(m => Critique(m, constitution))],
            ComparisonExamples = [.. (examples?.List("comparison", ["human", "better", "worse", "principle", "reasoning", "answer"]) ?? [])
                .Select(m => Comparison(m, constitution))],
        };
    }

    private static CritiqueShot Critique(YamlMap map, Constitution constitution)
    {
        var principle = Known(map, constitution.Critique);
        if (principle is not null && (map.TextOrNull("critique_request") ?? map.TextOrNull("revision_request")) is not null)
            throw map.Error("principle", "stands beside requests of the example's own.",
                "Keep either `principle` or both `critique_request` and `revision_request`.");
        return new CritiqueShot.Worked(
            new CritiqueExample(
                map.Text("human"), map.Text("assistant"),
                principle?.CritiqueRequest ?? map.Text("critique_request"), map.Text("critique"),
                principle?.RevisionRequest ?? map.Text("revision_request"), map.Text("revision")),
            principle?.Id);
    }

    private static ComparisonShot Comparison(YamlMap map, Constitution constitution)
    {
        var reasoning = map.TextOrNull("reasoning");
        bool? betterIsA = map.TextOrNull("answer") switch
        {
            null => null,
            "A" => true,
            "B" => false,
            var other =>
                throw map.Error("answer", $"is '{other}'; it must be A or B.", "Give the letter under which the better response is shown, or remove the key."),
        };
        if (betterIsA is null && reasoning is not null && (reasoning.Contains("(A)") || reasoning.Contains("(B)")))
            throw map.Error("reasoning", "names (A) or (B), but the order of the options is drawn.",
                $"Write {ComparisonShot.BetterLetter} and {ComparisonShot.WorseLetter} instead, or fix the order with `answer: A` or `answer: B`.");
        return new ComparisonShot.Worked(Dialogue.Ask(map.Text("human")), map.Text("better"), map.Text("worse"), Known(map, constitution.Comparison),
            reasoning, betterIsA);
    }

    private static T? Known<T>(YamlMap map, IReadOnlyList<T> principles) where T : Principle =>
        map.TextOrNull("principle") is not { } id
            ? null
            : principles.FirstOrDefault(p => p.Id == id)
                ?? throw map.Error("principle", $"'{id}' is not the id of a principle above.", NearNames.Hint(id, principles.Select(p => p.Id)));

    private static void RefuseDuplicates(IReadOnlyList<YamlMap> list)
    {
        var seen = new HashSet<string>();
        foreach (var map in list)
            if (!seen.Add(map.Text("id")))
                throw map.Error("id", $"'{map.Text("id")}' is used twice.", "Give each principle of a list an id of its own.");
    }
}
