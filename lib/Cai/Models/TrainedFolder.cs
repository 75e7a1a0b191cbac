using Cai.Storage;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>
/// Saving what was trained: the model with its updates merged in, and the adapter alone beside it. Where the folder cannot be written, it goes to
/// another place, which the error names.
/// </summary>
public static class TrainedFolder
{
    /// <summary>Folder of the adapter in PEFT's format, inside the model's.</summary>
    public const string Adapter = "adapter";

    /// <summary>Writes a language model in the type of its weights.</summary>
    /// <param name="start">Folder of the model that the adapter belongs to.</param>
    public static void Save(string folder, PretrainedModel model, string start)
    {
        AtomicFile.OrRescue(folder, to =>
        {
            HuggingFaceFolder.Save(to, model, Stored(model.Decoder));
            if (model.Decoder.Adapter is not null)
                PeftFolder.Save(Path.Combine(to, Adapter), model.Decoder, start);
        });
    }

    /// <summary>Writes a scalar model that was trained from a language model.</summary>
    /// <inheritdoc cref="Save(string, PretrainedModel, string)"/>
    public static void Save(string folder, ScalarModel model, PretrainedModel start)
    {
        AtomicFile.OrRescue(folder, to =>
        {
            HuggingFaceFolder.SaveScalar(to, model, start.Tokenizer, start.Folder, Stored(model.Decoder));
            if (model.Decoder.Adapter is not null)
                PeftFolder.Save(Path.Combine(to, Adapter), model, start.Folder);
        });
    }

    private static ScalarType Stored(Decoder model) => model.Parameters.Flat.dtype;
}
