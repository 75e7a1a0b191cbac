using System.Collections.Immutable;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cai.Storage;

/// <summary>
/// One property of a record as the columns that tables have of it: what data frames, CSV and Parquet share. A record within a record, and a dictionary with
/// text as keys, is a group of parts.
/// </summary>
/// <param name="Name">The property's name, or a dictionary's key.</param>
/// <param name="Key">The same as JSON spells it.</param>
/// <param name="Type">The type of its values, without the ? of a value type.</param>
/// <param name="Get">Its value in a record.</param>
internal sealed record RecordPart(string Name, string Key, Type Type, bool CanBeNull, Func<object, object?> Get)
{
    /// <summary>Of a record its properties, of a dictionary the keys that occur; null for a value.</summary>
    public IReadOnlyList<RecordPart>? Parts { get; private init; }

    public bool IsMap { get; private init; }

    /// <summary>The parts of a type.</summary>
    /// <param name="rows">The records at hand: dictionaries have the keys that occur in these.</param>
    public static IReadOnlyList<RecordPart> Of(Type record, IReadOnlyList<object> rows) => Of(record, rows, []);

    /// <summary>Records and record structs: they have a compiler-made method that prints their members.</summary>
    public static bool IsRecord(Type type) =>
        type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, [typeof(StringBuilder)]) is not null;

    /// <summary>Whether values are plain: a number, a truth value, text or an enum.</summary>
    public static bool IsPlain(Type type) => type.IsEnum || Type.GetTypeCode(type) is TypeCode.String or TypeCode.Boolean
        or TypeCode.Int32 or TypeCode.Int64 or TypeCode.Single or TypeCode.Double or TypeCode.SByte or TypeCode.Byte or TypeCode.Int16 or TypeCode.UInt16;

    private static IReadOnlyList<RecordPart> Of(Type record, IReadOnlyList<object> rows, ImmutableArray<Type> above)
    {
        var nullability = new NullabilityInfoContext();
        return
        [
            .. record.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(p => p.GetMethod is { IsPublic: true } && p.GetIndexParameters().Length == 0).Select(Part),
        ];

        RecordPart Part(PropertyInfo property)
        {
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            var key = property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            var part = new RecordPart(property.Name, key, type, nullability.Create(property).ReadState != NullabilityState.NotNull, property.GetValue);
            // A record that holds its own kind has no end; it stays JSON text.
            if (IsRecord(type) && type != record && !above.Contains(type))
                return part with { Parts = Of(type, Inside(), above.Add(record)) };
            return MapValue(type) is { } value && IsPlain(Nullable.GetUnderlyingType(value) ?? value)
                ? part with { IsMap = true, Parts = (IReadOnlyList<RecordPart>)Keys.MakeGenericMethod(value).Invoke(null, [Inside()])! }
                : part;

            IReadOnlyList<object> Inside() => [.. rows.Select(part.Get).OfType<object>()];
        }
    }

    private static readonly MethodInfo Keys = typeof(RecordPart).GetMethod(nameof(KeysOf), BindingFlags.NonPublic | BindingFlags.Static)!;

    private static IReadOnlyList<RecordPart> KeysOf<TValue>(IReadOnlyList<object> maps) =>
    [
        .. maps.Cast<IReadOnlyDictionary<string, TValue>>().SelectMany(map => map.Keys).Distinct(StringComparer.Ordinal).Select(key => new RecordPart(
            key, key, Nullable.GetUnderlyingType(typeof(TValue)) ?? typeof(TValue), true,
            map => ((IReadOnlyDictionary<string, TValue>)map).TryGetValue(key, out var value) ? value : null)),
    ];

    private static Type? MapValue(Type type) => type.GetInterfaces().Append(type)
        .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>) && i.GetGenericArguments()[0] == typeof(string))
        ?.GetGenericArguments()[1];
}
