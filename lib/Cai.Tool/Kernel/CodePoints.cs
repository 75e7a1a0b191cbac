namespace Cai.Tool.Kernel;

/// <summary>Jupyter counts positions in Unicode code points (messaging 5.2), .NET in UTF-16 units.</summary>
internal static class CodePoints
{
    /// <summary>The UTF-16 index of the code point at <paramref name="position"/>; the end of the text if there is none.</summary>
    public static int ToIndex(string text, int position)
    {
        var index = 0;
        while (position-- > 0 && index < text.Length)
            index += char.IsSurrogatePair(text, index) ? 2 : 1;
        return index;
    }

    /// <summary>Number of code points before a UTF-16 index.</summary>
    public static int Count(string text, int index)
    {
        var count = 0;
        for (var at = 0; at < index; count++)
            at += char.IsSurrogatePair(text, at) ? 2 : 1;
        return count;
    }
}
