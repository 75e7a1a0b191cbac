using Cai.Storage;

namespace Cai.Reproduction;

/// <summary>A policy as it was after some iterations of its run.</summary>
/// <param name="Iteration">Iterations done; 0 is the model that the run started from.</param>
/// <param name="Episodes">Responses that it had learned from.</param>
/// <param name="Model">Named `policy.iteration`, except the start and the finished policy, which keep their names.</param>
public sealed record TrajectoryPoint(long Iteration, double Episodes, ModelFolder Model);

/// <summary>A policy along its run of RL.</summary>
/// <param name="Policy">The arm's name.</param>
/// <param name="Points">The model that it started from, its snapshots, the finished policy.</param>
/// <param name="Rows">The run's metrics.jsonl, one row an iteration, in OpenAI's names.</param>
public sealed record PolicyTrajectory(string Policy, IReadOnlyList<TrajectoryPoint> Points, IReadOnlyList<MetricRow> Rows)
{
    /// <summary>What it started from; also its reference.</summary>
    public ModelFolder Start => Points[0].Model;

    /// <summary>The finished policy.</summary>
    public ModelFolder Model => Points[^1].Model;

    /// <summary>Responses that it learned from in all.</summary>
    public double Episodes => Points[^1].Episodes;

    /// <summary>The first snapshot after the start.</summary>
    public TrajectoryPoint First => Points[1];

    /// <summary>The snapshot nearest the middle of the run, the earlier of two; the finished policy when there is no other.</summary>
    public TrajectoryPoint Half => Points.Skip(1).MinBy(p => Math.Abs(p.Episodes - Episodes / 2))!;

    /// <summary>How it is called and drawn.</summary>
    public ModelStyle Style => ModelStyles.Of(Policy);
}
