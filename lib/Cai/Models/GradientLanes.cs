using Cai.Torch;

namespace Cai.Models;

/// <summary>
/// Backward passes of a step's micro-batches side by side. Each lane computes with the same weights and adds to gradients of its own, which are added up
/// lane by lane: a sum in an order that does not depend on which thread came first, or on how many there are.
/// </summary>
/// <param name="twin">Makes a model with the weights of <paramref name="model"/> and gradients of its own, and gives both.</param>
internal sealed class GradientLanes<TModel>(TModel model, TrainableWeights weights, Func<(TModel Model, ParameterSet Parameters)> twin) : IDisposable
    where TModel : IDisposable
{
    private const int Most = 4;
    private readonly List<(TModel Model, ParameterSet Parameters)> twins = [];

    /// <summary>Runs every micro-batch's backward pass; afterwards the model has the gradients of all.</summary>
    /// <param name="backward">Given the number of a micro-batch and the model to compute it with.</param>
    public void Run(int microBatches, Action<int, TModel> backward)
    {
        var lanes = weights.InPlaceAndSmall ? Math.Min(microBatches, Most) : 1;
        while (twins.Count < lanes - 1)
            twins.Add(Twin());
        try
        {
            Workers.Run(lanes > 1, lanes, lane =>
            {
                for (var i = lane; i < microBatches; i += lanes)
                {
                    backward(i, lane == 0 ? model : twins[lane - 1].Model);
                    if (lanes == 1)
                        weights.Accumulate();
                }
            });
            foreach (var (_, parameters) in twins.Take(lanes - 1))
                weights.Add(parameters.FlatGrad!);
        }
        finally
        {
            foreach (var (_, parameters) in twins.Take(lanes - 1))
                parameters.ZeroGradients();
        }
    }

    public void Dispose()
    {
        foreach (var (other, _) in twins)
            other.Dispose();
    }

    private (TModel Model, ParameterSet Parameters) Twin()
    {
        var made = twin();
        made.Parameters.EnableGradients();
        return made;
    }
}
