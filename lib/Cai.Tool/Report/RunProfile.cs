using System.Diagnostics;
using System.Diagnostics.Metrics;
using Cai.Evaluation;
using Cai.Figures;
using Cai.Storage;
using static TorchSharp.torch;

namespace Cai.Tool.Report;

/// <summary>Where the time of one stage went.</summary>
/// <param name="Stage">Its name, or <see cref="RunProfile.Outside"/>.</param>
/// <param name="Seconds">Without those of stages that it asked for.</param>
/// <param name="Tokens">Read by decoders.</param>
/// <param name="Operations">Floating-point operations of matrix products.</param>
public sealed record StageTime(string Notebook, string Stage, double Seconds, long Tokens, double Operations);

/// <summary>Where the time of a run went, in the order in which it did (`profile.json`).</summary>
/// <param name="PeakOperationsPerSecond">Of a matrix product with all threads, measured before the run.</param>
public sealed record ProfileReport(double PeakOperationsPerSecond, IReadOnlyList<StageTime> Stages)
{
    private const string FileName = "profile.json";

    /// <summary>Writes `profile.json`.</summary>
    public void Save(string folder) => AtomicFile.Write(Path.Combine(folder, FileName), CaiJson.Write(this, indented: true) + "\n");

    /// <summary>What <see cref="Save"/> wrote, or null where no run was profiled.</summary>
    /// <exception cref="CaiException">The file is damaged.</exception>
    public static ProfileReport? Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        return File.Exists(path) ? CaiJson.ReadFile<ProfileReport>(path, "Delete it; cai reproduce --profile writes it again.") : null;
    }

    /// <summary>Stages of one name taken together, the longest first, and the sum.</summary>
    public Table Table()
    {
        var rows = Merged().ToList();
        var total = new StageTime("", "all", rows.Sum(r => r.Seconds), rows.Sum(r => r.Tokens), rows.Sum(r => r.Operations));
        return Figures.Table.Of([.. rows, total],
            new("notebook", r => r.Notebook), new("stage", r => r.Stage), new("seconds", r => r.Seconds, "0.0"), new("tokens", r => r.Tokens),
            new("share of the matrix product's peak", r => Share(r), "0 %"))
            .Titled("Where the time went", $"Peak: {PeakOperationsPerSecond / 1e9:0} GFLOP/s, a float32 product of 1,024-square matrices with all threads. "
                + "Operations are those of products with weights; attention, sampling and everything else count as time alone.");
    }

    /// <summary>Seconds of each notebook, in its stages and outside of them.</summary>
    public Figure Figure()
    {
        var notebooks = Stages.GroupBy(s => s.Notebook).ToList();
        BarSeries Bars(string name, Func<StageTime, bool> which) =>
            new(name, [.. notebooks.Select(n => n.Where(which).Sum(s => s.Seconds)).Select(seconds => new Interval(seconds, seconds, seconds, 1, 1))]);
        return new("Where the time went", new Axis("notebook"), new Axis("seconds", Min: 0),
            [Bars("computing stages", s => s.Stage != RunProfile.Outside), Bars("all else", s => s.Stage == RunProfile.Outside)])
        {
            Categories = [.. notebooks.Select(n => n.Key[..2])],
            Caption = "All else: reading stages of an earlier run, judging answers, intervals, figures, compiling cells.",
        };
    }

    private double Share(StageTime time) => time.Seconds > 0 ? time.Operations / time.Seconds / PeakOperationsPerSecond : 0;

    private IEnumerable<StageTime> Merged() => Stages.GroupBy(s => (s.Notebook, s.Stage))
        .Select(g => new StageTime(g.Key.Notebook, g.Key.Stage, g.Sum(s => s.Seconds), g.Sum(s => s.Tokens), g.Sum(s => s.Operations)))
        .OrderByDescending(s => s.Seconds);
}

/// <summary>Listens to the library's <see cref="Instruments"/> while notebooks run.</summary>
public sealed class RunProfile : IDisposable
{
    /// <summary>What a notebook does outside of stages: reading, judging, drawing, compiling cells.</summary>
    public const string Outside = "(no stage)";

    private readonly ActivityListener activities;
    private readonly MeterListener meters = new();
    private readonly Lock gate = new();
    private readonly Stack<Open> open = [];
    private readonly List<StageTime> stages = [];
    private readonly double peak = MeasurePeak();
    private string notebook = "";

    public RunProfile()
    {
        activities = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Instruments.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = activity => Begin(activity.OperationName),
            ActivityStopped = _ => End(),
        };
        ActivitySource.AddActivityListener(activities);
        meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == Instruments.Name)
                listener.EnableMeasurementEvents(instrument);
        };
        meters.SetMeasurementEventCallback<long>((_, tokens, _, _) => Count(tokens, 0));
        meters.SetMeasurementEventCallback<double>((_, operations, _, _) => Count(0, operations));
        meters.Start();
    }

    private sealed class Open(string stage)
    {
        public string Stage => stage;
        public Stopwatch Watch { get; } = Stopwatch.StartNew();
        public long Tokens { get; set; }
        public double Operations { get; set; }
    }

    /// <summary>What was seen so far.</summary>
    public ProfileReport Report => new(peak, [.. stages]);

    /// <summary>Notebook by notebook.</summary>
    public void Enter(string name)
    {
        notebook = name;
        Begin(Outside);
    }

    /// <summary>The end of a notebook, whatever became of it.</summary>
    public void Leave()
    {
        while (open.Count > 0)
            End();
    }

    public void Dispose()
    {
        activities.Dispose();
        meters.Dispose();
    }

    private void Begin(string stage)
    {
        lock (gate)
        {
            if (open.TryPeek(out var around))
                around.Watch.Stop();
            open.Push(new Open(stage));
        }
    }

    private void End()
    {
        lock (gate)
        {
            if (!open.TryPop(out var ended))
                return;
            stages.Add(new(notebook, ended.Stage, ended.Watch.Elapsed.TotalSeconds, ended.Tokens, ended.Operations));
            if (open.TryPeek(out var around))
                around.Watch.Start();
        }
    }

    private void Count(long tokens, double operations)
    {
        lock (gate)
            if (open.TryPeek(out var at))
                (at.Tokens, at.Operations) = (at.Tokens + tokens, at.Operations + operations);
    }

    /// <summary>The fastest of some rounds: a neighbour on the machine can only slow one down.</summary>
    private static double MeasurePeak()
    {
        const int Side = 1024, Rounds = 16;
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        var (a, b) = (ones(Side, Side), ones(Side, Side));
        double fastest = double.PositiveInfinity;
        for (var i = 0; i < Rounds; i++)
        {
            var watch = Stopwatch.StartNew();
            a.matmul(b).Dispose();
            fastest = Math.Min(fastest, watch.Elapsed.TotalSeconds);
        }
        return 2.0 * Side * Side * Side / fastest;
    }
}
