using static TorchSharp.torch;

namespace Cai.Reinforcement;

/// <summary>What one update saw, before it changed anything. Tensors are [batch, time], float32; rows outside the minibatch are 0.</summary>
public sealed record PpoTrace : IDisposable
{
    internal PpoTrace(long rows, long time, Device device)
    {
        Tensor Blank() => zeros([rows, time], device: device).DetachFromDisposeScope();
        (LogProbs, Ratio, Clipped, PolicyLoss, Entropy) = (Blank(), Blank(), Blank(), Blank(), Blank());
        (Values, ValueClipped, ValueLoss) = (Blank(), Blank(), Blank());
    }

    /// <summary>The policy's, as the update computes them.</summary>
    public Tensor LogProbs { get; }

    /// <summary>New over old probability.</summary>
    public Tensor Ratio { get; }

    /// <summary>1 where the clipped term of the policy loss is the larger, else 0.</summary>
    public Tensor Clipped { get; }

    /// <summary>The clipped policy loss.</summary>
    public Tensor PolicyLoss { get; }

    /// <summary>Entropy of the policy's distribution at each token, nats.</summary>
    public Tensor Entropy { get; }

    /// <summary>The critic's value of the state before each token.</summary>
    public Tensor Values { get; }

    /// <summary>1 where the clipped error of the value is the larger, else 0.</summary>
    public Tensor ValueClipped { get; }

    /// <summary>Half the larger squared error.</summary>
    public Tensor ValueLoss { get; }

    /// <summary>All tensors by name, for tables and plots.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => new Dictionary<string, Tensor>
    {
        ["log_probs"] = LogProbs, ["ratio"] = Ratio, ["clipped"] = Clipped, ["policy_loss"] = PolicyLoss, ["entropy"] = Entropy,
        ["values"] = Values, ["value_clipped"] = ValueClipped, ["value_loss"] = ValueLoss,
    };

    /// <summary>Puts the policy's results on a micro-batch, each [tokens], into their cells ([tokens], int64 index into batch · time).</summary>
    internal void SetPolicy(Tensor cells, Tensor logProbs, Tensor ratio, Tensor clipped, Tensor loss, Tensor entropy)
    {
        Put(LogProbs, cells, logProbs);
        Put(Ratio, cells, ratio);
        Put(Clipped, cells, clipped);
        Put(PolicyLoss, cells, loss);
        Put(Entropy, cells, entropy);
    }

    /// <summary>The same for the critic's results, each [values].</summary>
    internal void SetCritic(Tensor cells, Tensor values, Tensor clipped, Tensor loss)
    {
        Put(Values, cells, values);
        Put(ValueClipped, cells, clipped);
        Put(ValueLoss, cells, loss);
    }

    private static void Put(Tensor target, Tensor cells, Tensor flat)
    {
        using var scope = NewDisposeScope();
        target.flatten().index_copy_(0, cells, flat.detach().to(ScalarType.Float32));
    }

    public void Dispose()
    {
        foreach (var tensor in Tensors.Values)
            tensor.Dispose();
    }
}

/// <summary>One iteration's update.</summary>
/// <param name="Iteration">From 1.</param>
/// <param name="Metrics">OpenAI's names; update metrics are means over all epochs and minibatches.</param>
/// <param name="First">The first minibatch: every ratio is 1.</param>
/// <param name="Last">The last minibatch of the last epoch: the same object as <paramref name="First"/> when there is one update only.</param>
public sealed record PpoStep(long Iteration, IReadOnlyDictionary<string, double> Metrics, PpoTrace First, PpoTrace Last) : IDisposable
{
    public void Dispose()
    {
        First.Dispose();
        Last.Dispose();
    }
}

/// <summary>
/// A response with its score, its KL from the reference (nats, summed over tokens) and their sum as rewarded: what to read to see
/// how a run goes.
/// </summary>
public sealed record PpoExample(string PromptId, string Text, double Score, double Kl, double Total);

/// <summary>What <see cref="PpoTrainer"/>.Train reports after an iteration.</summary>
public sealed record PpoProgress(long Iteration, IReadOnlyDictionary<string, double> Metrics, IReadOnlyList<PpoExample> Examples);
