using System.Globalization;

namespace Cai.Tool.Commands;

/// <summary>
/// What a notebook is told: how much to compute, from which seed, where to. Handed over in environment variables, so that
/// the same cells read the same settings in Jupyter, where nobody calls them with arguments.
/// </summary>
/// <param name="Seeds">How many seeds claims are measured with; null leaves it to the scale.</param>
internal sealed record RunSettings(string Scale, long Seed, int? Seeds, string Out)
{
    public void Apply()
    {
        Environment.SetEnvironmentVariable("CAI_SCALE", Scale);
        Environment.SetEnvironmentVariable("CAI_SEED", Seed.ToString(CultureInfo.InvariantCulture));
        Environment.SetEnvironmentVariable("CAI_SEEDS", Seeds?.ToString(CultureInfo.InvariantCulture));
        Environment.SetEnvironmentVariable("CAI_OUT", Out);
    }
}
