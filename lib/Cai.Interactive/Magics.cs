using Cai.Evaluation;
using Cai.Figures;
using Cai.Generation;
using Cai.Reproduction;
using Cai.Text;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.Directives;

namespace Cai.Interactive;

/// <summary>`#!cai sample` of .NET Interactive, with what stood behind it.</summary>
public sealed class SampleMagic : KernelCommand
{
    /// <summary>What the human says.</summary>
    public string Prompt { get; set; } = "";

    /// <summary>A model folder in Hugging Face's format; empty for the helpful-only model of the notebooks.</summary>
    public string Model { get; set; } = "";
}

/// <summary>`#!cai claims` of .NET Interactive.</summary>
public sealed class ClaimsMagic : KernelCommand;

/// <summary>The lines that begin with `#!cai`.</summary>
internal static class Magics
{
    private const string Name = "#!cai";
    private const int Answers = 3;

    /// <summary>Adds them to all kernels; false when they are there.</summary>
    public static bool AddTo(Kernel root)
    {
        if (root.KernelInfo.SupportedDirectives.Any(directive => directive.Name == Name))
            return false;
        var sample = new KernelActionDirective("sample")
        {
            Description = "Lets a model answer a prompt a few times",
            KernelCommandType = typeof(SampleMagic),
            Parameters =
            {
                new KernelDirectiveParameter("--prompt", "What the human says, in quotation marks") { AllowImplicitName = true, Required = true },
                new KernelDirectiveParameter("--model", "A model folder; by default the helpful-only model of the notebooks"),
            },
        };
        var claims = new KernelActionDirective("claims")
        {
            Description = "Shows the claims that the notebooks have measured so far",
            KernelCommandType = typeof(ClaimsMagic),
        };
        var cai = new KernelActionDirective(Name) { Description = "Constitutional AI: #!cai sample \"…\", #!cai claims", Subcommands = { sample, claims } };
        root.KernelInfo.SupportedDirectives.Add(cai);
        root.AddDirective<SampleMagic>(sample, async (command, context) => context.Display(await SampleAsync(command)));
        root.AddDirective<ClaimsMagic>(claims, (_, context) =>
        {
            context.Display(MeasuredClaims());
            return Task.CompletedTask;
        });
        return true;
    }

    private static async Task<Table> SampleAsync(SampleMagic asked)
    {
        using var pipeline = Pipeline.Open(model: asked.Model, context: RunContext.None);
        var model = pipeline.Load(pipeline.Helpful);
        var prompt = HhFormat.Instance.Prompt(Dialogue.Ask(asked.Prompt));
        var answers = await model.SampleAsync([.. Enumerable.Range(0, Answers).Select(i => new SampleRequest($"cell/{i}", prompt))],
            new SampleOptions { MaxTokens = Recipes.MaxTokens, Seed = pipeline.Seed, Stops = CritiqueLayout.Stops });
        return Table.Of(answers,
            new("answer", a => a.Text.Trim()), new("log P", a => a.LogProbs.Sum(l => (double)l), "0.0"), new("tokens", a => a.TokenIds.Count));
    }

    private static ClaimsTable MeasuredClaims()
    {
        using var pipeline = Pipeline.Open(context: RunContext.None);
        return new ClaimsTable(Claims.Load(Path.Combine(pipeline.Out, "claims.json")).All);
    }
}
