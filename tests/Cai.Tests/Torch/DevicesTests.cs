using Cai.Torch;
using TorchSharp;
using Xunit;

namespace Cai.Tests.Torch;

public sealed class DevicesTests
{
    [Fact]
    public void NamesArePytorchs()
    {
        Assert.Equal(DeviceType.CPU, Devices.Named("cpu").type);
        foreach (var wrong in (string[])["gpu", "cuda:x", "cuda:-1", "cuda:0:1", ""])
            Assert.Contains($"'{wrong}' is no device", Assert.Throws<CaiException>(() => Devices.Named(wrong)).Message);
    }

    [Fact]
    public void ADeviceThatIsAbsentIsAnError()
    {
        Assert.SkipWhen(torch.cuda.is_available(), "This machine has a CUDA device.");
        Assert.Contains("no CUDA device", Assert.Throws<CaiException>(() => Devices.Named("cuda:0")).Message);
    }
}
