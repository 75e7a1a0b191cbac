using Cai.Figures;

namespace Cai.Reproduction;

/// <summary>The front of Fig 2: through the models that no other beats on both axes.</summary>
public static class ParetoFront
{
    /// <summary>As in the legend.</summary>
    public const string Name = "Pareto front";

    /// <summary>A dashed grey line through the points that no other is right of and above, from left to right; nothing through fewer than two.</summary>
    public static IReadOnlyList<Series> Of(IReadOnlyList<DataPoint> points)
    {
        var best = points.Where(p => !points.Any(q => q.X >= p.X && q.Y >= p.Y && (q.X > p.X || q.Y > p.Y)))
            .Select(p => new DataPoint(p.X, p.Y)).Distinct().OrderBy(p => p.X).ToList();
        return best.Count < 2 ? [] : [new LineSeries(Name, best) { Dashed = true, Markers = false, Neutral = true }];
    }
}
