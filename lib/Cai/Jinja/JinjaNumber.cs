namespace Cai.Jinja;

/// <summary>A number with Python's arithmetic, except that whole numbers have 64 bits and an overflow is an error.</summary>
internal readonly record struct JinjaNumber(bool IsWhole, long Whole, double Real)
{
    public double AsDouble => IsWhole ? Whole : Real;

    public static bool TryRead(object? value, out JinjaNumber number)
    {
        (var read, number) = value switch
        {
            long whole => (true, new JinjaNumber(true, whole, 0)),
            bool flag => (true, new JinjaNumber(true, flag ? 1 : 0, 0)),
            double real => (true, new JinjaNumber(false, 0, real)),
            _ => (false, default),
        };
        return read;
    }

    /// <exception cref="JinjaError">Division by zero, or a result beyond 64 bits.</exception>
    public static object Apply(string op, JinjaNumber a, JinjaNumber b)
    {
        if (op is "/" or "//" or "%" && b.AsDouble == 0)
            throw JinjaError.Value("Division by zero.");
        try
        {
            return op == "/" || !(a.IsWhole && b.IsWhole) || op == "**" && b.Whole < 0 ? Reals(op, a.AsDouble, b.AsDouble) : Wholes(op, a.Whole, b.Whole);
        }
        catch (OverflowException)
        {
            throw JinjaError.Unsupported($"a whole number beyond 64 bits (from '{op}')");
        }
    }

    private static object Wholes(string op, long a, long b)
    {
        checked
        {
            switch (op)
            {
                case "+": return a + b;
                case "-": return a - b;
                case "*": return a * b;
                case "//":
                    var quotient = a / b;
                    return a % b != 0 && a < 0 != b < 0 ? quotient - 1 : quotient;
                case "%":
                    // A quotient by -1 overflows for the least number; its remainder is 0 all the same.
                    var rest = b == -1 ? 0 : a % b;
                    return rest != 0 && rest < 0 != b < 0 ? rest + b : rest;
                default:
                    long power = 1, square = a;
                    for (var n = b; n > 0; n >>= 1)
                    {
                        if ((n & 1) == 1)
                            power *= square;
                        if (n > 1)
                            square *= square;
                    }
                    return power;
            }
        }
    }

    private static object Reals(string op, double a, double b) => op switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "//" => Math.Floor(a / b),
        "%" => a - b * Math.Floor(a / b),
        _ => Math.Pow(a, b),
    };
}
