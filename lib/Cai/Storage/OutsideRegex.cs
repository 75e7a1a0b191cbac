using System.Text.RegularExpressions;

namespace Cai.Storage;

/// <summary>Regular expressions that come with a file. Some take exponential time on some texts: each match has a limit, and passing it is an error.</summary>
internal static class OutsideRegex
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <param name="key">Key in the file, for the message.</param>
    /// <exception cref="CaiException">The pattern is none that .NET knows.</exception>
    public static Regex Make(string pattern, string file, string key, RegexOptions options = RegexOptions.None)
    {
        try
        {
            return new Regex(pattern, options | RegexOptions.CultureInvariant, Longest);
        }
        catch (ArgumentException e)
        {
            throw new CaiException($"The key \"{key}\" has the pattern {pattern}, which cannot be read ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}).",
                "Correct it, or take a model with another.", file, e);
        }
    }

    /// <summary>What <paramref name="match"/> gives.</summary>
    /// <exception cref="CaiException">The pattern took too long.</exception>
    public static T Guarded<T>(Func<T> match, Regex pattern)
    {
        try
        {
            return match();
        }
        catch (RegexMatchTimeoutException e)
        {
            throw TooLong(pattern, e);
        }
    }

    /// <summary>The error for a pattern that took too long.</summary>
    public static CaiException TooLong(Regex pattern, RegexMatchTimeoutException e) =>
        new($"The pattern {pattern} took longer than {Longest.TotalSeconds:0} s on one text.",
            "Take a model with another pattern, or shorten the text.", inner: e);
}
