namespace Cai.Torch;

/// <summary>How the learning rate changes over a run.</summary>
public enum Schedule
{
    /// <summary>The same throughout (paper 3.2: supervised fine-tuning).</summary>
    Constant,

    /// <summary>Falls to zero in a straight line (OpenAI's lm-human-preferences: preference model and PPO).</summary>
    Linear,

    /// <summary>Falls to a tenth along half a cosine (usual for pretraining).</summary>
    Cosine,
}

/// <summary>Learning rates by schedule.</summary>
public static class LearningRate
{
    /// <summary>The rate of one step.</summary>
    /// <param name="progress">Share of the run that is done before this step, 0 to 1.</param>
    /// <param name="step">Steps done before this one.</param>
    /// <param name="warmupSteps">The rate rises in a straight line over this many steps first.</param>
    public static double At(Schedule schedule, double peak, double progress, long step, int warmupSteps = 0)
    {
        progress = Math.Clamp(progress, 0, 1);
        var decay = schedule switch
        {
            Schedule.Linear => 1 - progress,
            Schedule.Cosine => 0.1 + 0.9 * 0.5 * (1 + Math.Cos(Math.PI * progress)),
            _ => 1,
        };
        return peak * decay * (step < warmupSteps ? (step + 1.0) / warmupSteps : 1);
    }
}
