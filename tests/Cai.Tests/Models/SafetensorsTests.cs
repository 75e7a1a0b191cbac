using System.Buffers.Binary;
using System.Text;
using Cai.Models;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Models;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void TheBytesAreThoseOfTheFormat()
    {
        var path = folder.Path("x.safetensors");
        Safetensors.Write(path, [new("a", tensor(new float[] { 1, -2 }))]);
        var header = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";
        header = header.PadRight((header.Length + 7) / 8 * 8);
        byte[] expected = [(byte)header.Length, 0, 0, 0, 0, 0, 0, 0, .. Encoding.ASCII.GetBytes(header), 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0];
        Assert.Equal(expected, File.ReadAllBytes(path));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.Int64)]
    [InlineData(ScalarType.Byte)]
    [InlineData(ScalarType.Bool)]
    public void WhatIsWrittenIsReadBack(ScalarType dtype)
    {
        var path = folder.Path("x.safetensors");
        var original = tensor(new float[] { 0, 1, 2, 3, 100, 127 }).view(2, 3).to(dtype);
        Safetensors.Write(path, [new("a.b", original.t()), new("one", ones(1)), new("none", empty(0, 4)), new("scalar", tensor(3.5f))],
            metadata: new Dictionary<string, string> { ["note"] = "zwölf \"q\"" });
        using var file = Safetensors.Open(path);
        var read = file.Read("a.b");
        Assert.Equal(dtype, read.dtype);
        Assert.Equal([3, 2], read.shape);
        Assert.True(read.eq(original.t()).all().ToBoolean());
        Assert.Equal([0, 4], file.Read("none").shape);
        Assert.Equal(3.5f, file.Read("scalar").ToSingle());
        Assert.Equal("zwölf \"q\"", file.Metadata["note"]);
    }

    [Theory]
    [InlineData(ScalarType.BFloat16, 1.0 + 1.0 / 256, 1.0)] // a tie goes to the even mantissa
    [InlineData(ScalarType.BFloat16, 1.0 + 3.0 / 256, 1.0 + 1.0 / 64)]
    [InlineData(ScalarType.Float16, 1.0 + 1.0 / 2048, 1.0)]
    public void NarrowTypesRoundToNearestEvenAndKeepIntegers(ScalarType dtype, double value, double expected)
    {
        var path = folder.Path("x.safetensors");
        Safetensors.Write(path, [new("a", tensor(new[] { (float)value })), new("steps", tensor(new long[] { long.MaxValue }))], dtype);
        using var file = Safetensors.Open(path);
        Assert.Equal(expected, file.Read("a").to(ScalarType.Float64).item<double>());
        Assert.Equal(long.MaxValue, file.Read("steps").item<long>());
    }

    [Fact]
    public void TensorsLargerThanTheStagingBufferSurvive()
    {
        var path = folder.Path("x.safetensors");
        var big = arange((1 << 22) + 77, dtype: ScalarType.Int32);
        Safetensors.Write(path, [new("big", big)]);
        using var file = Safetensors.Open(path);
        Assert.True(file.Read("big").eq(big).all().ToBoolean());
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "'a' ends at byte")] // truncated data
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 12, "4 bytes at the end")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "'a' takes 8 bytes, but F32 of shape [3] needs 12")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""", 6, "'b' overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, "'b' leaves a gap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "\"a\" stands twice")]
    [InlineData("""{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}""", 1, "'a' has dtype F8_E4M3")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "negative")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}""", 4, "not the JSON")]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "not the JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "offsets [4, 0]")]
    [InlineData("[1]", 0, "not the JSON")]
    [InlineData("{", 0, "not the JSON")]
    public void ADamagedFileNamesItselfAndTheTensor(string header, int dataBytes, string expected)
    {
        var path = folder.Path("bad.safetensors");
        File.WriteAllBytes(path, Raw(header, dataBytes));
        var error = Assert.Throws<CaiException>(() => Safetensors.Open(path));
        Assert.Contains(expected, error.Message);
        Assert.Equal(path, error.Where);
    }

    [Fact]
    public void AFileCutAnywhereIsRefused()
    {
        var path = folder.Path("x.safetensors");
        Safetensors.Write(path, [new("a", ones(3)), new("b", ones(2, 2))]);
        var whole = File.ReadAllBytes(path);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Throws<CaiException>(() => Safetensors.Open(path));
        }
    }

    [Fact]
    public void AHeaderLongerThanAnyFileIsRefused()
    {
        var path = folder.Path("lfs");
        File.WriteAllText(path, "version https://git-lfs.github.com/spec/v1");
        Assert.Contains("not a safetensors file", Assert.Throws<CaiException>(() => Safetensors.Open(path)).Message);
        Assert.Contains("does not exist", Assert.Throws<CaiException>(() => Safetensors.Open(folder.Path("absent"))).Message);
    }

    [Fact]
    public void AValueThatIsNotFiniteIsFoundWhenAskedFor()
    {
        var path = folder.Path("x.safetensors");
        Safetensors.Write(path, [new("w", tensor(new[] { 1f, float.NaN }))]);
        using var file = Safetensors.Open(path);
        file.CopyTo("w", zeros(2));
        Assert.Contains("'w'", Assert.Throws<CaiException>(() => file.CopyTo("w", zeros(2), checkFinite: true)).Message);
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void FiniteIsWhatTorchCallsFiniteInEveryTypeAndPlace(ScalarType type)
    {
        foreach (var length in new[] { 1, 7, 16, 67 })
            foreach (var bad in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity, 65504, 1e-7, -0.0 }) // 65504: the largest of Float16
                foreach (var at in new[] { 0, length / 2, length - 1 })
                {
                    var values = randn(length).to(type);
                    values[at] = bad;
                    var path = folder.Path("x.safetensors");
                    Safetensors.Write(path, [new("w", values), new("n", full(length, -1L))]);
                    using var file = Safetensors.Open(path);
                    file.Read("n", checkFinite: true);
                    if (values.isfinite().all().ToBoolean())
                        Assert.True(file.Read("w", checkFinite: true).eq(values).all().ToBoolean());
                    else
                        Assert.Contains("'w'", Assert.Throws<CaiException>(() => file.Read("w", checkFinite: true)).Message);
                }
    }

    [Fact]
    public void ACheckpointKeepsTensorsAndState()
    {
        var path = folder.Path("deep", "c.safetensors");
        var weights = tensor(new[] { 0.1f, -0f, 1e-40f });
        TensorFile.Save(path, [new("w", weights), new("n", tensor(new long[] { 7 }))], new State(3, "x"));
        using var loaded = TensorFile.Load<State>(path);
        Assert.Equal(new State(3, "x"), loaded.State);
        Assert.Equal(weights.bytes.ToArray(), loaded.Tensors["w"].bytes.ToArray());
        Assert.Equal(7, loaded.Tensors["n"].item<long>());
        Safetensors.Write(path, [new("w", weights)]);
        Assert.Contains("no checkpoint", Assert.Throws<CaiException>(() => TensorFile.Load<State>(path)).Message);
    }

    private sealed record State(int Step, string Note);

    private static byte[] Raw(string header, int dataBytes)
    {
        var bytes = new byte[8 + Encoding.UTF8.GetByteCount(header) + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length - 8 - dataBytes);
        Encoding.UTF8.GetBytes(header, bytes.AsSpan(8));
        return bytes;
    }
}
