using Cai.Tool.Notebooks;

// The names under which .NET Interactive offers these to cells, so that one notebook runs on both.
namespace Microsoft.DotNet.Interactive
{
    /// <summary>`display`, `HTML` and `GetInputAsync`, as cells call them.</summary>
    public static class Kernel
    {
        /// <summary>Shows a value below the cell.</summary>
        /// <param name="mimeTypes">Only these of the representations the value has; all when empty.</param>
        public static DisplayedValue display(object? value, params string[] mimeTypes)
        {
            var bundle = MimeBundles.Of(value);
            if (mimeTypes.Length > 0)
                bundle = bundle.Where(entry => mimeTypes.Contains(entry.Key)).ToDictionary();
            return RunningCell.Show(bundle);
        }

        /// <summary>Marks text as HTML. The caller vouches for it: encode anything that a model or a file wrote.</summary>
        public static HtmlFragment HTML(string content) => new(content);

        /// <summary>Asks the user for a line of text.</summary>
        /// <exception cref="Cai.CaiException">Nobody is there to ask, as in a notebook that runs unattended.</exception>
        public static Task<string> GetInputAsync(string prompt = "") => RunningCell.Ask(new CellQuestion(prompt, false));

        /// <summary>Asks the user for a line of text that is not shown while it is typed.</summary>
        /// <exception cref="Cai.CaiException">As <see cref="GetInputAsync"/>.</exception>
        public static Task<string> GetPasswordAsync(string prompt = "") => RunningCell.Ask(new CellQuestion(prompt, true));
    }

    /// <summary>What `display` returns; as a trailing expression it shows nothing a second time.</summary>
    public sealed class DisplayedValue
    {
        private readonly Action<CellOutput> sink;
        private readonly string id;

        internal DisplayedValue(Action<CellOutput> sink, string id) => (this.sink, this.id) = (sink, id);

        /// <summary>Shows another value in its place. .NET Interactive loses this: a notebook for both must not need it.</summary>
        public void Update(object? value) => sink(new DisplayUpdate(MimeBundles.Of(value), id));
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
        public static Microsoft.DotNet.Interactive.DisplayedValue DisplayAs(this string value, string mimeType) =>
            RunningCell.Show(MimeBundles.Single(mimeType, value));
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
        public CancellationToken cancel
        {
            get
            {
                Watched = true;
                return token;
            }
        }

        /// <summary>Whether the running cell has asked for its token: it is then trusted to end by itself.</summary>
        internal bool Watched { get; private set; }

        internal void Begin(CancellationToken current) => (token, Watched) = (current, false);
    }
}
