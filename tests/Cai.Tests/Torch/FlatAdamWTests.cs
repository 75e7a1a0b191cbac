using Cai.Torch;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Torch;

public sealed class FlatAdamWTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private static readonly ParameterShape[] Shapes = [new("matrix", [3, 4]), new("norm", [4], Decay: false)];

    public FlatAdamWTests() => set_num_threads(1);

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(0.0, 0.0)]
    [InlineData(0.1, 0.0)]
    [InlineData(0.1, 0.5)]
    public void FiveStepsEqualThoseOfThePlainOptimiser(double decay, double clip)
    {
        using var parameters = new ParameterSet(Shapes);
        var start = randn(16, generator: new Generator(4));
        parameters.Flat.copy_(start);
        using var optimiser = new FlatAdamW(parameters, new AdamWOptions { Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-6, WeightDecay = decay, ClipNorm = clip });
        var matrix = new Parameter(start.narrow(0, 0, 12).view(3, 4).clone());
        var norm = new Parameter(start.narrow(0, 12, 4).clone());
        var reference = optim.AdamW(
        [
            new AdamW.ParamGroup([matrix], 0.05, 0.8, 0.95, 1e-6, decay),
            new AdamW.ParamGroup([norm], 0.05, 0.8, 0.95, 1e-6, 0),
        ]);
        var target = randn(16, generator: new Generator(5));
        for (var step = 0; step < 5; step++)
        {
            Loss(parameters["matrix"], parameters["norm"], target).backward();
            reference.zero_grad();
            Loss(matrix, norm, target).backward();
            var expected = cat([matrix.grad!.flatten(), norm.grad!]).norm().ToDouble();
            if (clip > 0)
                nn.utils.clip_grad_norm_([matrix, norm], clip);
            reference.step();
            Assert.Equal(expected, optimiser.Step(0.05), 1e-5);
            Assert.Equal(0, parameters.FlatGrad!.abs().sum().ToDouble());
            var difference = (parameters.Flat - cat([matrix.flatten(), norm])).abs().max().ToDouble();
            Assert.True(difference < 2e-6, $"step {step}: {difference}");
        }
        Assert.Equal(5, optimiser.Steps);
    }

    [Fact]
    public void AGradientThatIsNotFiniteChangesNothing()
    {
        using var parameters = new ParameterSet(Shapes);
        using var optimiser = new FlatAdamW(parameters);
        parameters.FlatGrad![3] = float.PositiveInfinity;
        Assert.False(double.IsFinite(optimiser.Step(0.1)));
        Assert.Equal(0, optimiser.Steps);
        Assert.Equal(0, parameters.Flat.abs().sum().ToDouble());
    }

    [Fact]
    public void SavedMomentsContinueTheSameRun()
    {
        var target = randn(16, generator: new Generator(5));
        using var parameters = new ParameterSet(Shapes);
        using var optimiser = new FlatAdamW(parameters);
        Run(parameters, optimiser, target, 3);
        using var copy = parameters.Clone();
        using var resumed = new FlatAdamW(copy);
        resumed.Load(optimiser.State, optimiser.Steps);
        Run(parameters, optimiser, target, 3);
        Run(copy, resumed, target, 3);
        Assert.Equal(parameters.Flat.data<float>().ToArray(), copy.Flat.data<float>().ToArray());
    }

    [Fact]
    public void WeightsAndGradientsAreViewsOfTheFlatBuffers()
    {
        using var parameters = new ParameterSet(Shapes);
        parameters.EnableGradients();
        parameters.Flat.copy_(arange(16));
        Assert.Equal(7, parameters["matrix"][1, 3].ToSingle());
        Assert.Equal(13, parameters["norm"][1].ToSingle());
        (parameters["matrix"].sum() * 2 + parameters["norm"].sum() * 3).backward();
        (parameters["norm"].sum() * 3).backward(); // gradients add up in place
        Assert.Equal([.. Enumerable.Repeat(2f, 12), .. Enumerable.Repeat(6f, 4)], parameters.FlatGrad!.data<float>().ToArray());
        parameters.ZeroGradients();
        Assert.Equal(0, parameters["matrix"].grad!.abs().sum().ToSingle());
    }

    private static void Run(ParameterSet parameters, FlatAdamW optimiser, Tensor target, int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            Loss(parameters["matrix"], parameters["norm"], target).backward();
            optimiser.Step(0.05);
        }
    }

    private static Tensor Loss(Tensor matrix, Tensor norm, Tensor target) => (cat([(matrix * norm).flatten(), norm]) - target).square().sum();
}
