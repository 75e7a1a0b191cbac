using System.Text.Json;
using Cai.Storage;

namespace Cai.Tool.Kernel;

/// <summary>Where a Jupyter client wants its kernel to listen, and the key that signs their messages (Jupyter's "connection file").</summary>
internal sealed record ConnectionFile(
    string Transport, string Ip, int ShellPort, int IopubPort, int StdinPort, int ControlPort, int HbPort, string Key, string SignatureScheme = "hmac-sha256")
{
    private static readonly JsonSerializerOptions Names = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <exception cref="CaiException">The file is missing, is no connection file, or asks for another signature than HMAC-SHA256.</exception>
    public static ConnectionFile Load(string path)
    {
        if (!File.Exists(path))
            throw new CaiException("This connection file does not exist.",
                "Jupyter writes one and starts `cai kernel run` with it; run `cai kernel install` and choose the kernel in Jupyter.", path);
        ConnectionFile? file;
        try
        {
            const string remedy = "Let Jupyter start the kernel.";
            file = OutsideJson.Element(InputFile.ReadText(path, remedy), path, "a connection file", remedy).Deserialize<ConnectionFile>(Names);
        }
        catch (JsonException e)
        {
            throw new CaiException("This is not a connection file.", "Let Jupyter start the kernel.", path, e);
        }
        if (file is not { Transport: not null, Ip: not null, Key: not null } || file.ShellPort <= 0 || file.IopubPort <= 0 || file.StdinPort <= 0
            || file.ControlPort <= 0 || file.HbPort <= 0)
            throw new CaiException("The connection file lacks transport, ip, key or one of the five ports.", "Let Jupyter start the kernel.", path);
        if (file.Key.Length > 0 && file.SignatureScheme != "hmac-sha256")
            throw new CaiException($"The signature scheme {file.SignatureScheme} is not known.", "Use hmac-sha256, Jupyter's default.", path);
        return file;
    }

    /// <summary>Address of a port, as ZeroMQ wants it.</summary>
    public string Address(int port) => Transport == "ipc" ? $"ipc://{Ip}-{port}" : $"{Transport}://{Ip}:{port}";
}
