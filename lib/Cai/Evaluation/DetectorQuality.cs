using System.Globalization;
using Cai.Storage;
using Cai.Text;

namespace Cai.Evaluation;

/// <summary>How often a detector agrees with a person's labels.</summary>
/// <param name="Detector">evasive, boilerplate or harsh.</param>
/// <param name="Half">
/// development: the patterns were written with these in view. held-out: other prompts; labelled at the same time, before any pattern
/// existed, and by the same person. fresh: further samples of the held-out prompts, labelled after the patterns were final.
/// </param>
/// <param name="Precision">Share of the detector's finds that the person labelled so; Wilson's interval. NaN without finds.</param>
/// <param name="Recall">Share of what the person labelled so that the detector found. NaN where nothing was labelled so.</param>
/// <param name="Labelled">Samples that the person labelled so.</param>
public sealed record DetectorQuality(string Detector, string Half, Interval Precision, Interval Recall, int Labelled, int Samples)
{
    private static readonly (string Name, Func<HandLabel, bool> Label, Func<ResponseText, bool> Found)[] Detectors =
    [
        ("evasive", l => l.Evasive, t => t.Evasive), ("boilerplate", l => l.Boilerplate, t => t.Boilerplate > 0), ("harsh", l => l.Harsh, t => t.Harsh),
    ];

    /// <summary>Compares detectors and labels, each half by itself.</summary>
    /// <param name="samples">Must hold every labelled sample.</param>
    /// <exception cref="CaiException">A labelled sample is not among those given.</exception>
    public static IReadOnlyList<DetectorQuality> Of(IReadOnlyList<HandLabel> labels, IReadOnlyList<Sample> samples)
    {
        var texts = samples.ToDictionary(s => s.Id, s => s.Response, StringComparer.Ordinal);
        var read = labels.Select(l => (Label: l, Text: texts.TryGetValue(l.Sample, out var text) ? ResponseText.Of(text)
            : throw new CaiException("A labelled sample is not among those read.", "Read all files that the labels name.", l.Sample))).ToList();
        return
        [
            .. from detector in Detectors
               from half in read.GroupBy(r => r.Label.Half)
               let both = half.Count(r => detector.Label(r.Label) && detector.Found(r.Text))
               let labelled = half.Count(r => detector.Label(r.Label))
               select new DetectorQuality(detector.Name, half.Key, Proportion.Of(both, half.Count(r => detector.Found(r.Text))), Proportion.Of(both, labelled),
                   labelled, half.Count()),
        ];
    }
}

/// <summary>What a person found in one released sample; the criteria are those of <see cref="ResponseText"/>.</summary>
/// <param name="Sample">Id of the sample (<see cref="ReleasedSamples.Read"/>).</param>
public sealed record HandLabel(string Sample, string Half, bool Evasive, bool Boilerplate, bool Harsh)
{
    private const string Header = "file,line,sample,half,evasive,boilerplate,harsh";

    /// <summary>The labels that come with the kit (`data/paper/sample-labels.csv`): ids and classes, no text.</summary>
    public static IReadOnlyList<HandLabel> Shipped() =>
        Read(Path.Combine(ShippedFiles.Folder, "data", "paper", "sample-labels.csv"));

    /// <summary>Reads such a file.</summary>
    /// <exception cref="CaiException">The file is missing, or a line has another form; the message names it.</exception>
    public static IReadOnlyList<HandLabel> Read(string path)
    {
        var lines = InputFile.ReadText(path, "Build the project again: the file is copied from data/paper.").ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        if (lines[0] != Header)
            throw new CaiException($"The first line is not '{Header}'.", "Mend the file.", $"{path}:1");
        return [.. lines.Skip(1).Select((line, i) => Parse(line.Split(','), $"{path}:{i + 2}"))];
    }

    private static HandLabel Parse(string[] cells, string where)
    {
        if (cells.Length != 7 || cells.Skip(4).Any(c => c is not ("0" or "1"))
            || !int.TryParse(cells[1], NumberStyles.None, CultureInfo.InvariantCulture, out _)
            || !int.TryParse(cells[2], NumberStyles.None, CultureInfo.InvariantCulture, out _))
            throw new CaiException($"The line does not have the form '{Header}'.", "Write a file, two numbers, a half and three times 0 or 1.", where);
        return new HandLabel($"{cells[0]}/{cells[1]}/{cells[2]}", cells[3], cells[4] == "1", cells[5] == "1", cells[6] == "1");
    }
}
