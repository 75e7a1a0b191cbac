using TorchSharp;

namespace Cai.Torch;

/// <summary>
/// Numbers that the inner loops hand to torch, kept for good. TorchSharp 0.107 wraps a number that meets a tensor in an
/// object whose finaliser frees it, and does not keep that object alive during the native call: a garbage collection at
/// that moment frees the number while it is being read (seen once in hours of training, as "Expected false to be true").
/// A number that is not constant is held for the length of the call: `using Scalar rate = …`.
/// </summary>
internal static class Scalars
{
    public static Scalar Zero { get; } = 0;

    public static Scalar One { get; } = 1;

    public static Scalar Two { get; } = 2;

    public static Scalar MinusInfinity { get; } = double.NegativeInfinity;
}
