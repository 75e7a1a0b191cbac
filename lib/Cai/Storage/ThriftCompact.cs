namespace Cai.Storage;

/// <summary>A struct of Thrift by field number; numbers, structs and lists are kept, texts are passed over.</summary>
internal sealed class ThriftStruct
{
    private List<(int Id, object Value)>? fields;

    public long Number(int id) => Find(id) is long number ? number : 0;

    public bool Flag(int id, bool absent) => Find(id) as bool? ?? absent;

    public ThriftStruct? Struct(int id) => Find(id) as ThriftStruct;

    public IEnumerable<ThriftStruct> Structs(int id) => (Find(id) as List<object>)?.OfType<ThriftStruct>() ?? [];

    public void Add(int id, object value) => (fields ??= []).Add((id, value));

    private object? Find(int id) => fields?.FindLast(field => field.Id == id).Value;
}

/// <summary>
/// Thrift's compact protocol, as Parquet's footer and page headers are written. No length is believed before the bytes for it are seen to be there, and every
/// field is of the kind that the format gives it, so that what passes here can be given to a reader that believes all of this.
/// </summary>
/// <exception cref="InvalidDataException">The bytes are no such struct, or one that Parquet's have nothing of.</exception>
internal sealed class ThriftCompact(Stream stream, long end)
{
    private const int MostValues = 4_000_000;

    private int values;

    /// <summary>The struct at the stream's position, which is behind it then.</summary>
    public ThriftStruct Struct(ThriftFields fields)
    {
        var read = new ThriftStruct();
        for (var id = 0; Byte() is > 0 and var head;)
        {
            id = head >> 4 is > 0 and var step ? id + step : (short)Number();
            var type = head & 15;
            var kind = fields.Kind(id);
            // A reader knows of later fields by their type only, and of a list or struct that is not empty it then mistakes the bytes for its own.
            if (kind is null && type == 12 && Byte() == 0)
                continue;
            if (kind is null ? type is 9 or 10 or 12 : !kind.Is(type))
                throw new InvalidDataException($"its description has a field {id} of type {type}, which Parquet has not");
            read.Add(id, type is 1 or 2 ? type == 1 : Value(type, kind));
        }
        return read;
    }

    private object Value(int type, ThriftKind? kind)
    {
        if (++values > MostValues)
            throw new InvalidDataException($"its description has more than {MostValues} values");
        switch (type)
        {
            case 3:
                return (long)Byte();
            case 4 or 5 or 6:
                return Number();
            case 7:
                return Pass(sizeof(double));
            case 8:
                return Pass(Unsigned());
            case 9:
                var head = Byte();
                var count = head >> 4 is < 15 and var few ? (ulong)few : Unsigned();
                Fits(count); // every element takes a byte at least
                var each = ((ThriftList)kind!).Of; // as the field's kind is the type's
                if (count > 0 && !each.Is(head & 15))
                    throw new InvalidDataException($"its description has a list of type {head & 15}, which Parquet has not there");
                var items = new List<object>();
                for (; count > 0; count--)
                    items.Add(Value(head & 15, each));
                return items;
            case 12:
                return Struct((ThriftFields)kind!);
            default:
                throw new InvalidDataException($"its description has a value of type {type}");
        }
    }

    private int Byte() => stream.Position < end && stream.ReadByte() is >= 0 and var value ? value
        : throw new InvalidDataException("its description breaks off");

    private ulong Unsigned()
    {
        var result = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Byte();
            result |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return result;
        }
        throw new InvalidDataException("its description has a number that does not end");
    }

    private long Number() => Unsigned() is var zigzag ? (long)(zigzag >> 1) ^ -(long)(zigzag & 1) : 0;

    private object Pass(ulong bytes)
    {
        Fits(bytes);
        stream.Seek((long)bytes, SeekOrigin.Current);
        return false;
    }

    private void Fits(ulong bytes)
    {
        if (bytes > (ulong)(end - stream.Position))
            throw new InvalidDataException("its description says that it is longer than the file");
    }
}
