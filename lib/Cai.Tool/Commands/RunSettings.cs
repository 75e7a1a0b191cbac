using System.Globalization;

namespace Cai.Tool.Commands;

/// <summary>
/// What a notebook is told: how much to compute, from which seed, where to. Handed over in environment variables, so that
/// the same cells read the same settings in Jupyter, where nobody calls them with arguments.
/// </summary>
/// <param name="Seeds">How many seeds claims are measured with; null leaves it to the scale.</param>
/// <param name="Model">A model that takes the place of the miniature; null leaves it to the variable and the notebooks.</param>
internal sealed record RunSettings(string Scale, long Seed, int? Seeds, string Out, string? Model = null)
{
    /// <exception cref="CaiException">There would be no seed.</exception>
    public void Apply()
    {
        if (Seeds < 1)
            throw new CaiException($"Claims cannot be measured with {Seeds} seeds.", "Give 1 or more.", "--seeds");
        Environment.SetEnvironmentVariable("CAI_SCALE", Scale);
        Environment.SetEnvironmentVariable("CAI_SEED", Seed.ToString(CultureInfo.InvariantCulture));
        Environment.SetEnvironmentVariable("CAI_SEEDS", Seeds?.ToString(CultureInfo.InvariantCulture));
        Environment.SetEnvironmentVariable("CAI_OUT", Out);
        if (Model is not null)
            Environment.SetEnvironmentVariable("CAI_MODEL", Path.Exists(Model) ? Path.GetFullPath(Model) : Model);
    }
}
