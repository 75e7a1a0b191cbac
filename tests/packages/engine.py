"""The packages in .NET Interactive, by a `#r "nuget:"` and nothing else, asked of that engine by Jupyter's own client.

    dotnet tool restore
    JUPYTER_PATH=DIR/share/jupyter python3 tests/packages/engine.py FEED VERSION REVISIONS

FEED is a folder with both packages, REVISIONS what notebooks/critique-and-revise.cs printed. Prints one line a check; the exit code is the number of
checks that failed.
"""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "kernel"))

import interactive  # noqa: E402
import protocol  # noqa: E402

PROGRAM = os.path.join(ROOT, "notebooks", "critique-and-revise.cs")


def words(text):
    return [line for line in text.replace("\r\n", "\n").split("\n") if line]


def references(c, package, feed, version):
    out = interactive.ok(c, f'#i "nuget:{feed}"\n#r "nuget: {package}, {version}"')
    loaded = [str(d["data"]) for d in protocol.of(out, "display_data")]
    assert any(f"{package.lower()}/{version}/interactive-extensions/dotnet/extension.dib" in text for text in loaded), loaded


def library(c, feed, version, revisions):
    """torch before anything of the library, the program's own lines, a figure: with the one package."""
    references(c, "Cai.Notebooks", feed, version)
    assert protocol.printed(interactive.ok(c, "using TorchSharp;\nConsole.Write(torch.ones(2, 2).sum().item<float>());")) == "4"
    with open(PROGRAM, encoding="utf-8") as file:
        cell = re.sub(r"^#:.*\n", "", file.read(), flags=re.M).replace("args.FirstOrDefault() ?? ", "").replace("using var ", "var ")
    found = protocol.printed(interactive.ok(c, cell))
    with open(revisions, encoding="utf-8") as file:
        assert words(found) == words(file.read()), found
    figure = interactive.result(interactive.ok(c, interactive.FIGURE))
    assert "image/png" in figure, list(figure)


def extension(c, feed, version, revisions):
    """What the kit adds to the engine is there with the other package, which brings the library."""
    references(c, "Cai.Interactive", feed, version)
    interactive.ok(c, "using TorchSharp;")
    interactive.one_thread(c, None)
    interactive.shape_mistake(c, None)
    interactive.formatters(c, None)
    answers = protocol.of(interactive.ok(c, '#!cai sample "How do I plant a tree?"'), "display_data")[0]["data"]
    assert answers["text/html"].count("<tr") == 4, answers


def main():
    arguments = sys.argv[1:4]
    return sum(protocol.run_checks(protocol.Client(".net-csharp", interactive.NOTEBOOKS), [check], *arguments) for check in (library, extension))


if __name__ == "__main__":
    sys.exit(main())
