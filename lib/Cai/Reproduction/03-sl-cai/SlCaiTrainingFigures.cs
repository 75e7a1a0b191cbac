using System.Globalization;
using Cai.Figures;
using Cai.Finetuning;
using Cai.Storage;

namespace Cai.Reproduction;

public sealed partial class SlCaiTraining
{
    /// <summary>The tokens of a text with the mask: 1 is learned, without colour is only read.</summary>
    public TokenStrip Mask(TrainingText text) => new(Tokens(text, i => 1), "mask: 1 = the prediction of this token is trained, no colour = read only", "0");

    /// <summary>How much more probable fine-tuning made each learned token: log p after minus log p before, nats.</summary>
    public TokenStrip Gain(TrainingText text)
    {
        var (before, after) = (LogProbs(pipeline.Load(pipeline.Pretrained), text), LogProbs(pipeline.Load(Model), text));
        return new(Tokens(text, i => after[i - 1] - before[i - 1]), "log p under SL-CAI minus log p under the pretrained model, nats a token");
    }

    /// <summary>Training loss against tokens read, with the loss on held-out texts before and after.</summary>
    public Figure LossCurve()
    {
        var rows = Metrics.Read(Model.Metrics!).Where(r => double.IsFinite(r.Values["loss"])).ToList();
        var end = rows.Count == 0 ? 1 : rows[^1].Values["tokens"];
        var series = new List<Series>
        {
            new LineSeries("training texts", MetricCurve.Of([.. rows.Select(Before)], "tokens", "loss")) { Style = ModelStyles.Of(Model).Index },
        };
        foreach (var (source, style) in new[] { (RevisionSource, 6), (HelpfulSource, 1) })
        {
            var points = new[] { (Model: ModelNames.Pretrained, At: 0.0), (Model: ModelNames.SlCai, At: end) }
                .Select(p => (p.At, Loss: MeanLoss(heldOut.Where(t => t.Source == source && t.Model == p.Model)))).Where(p => p.Loss is not null)
                .Select(p => DataPoint.Of(p.At, p.Loss!)).ToList();
            if (points.Count > 0)
                series.Add(new PointSeries($"held-out {source}", points) { Style = style });
        }
        return new Figure("Loss of SL-CAI in training, and held out before and after", new Axis("tokens read"), new Axis("loss, nats a learned token"), series)
        {
            Caption = string.Create(CultureInfo.InvariantCulture,
                $"One epoch of {rows.Count} steps from the pretrained model, prompt tokens masked. {MetricCurve.Caption("steps")}. "
                + $"Held out: texts of the helpful-only model about prompts that no model has seen, {Count(RevisionSource)} first revisions and "
                + $"{Count(HelpfulSource)} helpful answers; at 0 the pretrained model (the baseline), at the end SL-CAI; bars: bootstrap by prompt; "
                + $"between the two nothing was measured."),
        };

        // A step's loss is measured before its update, so it belongs to the tokens read before it.
        MetricRow Before(MetricRow row, int i) => new(row.Step, new Dictionary<string, double>
        {
            ["tokens"] = i == 0 ? 0 : rows[i - 1].Values["tokens"],
            ["loss"] = row.Values["loss"],
        });
    }

    private int Count(string source) => heldOut.Count(t => t.Source == source && t.Model == ModelNames.SlCai);

    private IReadOnlyList<TokenValue> Tokens(TrainingText text, Func<int, double> value)
    {
        var tokenizer = pipeline.Load(pipeline.Pretrained).Tokenizer;
        return [.. text.Ids.Select((id, i) => new TokenValue(tokenizer.TokenText(id), i < Math.Max(1, text.PromptLength) ? null : value(i)))];
    }
}
