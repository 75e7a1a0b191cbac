using Cai.Tool.Notebooks;
using Xunit;

namespace Cai.Tool.Tests.Notebooks;

public sealed class NotebookDocumentTests
{
    /// <summary>Values of another kind where a word or a whole number should stand, as the campaign of damaged inputs found them.</summary>
    [Theory]
    [InlineData("""{"nbformat": 4, "nbformat_minor": 1e2, "cells": []}""")]
    [InlineData("""{"nbformat": 4, "nbformat_minor": [], "cells": [{"cell_type": "code", "source": ["x"], "execution_count": 1.5}]}""")]
    [InlineData("""{"nbformat": 4, "cells": [{"cell_type": "raw", "source": "", "metadata": [1], "outputs": {}}]}""")]
    [InlineData("""{"nbformat": 4, "cells": [{"cell_type": "code", "source": "", "metadata": {"tags": [1]}, "outputs": [{"output_type": 1, "name": []}]}]}""")]
    public void OtherKindsOfValuesAreNoExceptions(string json)
    {
        var notebook = NotebookDocument.Parse(json, "x.ipynb");
        foreach (var cell in notebook.Cells)
        {
            Assert.False(cell.MayFail);
            _ = (cell.Source, cell.ExecutionCount);
            cell.Add(new StreamText("stdout", "a"));
        }
        notebook.Clear();
        NotebookDocument.Parse(notebook.ToJson(), "x.ipynb");
    }

    [Theory]
    [InlineData("""{"nbformat": 4.5, "cells": []}""")]
    [InlineData("""{"nbformat": 1e400, "cells": []}""")]
    [InlineData("""{"nbformat": 99999999999, "cells": []}""")]
    public void AnotherFormatIsRefused(string json) =>
        Assert.Contains("format 4", Assert.Throws<CaiException>(() => NotebookDocument.Parse(json, "x.ipynb")).Message);
}
