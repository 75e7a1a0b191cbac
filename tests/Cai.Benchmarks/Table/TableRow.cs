using Cai.Models;

namespace Cai.Benchmarks.Table;

/// <summary>Work of one line of the table, as a peer is asked for it.</summary>
/// <param name="Kind">product, train, ppo, generate or prompt; tests/peers/pytorch_peer.py says what each does.</param>
/// <param name="Model">Shape of the model, whose weights are random; null where there is none.</param>
/// <param name="Dtype">Type of the weights by PyTorch's name.</param>
/// <param name="Rows">Texts that are computed together.</param>
/// <param name="Read">Tokens of each text that are given.</param>
/// <param name="Write">Tokens of each text that are sampled.</param>
/// <param name="Epochs">Passes of PPO's update.</param>
public sealed record PeerRequest(
    string Kind, DecoderConfig? Model = null, string Dtype = "float32", int Rows = 1, int Read = 0, int Write = 0, int Epochs = 0);

/// <summary>One line of the table: the same work for this library and for its peers.</summary>
/// <param name="Unit">Of the amount of work, a second.</param>
/// <param name="Flops">
/// Floating-point operations of one unit of work: two for each weight that a token multiplies, six with gradients. 0 prints no share.
/// </param>
/// <param name="Begin">Makes the model that this library works on.</param>
public sealed record TableRow(string Group, string Name, string Unit, double Flops, PeerRequest Request, Func<Job> Begin)
{
    /// <summary>The file that llama.cpp reads for this row; null where its benchmark does not do this work.</summary>
    public string? LlamaFile { get; init; }
}

/// <summary>Work that can be done again and again, and what it needs, which is disposed of with it.</summary>
/// <param name="run">Does it once and gives how much was done.</param>
public sealed class Job(Func<double> run, params IReadOnlyList<IDisposable> owned) : IDisposable
{
    public double Run() => run();

    public void Dispose()
    {
        foreach (var item in owned)
            item.Dispose();
    }
}

/// <summary>Another program that does the work of rows.</summary>
public interface IPeer : IDisposable
{
    string Name { get; }

    /// <summary>Whether such a program does work of this kind at all.</summary>
    bool Concerns(TableRow row);

    /// <summary>Why this one cannot do the row; null when it can.</summary>
    string? Absence(TableRow row);

    /// <summary>Does the row once; the first time includes what comes once, such as making the model.</summary>
    /// <exception cref="CaiException">It failed; the message holds what it printed.</exception>
    Timed Run(TableRow row);
}
