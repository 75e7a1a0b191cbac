using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cai;

/// <summary>
/// Bounds of options, checked where an options record is made or copied: a value outside would show much later, as a number that is not finite, a crash
/// or a run that does nothing. Each gives the value back.
/// </summary>
internal static class InRange
{
    /// <summary>A whole number from <paramref name="low"/> to <paramref name="high"/>.</summary>
    /// <param name="record">The options record, for the message.</param>
    /// <exception cref="CaiException">It is outside; the message names option and range.</exception>
    public static T Whole<T>(T value, long low, string record, long high = long.MaxValue, [CallerMemberName] string name = "") where T : IBinaryInteger<T> =>
        long.CreateSaturating(value) is var number && number >= low && number <= high ? value
        : throw Outside(name, value.ToString(null, CultureInfo.InvariantCulture),
            high == long.MaxValue ? low == 0 ? "0 or more" : $"at least {low}" : $"{low} to {high}", record);

    /// <summary>A whole number from <paramref name="low"/>, or null.</summary>
    /// <inheritdoc cref="Whole{T}(T, long, string, long, string)"/>
    public static int? Whole(int? value, long low, string record, long high = long.MaxValue, [CallerMemberName] string name = "") =>
        value is { } number ? Whole(number, low, record, high, name) : null;

    /// <summary>A finite number from <paramref name="low"/> to <paramref name="high"/>.</summary>
    /// <inheritdoc cref="Whole{T}(T, long, string, long, string)"/>
    public static double Number(double value, double low, double high, string record, [CallerMemberName] string name = "") =>
        value >= low && value <= high ? value : throw Outside(name, Text(value), $"a number from {Text(low)} to {Text(high)}", record);

    /// <summary>A finite number above 0, at most <paramref name="high"/>.</summary>
    /// <inheritdoc cref="Whole{T}(T, long, string, long, string)"/>
    public static double Positive(double value, string record, double high = 1e9, [CallerMemberName] string name = "") =>
        value > 0 && value <= high ? value : throw Outside(name, Text(value), $"a number above 0 and up to {Text(high)}", record);

    /// <summary>A finite number of any sign, up to a billion.</summary>
    /// <inheritdoc cref="Whole{T}(T, long, string, long, string)"/>
    public static double Finite(double value, string record, [CallerMemberName] string name = "") => Number(value, -1e9, 1e9, record, name);

    /// <summary>A sampling temperature: 0, the likeliest token, where that is allowed, or 0.001 to 1,000; below, what float32 can hold is all lost.</summary>
    /// <inheritdoc cref="Whole{T}(T, long, string, long, string)"/>
    public static double Temperature(double value, string record, bool greedy = true, [CallerMemberName] string name = "") =>
        value is >= 0.001 and <= 1000 || greedy && value == 0 ? value
        : throw Outside(name, Text(value), greedy ? "0 (the likeliest token), or a number from 0.001 to 1000" : "a number from 0.001 to 1000", record);

    /// <summary>Strings of which none is empty, or null: an empty one is found everywhere.</summary>
    /// <inheritdoc cref="Whole{T}(T, long, string, long, string)"/>
    public static T NoneEmpty<T>(T values, string record, [CallerMemberName] string name = "") where T : IEnumerable<string>? =>
        values?.All(v => v.Length > 0) != false ? values : throw new CaiException($"{name} holds an empty string.", "Leave it out.", record);

    private static CaiException Outside(string name, string value, string expected, string record) =>
        new($"{name} is {value}; {expected} was expected.", "Leave the option out for its default.", record);

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
