using Cai.Tool.Notebooks;

// The names under which .NET Interactive offers these to cells, so that one notebook runs on both.
namespace Microsoft.DotNet.Interactive
{
    /// <summary>`display` and `HTML`, as cells call them.</summary>
    public static class Kernel
    {
        /// <summary>Shows a value below the cell.</summary>
        /// <param name="mimeTypes">Only these of the representations the value has; all when empty.</param>
        public static DisplayedValue display(object? value, params string[] mimeTypes)
        {
            var bundle = MimeBundles.Of(value);
            if (mimeTypes.Length > 0)
                bundle = bundle.Where(entry => mimeTypes.Contains(entry.Key)).ToDictionary();
            RunningCell.Show(bundle);
            return DisplayedValue.Instance;
        }

        /// <summary>Marks text as HTML. The caller vouches for it: encode anything that a model or a file wrote.</summary>
        public static HtmlFragment HTML(string content) => new(content);
    }

    /// <summary>What `display` returns; as a trailing expression it shows nothing a second time.</summary>
    public sealed class DisplayedValue
    {
        internal static readonly DisplayedValue Instance = new();

        private DisplayedValue()
        {
        }
    }
}

namespace System
{
    /// <summary>`x.Display()`, as cells call it.</summary>
    public static class DisplayExtensions
    {
        /// <inheritdoc cref="Microsoft.DotNet.Interactive.Kernel.display"/>
        public static Microsoft.DotNet.Interactive.DisplayedValue Display(this object? value, params string[] mimeTypes) =>
            Microsoft.DotNet.Interactive.Kernel.display(value, mimeTypes);

        /// <summary>Shows text (or base64) as the given mime type.</summary>
        public static Microsoft.DotNet.Interactive.DisplayedValue DisplayAs(this string value, string mimeType)
        {
            RunningCell.Show(MimeBundles.Single(mimeType, value));
            return Microsoft.DotNet.Interactive.DisplayedValue.Instance;
        }
    }
}

namespace Cai.Tool.Notebooks
{
    /// <summary>HTML that the author of a cell wrote.</summary>
    public sealed record HtmlFragment(string Content)
    {
        public override string ToString() => Content;
    }

    /// <summary>What cells see as globals.</summary>
    public sealed class CellGlobals
    {
        private CancellationToken token;

        /// <summary>
        /// Cancelled when the user interrupts. Notebooks that must also run on .NET Interactive do without it: nothing
        /// is lost then, as long work writes what it has done.
        /// </summary>
        public CancellationToken cancel => token;

        internal void Set(CancellationToken current) => token = current;
    }

    /// <summary>
    /// Which session a static `display` call belongs to. It follows the cell's own flow of execution (tasks it starts
    /// included), so sessions in one process do not see each other's output.
    /// </summary>
    internal static class RunningCell
    {
        private static readonly AsyncLocal<Action<CellOutput>?> Sink = new();

        public static void Enter(Action<CellOutput> sink) => Sink.Value = sink;

        public static void Show(IReadOnlyDictionary<string, System.Text.Json.Nodes.JsonNode> bundle)
        {
            var sink = Sink.Value ?? throw new InvalidOperationException("display was called outside a running notebook cell.");
            if (bundle.Count > 0)
                sink(new DisplayData(bundle));
        }
    }
}
