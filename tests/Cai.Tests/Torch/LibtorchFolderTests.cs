using Cai.Torch;
using Xunit;

namespace Cai.Tests.Torch;

public sealed class LibtorchFolderTests : IDisposable
{
    // The name of a function of libc10 with C++'s new ABI and with its old one.
    private const string New = "\0_ZN3c106detail14torchCheckFailEPKcS2_jRKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE\0";
    private const string Old = "\0_ZN3c106detail14torchCheckFailEPKcS2_jRKSs\0";
    private readonly TempFolder folder = new();

    public LibtorchFolderTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "CAI_LIBTORCH is read on Linux only.");

    public void Dispose() => folder.Dispose();

    private void Libraries(string where, string c10 = New)
    {
        Directory.CreateDirectory(folder.Path(where));
        folder.File($"{where}/libtorch_cpu.so", "");
        folder.File($"{where}/libc10.so", c10);
    }

    private string Message() => Assert.Throws<CaiException>(() => LibtorchFolder.Open(folder.Root)).Message;

    [Theory]
    [InlineData("version.py",
        "from typing import Optional\n\n__all__ = ['__version__', 'cuda']\n__version__ = '2.10.0+cu128'\ncuda: Optional[str] = '12.8'\n", "2.10.0+cu128")]
    [InlineData("build-version", "2.10.0+cpu\n", "2.10.0+cpu")]
    [InlineData("version.txt", "2.10.0", "2.10.0")]
    public void APytorchOrLibtorchOfTheReleaseIsTakenByItsFolderOrItsLibFolder(string file, string text, string version)
    {
        Libraries("lib");
        folder.File(file, text);
        var found = LibtorchFolder.Open(folder.Root);
        Assert.Equal((folder.Path("lib"), version, false), (found.Folder, found.Version, found.HasCuda));
        Assert.Equal(found, LibtorchFolder.Open(folder.Path("lib")));
        folder.File("lib/libtorch_cuda.so", "");
        Assert.True(LibtorchFolder.Open(folder.Root).HasCuda);
    }

    [Theory]
    [InlineData("2.7.1+cu126")]
    [InlineData("2.10.1")]
    [InlineData("2.10.0a0+git1234")]
    [InlineData("2.1.0")]
    public void AnotherReleaseIsNamedWithTheOneThatFits(string version)
    {
        Libraries("lib");
        folder.File("version.py", $"__version__ = '{version}'\n");
        var message = Message();
        Assert.Contains($"This is libtorch {version}; TorchSharp 0.107.0 was built against 2.10.0", message);
        Assert.StartsWith($"CAI_LIBTORCH={folder.Root}: ", message);
    }

    [Fact]
    public void AFolderWithoutLibtorchOrWithoutAVersionIsRefused()
    {
        Assert.Contains("There is no libtorch here", Message());
        Assert.Contains("There is no libtorch here", Assert.Throws<CaiException>(() => LibtorchFolder.Open(folder.Path("absent"))).Message);
        Libraries("lib");
        Assert.Contains("does not say which release", Message());
        folder.File("version.py", "nothing of the kind");
        Assert.Contains("does not say which release", Message());
    }

    [Fact]
    public void TheOldAbiOfCppIsRefused()
    {
        Libraries("lib", Old);
        folder.File("build-version", "2.10.0+cpu");
        Assert.Contains("_GLIBCXX_USE_CXX11_ABI=1", Message());
    }
}
