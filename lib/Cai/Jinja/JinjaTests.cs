namespace Cai.Jinja;

/// <summary>What may stand behind `is`.</summary>
internal sealed class JinjaTests(TemplateBudget budget, JinjaOperations operations)
{
    public bool Apply(string name, object? value, JinjaArguments arguments)
    {
        budget.Read(value as string ?? "");
        switch (name)
        {
            case "eq" or "equalto" or "==":
                return operations.Equal(value, Argument());
            case "ne" or "!=":
                return !operations.Equal(value, Argument());
            case "lt" or "lessthan" or "<":
                return operations.Order(value, Argument()) < 0;
            case "le" or "<=":
                return operations.Order(value, Argument()) <= 0;
            case "gt" or "greaterthan" or ">":
                return operations.Order(value, Argument()) > 0;
            case "ge" or ">=":
                return operations.Order(value, Argument()) >= 0;
            case "in":
                return operations.Contains(Argument(), value);
            case "sameas":
                var other = Argument();
                return value is null or bool ? Equals(value, other) : ReferenceEquals(value, other);
            case "divisibleby":
                return JinjaNumber.TryRead(value, out var dividend) && JinjaNumber.TryRead(Argument(), out var divisor)
                    ? operations.Equal(JinjaNumber.Apply("%", dividend, divisor), 0L) : throw JinjaError.Value("'divisibleby' needs numbers.");
        }
        var result = name switch
        {
            "defined" => value is not Undefined,
            "undefined" => value is Undefined,
            "none" => value is null,
            "string" => value is string,
            "number" => value is long or double or bool,
            "integer" => value is long,
            "float" => value is double,
            "boolean" => value is bool,
            "true" => value is true,
            "false" => value is false,
            "mapping" => value is JinjaMap,
            "sequence" => value is string or JinjaList or JinjaMap or Undefined,
            "iterable" => value is string or JinjaList or JinjaMap or Undefined,
            "callable" => value is JinjaFunction,
            "even" => Remainder(value) == 0,
            "odd" => Remainder(value) == 1,
            "lower" => value is string text && text.Any(char.IsLower) && !text.Any(char.IsUpper),
            "upper" => value is string text && text.Any(char.IsUpper) && !text.Any(char.IsLower),
            _ => throw JinjaError.Unsupported($"the test '{name}'"),
        };
        arguments.Bind(); // these take none; a test that is not known is said to be so first
        return result;

        object? Argument() => arguments.Bind("other")[0];
    }

    private static long Remainder(object? value) =>
        value is long whole ? ((whole % 2) + 2) % 2 : throw JinjaError.Value("'even' and 'odd' need a whole number.");
}
