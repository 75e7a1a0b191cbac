using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Cai.Torch;

/// <summary>
/// Arithmetic of tensors with numbers that live until torch has read them. TorchSharp 0.107 wraps every number that meets
/// a tensor in a <see cref="Scalar"/> and does not keep it alive during the native call: when another thread starts a
/// collection in that moment, the finaliser frees the number while it is read ("Expected false to be true", or a wrong
/// number and no word). Beside a thread that collects all the time that was 67 exceptions in 430,000 operations, and
/// none in 734,000 with held numbers. Servers, notebooks and parallel tests have such threads.
/// </summary>
/// <remarks>
/// Numbers hide in x + y (its factor 1), in square() (its exponent), in softplus and in reading a result; none is in x - y,
/// x * y and x / y of two tensors. The library does all of the former by this class. Results are TorchSharp's, bit for bit.
/// </remarks>
public static class ScalarSafe
{
    private static readonly Scalar One = 1;
    private static readonly Scalar Two = 2;

    /// <summary>x + y.</summary>
    public static Tensor Add(this Tensor x, Tensor y) => x.add(y, One);

    /// <summary>x + number.</summary>
    public static Tensor Add(this Tensor x, Scalar number) => Held(x.add(number, One), number);

    /// <summary>x - number.</summary>
    public static Tensor Sub(this Tensor x, Scalar number) => Held(x.sub(number), number);

    /// <summary>x · number.</summary>
    public static Tensor Mul(this Tensor x, Scalar number) => Held(x.mul(number), number);

    /// <summary>x / number.</summary>
    public static Tensor Div(this Tensor x, Scalar number) => Held(x.div(number), number);

    /// <summary>x².</summary>
    public static Tensor Square(this Tensor x) => x.pow(Two);

    /// <summary>x + a · b.</summary>
    public static Tensor AddCMul(this Tensor x, Tensor a, Tensor b) => x.addcmul(a, b, One);

    /// <summary>log(1 + eˣ).</summary>
    public static Tensor SoftPlus(this Tensor x)
    {
        using Scalar beta = 1.0, threshold = 20.0;
        return SoftPlus(x, beta, threshold);
    }

    /// <summary>The numbers no lower than the one and no higher than the other bound.</summary>
    public static Tensor Clamp(this Tensor x, Scalar? min = null, Scalar? max = null) => Held(Held(x.clamp(min, max), min), max);

    /// <summary>Where x &lt; number.</summary>
    public static Tensor Lt(this Tensor x, Scalar number) => Held(x.lt(number), number);

    /// <summary>x, but number where the mask is true.</summary>
    public static Tensor MaskedFill(this Tensor x, Tensor mask, Scalar number) => Held(x.masked_fill(mask, number), number);

    /// <summary>Integers from 0 up, less than <paramref name="stop"/>.</summary>
    public static Tensor Range(long stop, ScalarType dtype, Device? device = null, long step = 1)
    {
        using Scalar from = 0, to = stop, by = step;
        return arange(from, to, by, dtype, device);
    }

    /// <summary>x becomes x + y.</summary>
    public static Tensor AddInPlace(this Tensor x, Tensor y) => x.add_(y, One);

    /// <summary>x becomes x + number.</summary>
    public static Tensor AddInPlace(this Tensor x, Scalar number) => Held(x.add_(number, One), number);

    /// <summary>x becomes x · number.</summary>
    public static Tensor MulInPlace(this Tensor x, Scalar number) => Held(x.mul_(number), number);

    /// <summary>x becomes x / number.</summary>
    public static Tensor DivInPlace(this Tensor x, Scalar number) => Held(x.div_(number), number);

    /// <summary>x becomes x + factor · a · b.</summary>
    public static Tensor AddCMulInPlace(this Tensor x, Tensor a, Tensor b, Scalar factor) => Held(x.addcmul_(a, b, factor), factor);

    /// <summary>x becomes x + factor · a / b.</summary>
    public static Tensor AddCDivInPlace(this Tensor x, Tensor a, Tensor b, Scalar factor) => Held(x.addcdiv_(a, b, factor), factor);

    /// <summary>x becomes number everywhere.</summary>
    public static Tensor FillInPlace(this Tensor x, Scalar number) => Held(x.fill_(number), number);

    /// <summary>x becomes number where the mask is true.</summary>
    public static Tensor MaskedFillInPlace(this Tensor x, Tensor mask, Scalar number) => Held(x.masked_fill_(mask, number), number);

    /// <summary>x[row] becomes number for these rows.</summary>
    public static Tensor IndexFillInPlace(this Tensor x, Tensor rows, Scalar number) => Held(x.index_fill_(0, rows, number), number);

    /// <summary>The one number of a tensor.</summary>
    public static double ReadDouble(this Tensor x)
    {
        using var number = x.ToScalar();
        return number.ToDouble();
    }

    /// <inheritdoc cref="ReadDouble"/>
    public static long ReadInt64(this Tensor x)
    {
        using var number = x.ToScalar();
        return number.ToInt64();
    }

    /// <inheritdoc cref="ReadDouble"/>
    public static bool ReadBoolean(this Tensor x)
    {
        using var number = x.ToScalar();
        return number.ToBoolean();
    }

    // An argument is alive until KeepAlive, which comes after the native call.
    private static Tensor Held(Tensor result, Scalar? number)
    {
        GC.KeepAlive(number);
        return result;
    }

    // The public softplus takes plain numbers and wraps them itself, out of our reach.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "softplus1")]
    private static extern Tensor SoftPlus(Tensor x, Scalar beta, Scalar threshold);
}
