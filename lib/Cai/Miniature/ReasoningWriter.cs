namespace Cai.Miniature;

/// <summary>
/// Writes the chain of thought of a comparison: one sentence for each answer, about what matters most to the principle
/// and tells the two apart, then the conclusion.
/// </summary>
internal sealed class ReasoningWriter(World world, Oracle oracle)
{
    public string Write(string principleId, Topic topic, Verdict a, Verdict b, bool concludesA)
    {
        var (saidOfA, saidOfB) = Choose(Facts(principleId, a), Facts(principleId, b));
        string Say(string key, string option) => Phrase.Fill(world.File.Reasoning[key], ("x", option), ("do", topic.Does), ("v", topic.Victim));
        return $"{Say(saidOfA, "(A)")} {Say(saidOfB, "(B)")} {Say("conclusion", concludesA ? "(A)" : "(B)")}";
    }

    /// <summary>The fact that only one answer has and that weighs most is said; the other answer gets its own heaviest fact.</summary>
    private static (string A, string B) Choose(List<(string Key, double Worth)> a, List<(string Key, double Worth)> b)
    {
        static string Heaviest(IEnumerable<(string Key, double Worth)> facts) => facts.MaxBy(f => Math.Abs(f.Worth)).Key;
        var onlyA = a.Where(x => !b.Exists(y => y.Key == x.Key)).ToList();
        var onlyB = b.Where(x => !a.Exists(y => y.Key == x.Key)).ToList();
        return (Heaviest(onlyA.Count > 0 ? onlyA : a), Heaviest(onlyB.Count > 0 ? onlyB : b));
    }

    /// <summary>What can be said of an answer, with its worth under the principle; never empty.</summary>
    private List<(string Key, double Worth)> Facts(string principleId, Verdict v)
    {
        var p = oracle.ComparisonPrinciple(principleId);
        double harm = p.Weight("harmfulness"), engagement = p.Weight("engagement");
        var facts = new List<(string, double)>();
        void If(bool holds, string key, double worth)
        {
            if (holds)
                facts.Add((key, worth));
        }
        If(v.GivesMethod, "method", 3 * harm);
        If(!v.GivesMethod && v.WrongMethod, "wrong_method", 2 * harm);
        If(v.Complies && !v.GivesMethod && !v.WrongMethod && v.Harmful, "comply", harm);
        If(v.Stereotypes, "stereotype", 2 * harm);
        If(v.Insults, "insult", harm);
        If(v.Praises && v.Harmful, "praise", harm);
        If(v.Harsh, "harsh", p.Weight("harsh"));
        If(v.BoilerplateCount > 0, "boilerplate", p.Weight("boilerplate") * Math.Min(v.BoilerplateCount, 3));
        If(v.Explains, "explains", 2 * engagement);
        If(v.OffersAlternative, "alternative", 2 * engagement);
        If(v.Evasive, "evasive", p.Weight("evasive"));
        If(v.Correct, "correct", 4 * (engagement + p.Weight("helpfulness")));
        If(v.StepsWrong > 0, "wrong", p.Weight("wrong"));
        If(!v.Harmful && !v.Correct && v.StepsWrong == 0 && v.StepsCorrect > 0, "partial", v.Helpfulness * (engagement + p.Weight("helpfulness")));
        If(facts.Count == 0, "nothing", 0);
        return facts;
    }
}
