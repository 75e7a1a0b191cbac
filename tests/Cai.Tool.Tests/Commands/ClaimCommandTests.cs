using System.Text.Json.Nodes;
using Cai.Evaluation;
using Cai.Reproduction;
using Cai.Tool.Commands;
using Xunit;

namespace Cai.Tool.Tests.Commands;

public sealed class ClaimCommandTests : IDisposable
{
    private const string Id = "helpful-correct";
    private readonly Workspace work = new();

    public void Dispose() => work.Dispose();

    [Fact]
    public async Task AClaimIsShownWithItsPlaceAndItsValue()
    {
        Keep(Measured(0.8, 0.7, 0.9));
        var (code, output, error) = await Workspace.Cai("claim", Id, "--out", work.Folder);
        Assert.True(code == 0, error);
        var claim = ClaimBook.Load()[Id];
        Assert.Contains(claim.Statement, output);
        Assert.Matches(@"\(Elo \d+ to \d+, digitised\)", output); // a reference into the paper's figures
        Assert.DoesNotContain("fig2_52B", output);
        Assert.Contains("the whole 95 % interval is greater than 0.5", output);
        Assert.Contains("notebook 01-helpful-model, HelpfulModelStudy, lib/Cai/Reproduction/01-helpful-model/", output);
        Assert.Contains("0.8 [0.7, 0.9], n = 12, seeds 1, 2, holds", output);
    }

    [Fact]
    public async Task WithoutAValueItSaysSo()
    {
        var (code, output, _) = await Workspace.Cai("claim", Id, "--out", work.Folder);
        Assert.Equal(0, code);
        Assert.Contains($"not measured yet: cai claim {Id} --run", output);
    }

    [Fact]
    public async Task AllAreListedWithTheirVerdicts()
    {
        Keep(Measured(0.8, 0.7, 0.9));
        var (code, output, _) = await Workspace.Cai("claim", "--out", work.Folder);
        Assert.Equal(0, code);
        var lines = output.TrimEnd().Split('\n');
        Assert.Equal(ClaimBook.Load().All.Select(c => c.Id), lines.Select(line => line.Split(' ')[0]));
        Assert.Contains("agrees", lines.Single(line => line.StartsWith(Id + " ", StringComparison.Ordinal)));
        Assert.Equal(lines.Length - 1, lines.Count(line => line.Contains(ClaimView.NotMeasured, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task ProgramsReadJson()
    {
        Keep(Measured(0.4, 0.3, 0.45));
        var one = JsonNode.Parse((await Workspace.Cai("claim", Id, "--json", "--out", work.Folder)).Out)!;
        Assert.Equal((Id, "greater", 0.5, ClaimView.Contradicts),
            ((string)one["id"]!, (string)one["direction"]!, (double)one["bound"]!, (string)one["verdict"]!));
        Assert.Equal(0.4, (double)one["found"]!["value"]!);
        var all = JsonNode.Parse((await Workspace.Cai("claim", "--json", "--out", work.Folder)).Out)!.AsArray();
        Assert.Equal(ClaimBook.Load().All.Count, all.Count);
        // Some ids are put together in the code; then the place is their study's.
        var studies = ClaimBook.Load().All.Where(c => ClaimRun.Study(c) is not null).Select(c => c.Id).ToHashSet();
        Assert.All(all.Where(claim => studies.Contains((string)claim!["id"]!)), claim => Assert.Matches(@"^lib/.*\.cs:\d+$", (string)claim!["measuredIn"]!));
    }

    [Fact]
    public async Task NearIdsAreNamed()
    {
        var (code, _, error) = await Workspace.Cai("claim", "helpful-corect");
        Assert.Equal(2, code);
        Assert.Contains("Did you mean 'helpful-correct'", error);
        Assert.Equal(2, (await Workspace.Cai("claim", "--run", "--out", work.Folder)).Code);
    }

    [Fact]
    public async Task RunMeasuresTheStudyAlone()
    {
        var (code, output, error) = await Workspace.Cai("claim", Id, "--run", "--json", "--scale", "smoke", "--seed", "3", "--out", work.Folder);
        Assert.True(code == 0, error);
        var shown = JsonNode.Parse(output)!["found"]!;
        var kept = Claims.Load(work.Path("claims.json")).All;
        Assert.Equal(ClaimBook.Load().All.Where(c => c.Study == nameof(HelpfulModelStudy)).Select(c => c.Id).Order(StringComparer.Ordinal),
            kept.Select(c => c.Id));
        var claim = kept.Single(c => c.Id == Id);
        Assert.Equal((claim.Value, claim.N), ((double?)shown["value"], (int)shown["n"]!));
        Assert.Equal([3], claim.Seeds);
        // What is kept is what the command shows from then on.
        Assert.Contains($"n = {claim.N}, seeds 3", (await Workspace.Cai("claim", Id, "--out", work.Folder)).Out);
    }

    [Theory]
    [InlineData(Direction.Greater, 0.6, 0.9, ClaimView.Agrees)]
    [InlineData(Direction.Greater, 0.4, 0.9, ClaimView.Inconclusive)]
    [InlineData(Direction.Greater, 0.1, 0.4, ClaimView.Contradicts)]
    [InlineData(Direction.Less, 0.1, 0.4, ClaimView.Agrees)]
    [InlineData(Direction.Less, 0.6, 0.9, ClaimView.Contradicts)]
    public void TheVerdictIsTheSideOfTheBound(Direction direction, double low, double high, string verdict)
    {
        var claim = ClaimBook.Load()[Id] with { Direction = direction, Null = 0.5 };
        var found = Claim.FromInterval(Id, "", "", "", new Interval((low + high) / 2, low, high, 9, 9), direction, 0.5, [1]);
        Assert.Equal(verdict, ClaimView.Judge(claim, found));
        Assert.Equal(ClaimView.NotMeasured, ClaimView.Judge(claim, found with { Value = null }));
        Assert.Equal(ClaimView.NotMeasured, ClaimView.Judge(claim, null));
    }

    [Theory]
    [InlineData(1e-6, ClaimView.Agrees)]
    [InlineData(1e-4, ClaimView.Contradicts)]
    public void AnIdentityAgreesOrContradicts(double value, string verdict)
    {
        var claim = ClaimBook.Load()[Id] with { Direction = null, Null = 1e-5 };
        Assert.Equal(verdict, ClaimView.Judge(claim, new Claim(Id, "", "", "", value, null, null, 1, [1], value <= 1e-5)));
    }

    [Fact]
    public void ALineIsCutToTheTerminal() => Assert.Equal(("abc", "ab…"), (ClaimView.Cut("abc", 3), ClaimView.Cut("abcd", 3)));

    private static Claim Measured(double value, double low, double high)
    {
        var claim = ClaimBook.Load()[Id];
        return Claim.FromInterval(Id, claim.Source, claim.Statement, claim.Paper, new Interval(value, low, high, 12, 12), Direction.Greater, 0.5, [1, 2]);
    }

    private void Keep(Claim claim)
    {
        var claims = new Claims();
        claims.Add(claim);
        claims.Save(work.Path("claims.json"));
    }
}
