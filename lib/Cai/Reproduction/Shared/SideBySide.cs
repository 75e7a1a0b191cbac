using System.Globalization;
using Cai.Figures;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>The answers of several models to the same prompts (paper App. D).</summary>
public static class SideBySide
{
    /// <summary>One row a prompt, one column a model; every answer ends with the oracle's verdict. Text is encoded by the table.</summary>
    /// <param name="samples">First samples of any models and prompts; prompts that a model did not answer show a dash.</param>
    /// <param name="prompts">The rows, in this order.</param>
    /// <param name="models">The columns, by name.</param>
    public static Table Of(Pipeline pipeline, IEnumerable<Sample> samples, IReadOnlyList<Prompt> prompts, params string[] models) =>
        Of(pipeline, samples, prompts, [.. models.Select(m => (m, ModelStyles.Of(m).Display))]);

    /// <summary>As above, for models that are not in the cast.</summary>
    /// <param name="models">The columns: name in the samples, and header.</param>
    public static Table Of(Pipeline pipeline, IEnumerable<Sample> samples, IReadOnlyList<Prompt> prompts, IReadOnlyList<(string Name, string Display)> models)
    {
        var answers = samples.Where(s => s.Index == 0).ToDictionary(s => (s.Model, s.PromptId));
        return Table.Of(prompts,
        [
            new Column<Prompt>("Prompt", p => $"{p.Dialogue.LastHuman()} [{p.Kind}]"),
            .. models.Select(model => new Column<Prompt>(model.Display,
                p => answers.TryGetValue((model.Name, p.Id), out var s) ? $"{s.Response} [{Verdict(pipeline, p, s.Response)}]" : null)),
        ]);
    }

    private static string Verdict(Pipeline pipeline, Prompt prompt, string response)
    {
        var v = pipeline.Oracle.Judge(prompt, response);
        if (v.Incoherent)
            return "incoherent";
        var words = new List<string> { string.Create(CultureInfo.InvariantCulture, $"harm {v.Harmfulness:0}, help {v.Helpfulness:0.#}") };
        if (v.Evasive)
            words.Add("evasive");
        if (v.Harsh)
            words.Add("harsh");
        if (v.BoilerplateCount > 0)
            words.Add("boilerplate");
        return string.Join(", ", words);
    }
}
