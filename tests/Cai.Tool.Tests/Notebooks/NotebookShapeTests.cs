using Cai.Tool.Notebooks;
using Xunit;

namespace Cai.Tool.Tests.Notebooks;

public class NotebookShapeTests
{
    [Theory]
    [InlineData("{\"nbformat\": 4,\n\"cells\": [],\n\"cells\": []}", "\"cells\" stands twice", ":3")]
    [InlineData("{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\",\n\"source\": \"\\ud83d\"}]}", "half a surrogate pair", ":2")]
    [InlineData("""{"nbformat": 4, "cells": [{"cell_type": 5, "source": "x"}]}""", "cell 1 is no text", "")]
    [InlineData("""{"nbformat": 4, "cells": [{"cell_type": "code", "source": 5}]}""", "cell 1 is no text", "")]
    [InlineData("""{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["a", 5]}]}""", "cell 1 is no text", "")]
    [InlineData("""{"nbformat": 1e40, "cells": []}""", "not a notebook of format 4", "")]
    [InlineData("""{"nbformat": "4", "cells": []}""", "not a notebook of format 4", "")]
    public void AFileOfAnotherShapeIsOneLine(string json, string problem, string line)
    {
        var error = Assert.Throws<CaiException>(() => NotebookDocument.Parse(json, "n.ipynb"));
        Assert.Contains(problem, error.Message);
        Assert.Equal("n.ipynb" + line, error.Where);
    }

    [Fact]
    public void OddValuesBesideTheCellsAreKept()
    {
        var notebook = NotebookDocument.Parse("""
            {"nbformat": 4, "nbformat_minor": "x", "metadata": [],
             "cells": [{"cell_type": "code", "source": "1", "metadata": {"tags": [5]}, "execution_count": "x"}]}
            """, "n");
        notebook.Clear();
        Assert.False(notebook.Cells[0].MayFail);
        Assert.Null(notebook.Cells[0].ExecutionCount);
    }
}
