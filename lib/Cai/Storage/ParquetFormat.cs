namespace Cai.Storage;

/// <summary>What kind of value a field of a Thrift struct holds.</summary>
internal abstract record ThriftKind
{
    /// <summary>Whether a value of this type, as the compact protocol numbers types, is of this kind.</summary>
    public abstract bool Is(int type);
}

/// <summary>A number, text, flag: what is one value.</summary>
internal sealed record ThriftValue(params int[] Types) : ThriftKind
{
    public override bool Is(int type) => Types.Contains(type);
}

/// <summary>Values of one kind.</summary>
internal sealed record ThriftList(ThriftKind Of) : ThriftKind
{
    public override bool Is(int type) => type == 9;
}

/// <summary>A struct by the kinds of its fields, of which the first has the number 1; null is a number that is not in use.</summary>
internal sealed record ThriftFields(params ThriftKind?[] Kinds) : ThriftKind
{
    public override bool Is(int type) => type == 12;

    public ThriftKind? Kind(int id) => id >= 1 && id <= Kinds.Length ? Kinds[id - 1] : null;
}

/// <summary>The structs of a Parquet file's description (parquet.thrift of the Parquet format, 2.11).</summary>
internal static class ParquetFormat
{
    private static readonly ThriftKind Flag = new ThriftValue(1, 2), Byte = new ThriftValue(3), Number = new ThriftValue(4, 5, 6), Real = new ThriftValue(7),
        Text = new ThriftValue(8);

    private static readonly ThriftKind Numbers = new ThriftList(Number);
    private static readonly ThriftFields Nothing = new(), Unit = new(Nothing, Nothing, Nothing), Moment = new(Flag, Unit);

    private static readonly ThriftFields LogicalType = new(Nothing, Nothing, Nothing, Nothing, new ThriftFields(Number, Number), Nothing, Moment, Moment, null,
        new ThriftFields(Byte, Flag), Nothing, Nothing, Nothing, Nothing, Nothing,
        new ThriftFields(Byte), new ThriftFields(Text), new ThriftFields(Text, Number));

    private static readonly ThriftFields SchemaElement = new(Number, Number, Number, Text, Number, Number, Number, Number, Number, LogicalType);
    private static readonly ThriftFields Statistics = new(Text, Text, Number, Number, Text, Text, Flag, Flag);
    private static readonly ThriftFields SizeStatistics = new(Number, Numbers, Numbers);
    private static readonly ThriftFields GeospatialStatistics = new(new ThriftFields(Real, Real, Real, Real, Real, Real, Real, Real), Numbers);
    private static readonly ThriftKind KeyValues = new ThriftList(new ThriftFields(Text, Text));

    private static readonly ThriftFields ColumnMetaData = new(Number, Numbers, new ThriftList(Text), Number, Number, Number, Number, KeyValues, Number, Number,
        Number, Statistics, new ThriftList(new ThriftFields(Number, Number, Number)), Number, Number, SizeStatistics, GeospatialStatistics);

    private static readonly ThriftFields CryptoMetaData = new(Nothing, new ThriftFields(new ThriftList(Text), Text));
    private static readonly ThriftFields ColumnChunk = new(Text, Number, ColumnMetaData, Number, Number, Number, Number, CryptoMetaData, Text);

    private static readonly ThriftFields RowGroup = new(new ThriftList(ColumnChunk), Number, Number,
        new ThriftList(new ThriftFields(Number, Flag, Flag)), Number, Number, Number);

    private static readonly ThriftFields Encryption = new(new ThriftFields(Text, Text, Flag), new ThriftFields(Text, Text, Flag));

    /// <summary>FileMetaData: the schema is field 2, the row groups field 4.</summary>
    public static ThriftFields Footer { get; } = new(Number, new ThriftList(SchemaElement), Number, new ThriftList(RowGroup), KeyValues, Text,
        new ThriftList(new ThriftFields(Nothing)), Encryption, Text);

    /// <summary>PageHeader: kind, sizes unpacked and packed, and headers of data (5), of a dictionary (7) and of data of the second kind (8).</summary>
    public static ThriftFields Page { get; } = new(Number, Number, Number, Number, new ThriftFields(Number, Number, Number, Number, Statistics), Nothing,
        new ThriftFields(Number, Number, Flag), new ThriftFields(Number, Number, Number, Number, Number, Number, Flag, Statistics));
}
