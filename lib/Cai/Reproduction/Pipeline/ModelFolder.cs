namespace Cai.Reproduction;

/// <summary>A model that a stage made: a Hugging Face folder and where its training curve is.</summary>
/// <param name="Hash">Identifies the stage; goes into the names of everything that is made from the model.</param>
/// <param name="Metrics">The stage's metrics.jsonl; null for shipped models.</param>
public sealed record ModelFolder(string Name, string Folder, string Hash, string? Metrics = null);
