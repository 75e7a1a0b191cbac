using System.Globalization;
using Cai.Constitutions;

namespace Cai.Tool.Commands;

/// <summary>How `--principles` spells the choice of principles.</summary>
internal static class PrincipleText
{
    public const string Drawn = "drawn";

    /// <exception cref="CaiException">It is no choice, or an average where only one principle applies.</exception>
    public static IPrincipleSelector Parse(string text, bool averages) => text.Split(':', 2) switch
    {
        [Drawn] => PrincipleSelector.Drawn,
        ["average", var count] when averages && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var k) =>
            PrincipleSelector.Averaged(k),
        ["fixed", { Length: > 0 } id] => PrincipleSelector.Fixed(id),
        _ => throw new CaiException($"--principles is '{text}'.", averages ? "Use drawn, average:K (a number) or fixed:ID." : "Use drawn or fixed:ID."),
    };
}
