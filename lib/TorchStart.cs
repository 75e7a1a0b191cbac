using System.Runtime.CompilerServices;

/// <summary>
/// Compiled into every executable: libtorch must be made loadable before the first TorchSharp type
/// is touched, and a library's own initializer runs too late for code that calls torch first.
/// </summary>
internal static class TorchStart
{
#pragma warning disable CA2255 // an executable is what this attribute is for
    [ModuleInitializer]
    internal static void Init() => Cai.Torch.TorchNative.Init();
#pragma warning restore CA2255
}
