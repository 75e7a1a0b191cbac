using Cai.Critique;
using Cai.Reproduction;

namespace Cai.Tool.Commands;

/// <summary>The settings of critique and revision; without flags those of the reproduction.</summary>
internal static class CritiqueFlags
{
    public static OptionFlags<CritiqueOptions> Create() => new OptionFlags<CritiqueOptions>(seed => Recipes.Critique(Scale.Quick, seed))
        .Number("rounds", o => o.Rounds, (o, v) => o with { Rounds = v }, "Critique-revision steps of each prompt (paper: 4).")
        .Switch("direct", o => o.Direct, (o, v) => o with { Direct = v }, "Revise without a critique (paper 3.5).")
        .Text("principles", "drawn|fixed:ID", _ => PrincipleText.Drawn,
            (o, v) => o with { Principle = v == PrincipleText.Drawn ? null : PrincipleText.Parse(v, averages: false) },
            "drawn: one drawn for each step. fixed:ID: always that one.")
        .Words("principle", "ID", (o, v) => o with { PrincipleIds = v }, "Draw from these principles only. Default: from all.")
        .WholeOrNone("principles-each", o => o.PrinciplesEach, (o, v) => o with { PrinciplesEach = v },
            "Each prompt draws from so many of them only, drawn for the prompt; none: from all.")
        .WholeOrNone("few-shot", o => o.FewShot, (o, v) => o with { FewShot = v }, "Most worked examples before each query; none: all of the constitution's.")
        .Switch("examples-of-principle", o => o.ExamplesOfPrinciple, (o, v) => o with { ExamplesOfPrinciple = v },
            "Show only the examples of the principle that a step applies.")
        .Number("max-tokens", o => o.MaxTokens, (o, v) => o with { MaxTokens = v }, "Most tokens of an answer, a critique and a revision.")
        .Number("temperature", o => o.Temperature, (o, v) => o with { Temperature = v }, "Sampling temperature; 0 is greedy. The paper samples at 1.");
}
