using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Cai.Torch;
using Xunit;

namespace Cai.Tests.Torch;

public sealed class ElfStubTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int Function();

    [Theory]
    [InlineData("a", 1)]
    [InlineData("cai_test_of_a_name_that_is_longer_than_those_of_most_functions", -7)]
    public void TheFunctionOfALoadedLibraryReturnsItsConstant(string name, int value)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64, "The library is for Linux on x86-64.");
        var path = folder.Path($"lib{name}.so");
        File.WriteAllBytes(path, ElfStub.Library($"lib{name}.so", name, value));
        var library = NativeLibrary.Load(path);
        Assert.Equal(value, Marshal.GetDelegateForFunctionPointer<Function>(NativeLibrary.GetExport(library, name))());
        Assert.False(NativeLibrary.TryGetExport(library, name + "_", out _));
        NativeLibrary.Free(library);
    }

    /// <summary>The bytes whose effect on MKL was measured; a change of the writer is to be measured anew.</summary>
    [Fact]
    public void TheLibraryForMklIsThisFile()
    {
        Assert.Equal("e98a18dcd7162429e616a7f15f63bcea266caf5f5ddfc6d68571ca2a2ef44c60", Convert.ToHexStringLower(SHA256.HashData(MklKernels.Library())));
        Assert.InRange(MklKernels.Library().Length, 1, 1024);
    }
}
