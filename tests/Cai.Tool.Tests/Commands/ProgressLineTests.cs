using Cai.Reproduction;
using Cai.Tool.Commands;
using Spectre.Console;
using Xunit;

namespace Cai.Tool.Tests.Commands;

public sealed class ProgressLineTests
{
    private readonly HandClock clock = new();
    private readonly StringWriter text = new() { NewLine = "\n" };

    [Fact]
    public void WithoutATerminalItWritesOneLineAnInterval()
    {
        using (var line = ProgressLine.Start("labelling", "pairs", 40, text, clock))
            for (var done = 1; done <= 40; done++)
            {
                clock.Now += TimeSpan.FromSeconds(0.5);
                line.Report(done);
            }
        Assert.Equal("labelling: 20/40 pairs, 2/s, 0:10 left, 10 s\nlabelling: 40/40 pairs, 20 s\n", text.ToString());
    }

    [Fact]
    public void StagesStandBehindTheWorkTheyAreIn()
    {
        using var line = ProgressLine.Start("06-rl-cai", "cells", 12, text, clock);
        line.Report(3);
        line.Report(new StageProgress("rl-cai", 10, 40, "", "iterations"));
        clock.Now += TimeSpan.FromSeconds(30);
        line.Report(new StageProgress("rl-cai", 12, 40, "kl 1.5", "iterations"));
        Assert.Equal("06-rl-cai: 3/12 cells, 6/min, 1:30 left, 30 s > rl-cai: 12/40 iterations, 4/min, 7:00 left, kl 1.5\n", text.ToString());
        line.EndCell();
        clock.Now += TimeSpan.FromSeconds(30);
        line.Report(4);
        Assert.EndsWith("\n06-rl-cai: 4/12 cells, 4/min, 2:00 left, 60 s\n", text.ToString());
    }

    [Fact]
    public void ATerminalShowsABarInsideABar()
    {
        using var screen = new StringWriter();
        var terminal = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes, Out = new AnsiConsoleOutput(screen) });
        terminal.Profile.Width = 160;
        using (var line = ProgressLine.Start("06-rl-cai", "cells", 12, text, clock, terminal))
        {
            line.Report(3);
            line.Report(new StageProgress("rl-cai", 10, 40, "[kl]", "iterations"));
            // Drawn by another thread, ten times a second.
            for (var i = 0; i < 500 && !Written(screen).Contains("[kl]", StringComparison.Ordinal); i++)
                Thread.Sleep(10);
        }
        Assert.Contains("06-rl-cai  3/12 cells", Written(screen));
        Assert.Contains("└─ rl-cai  10/40 iterations, [kl]", Written(screen));
        Assert.Empty(text.ToString());
    }

    private static string Written(StringWriter screen)
    {
        for (; ; )
        {
            try
            {
                return screen.ToString();
            }
            catch (ArgumentOutOfRangeException)
            {
                // read while it was written to
            }
        }
    }
}
