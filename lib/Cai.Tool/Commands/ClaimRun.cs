using System.Reflection;
using Cai.Evaluation;
using Cai.Reproduction;

namespace Cai.Tool.Commands;

/// <summary>Measures one claim without its notebook.</summary>
internal static class ClaimRun
{
    /// <summary>Runs the claim's study in the pipeline that the environment describes, over its seeds; claims.json then has all the study's claims.</summary>
    /// <exception cref="CaiException">Its study cannot be run alone.</exception>
    public static async Task<Claim> MeasureAsync(ClaimBook book, ClaimDefinition claim, CancellationToken cancel)
    {
        var study = Study(claim) ?? throw new CaiException(
            $"{claim.Study} cannot be run alone.", $"Run its notebook: cai run notebooks/{claim.Notebook}.ipynb.", $"data/paper/claims.yaml: {claim.Id}");
        using var line = ProgressLine.Start(claim.Study, "steps");
        using var pipeline = Pipeline.Open(context: new RunContext(line, () => cancel));
        var measure = typeof(ClaimRun).GetMethod(nameof(MeasureStudyAsync), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(study);
        var all = await (Task<IReadOnlyList<Claim>>)measure.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [pipeline, book, cancel], null)!;
        return all.FirstOrDefault(found => found.Id == claim.Id)
            ?? throw new CaiException($"{claim.Study} did not measure it.", "Let its Measure yield the claim.", $"data/paper/claims.yaml: {claim.Id}");
    }

    /// <summary>The class that measures a claim; null while it is none that can be run by itself.</summary>
    public static Type? Study(ClaimDefinition claim) => typeof(IStudy<>).Assembly.GetTypes().FirstOrDefault(type => type.Name == claim.Study
        && type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IStudy<>) && i.GenericTypeArguments[0] == type));

    private static async Task<IReadOnlyList<Claim>> MeasureStudyAsync<T>(Pipeline pipeline, ClaimBook book, CancellationToken cancel) where T : class, IStudy<T>
    {
        await pipeline.Studies.RunAsync<T>(cancel);
        return await pipeline.Studies.ClaimsAsync(book, cancel);
    }
}
