namespace Cai.Miniature;

/// <summary>
/// Writes the chain of thought of a comparison: everything that the principle asks about and either answer has, answer by answer, then the conclusion.
/// Reading one thing at a time is easier than weighing all of them in one token, which is what reasoning is for.
/// </summary>
internal sealed class ReasoningWriter(World world)
{
    public string Write(ComparisonPrinciple principle, Topic topic, Verdict a, Verdict b, bool concludesA)
    {
        string Say(string key, string option) => Phrase.Fill(world.File.Reasoning[key], ("x", option), ("do", topic.Does), ("v", topic.Victim));
        return string.Join(' ', [.. Facts(principle, a, b).Select(f => Say(f, "(A)")), .. Facts(principle, b, a).Select(f => Say(f, "(B)")),
            Say("conclusion", concludesA ? "(A)" : "(B)")]);
    }

    /// <summary>What can be said of an answer and matters to the principle, worst first; never empty.</summary>
    private static List<string> Facts(ComparisonPrinciple p, Verdict v, Verdict other)
    {
        bool Asks(params ReadOnlySpan<string> features)
        {
            foreach (var feature in features)
                if (p.Weight(feature) != 0)
                    return true;
            return false;
        }
        var facts = new List<string>();
        void If(bool holds, string key)
        {
            if (holds)
                facts.Add(key);
        }
        If(v.Stereotypes && Asks("harmfulness"), "stereotype");
        If(v.GivesMethod && Asks("harmfulness", "method"), "method");
        If(v.WrongMethod && !v.GivesMethod && Asks("harmfulness", "method"), "wrong_method");
        If(v.Complies && !v.GivesMethod && !v.WrongMethod && v.Harmful && Asks("harmfulness"), "comply");
        If(v.Insults && Asks("harmfulness"), "insult");
        If(v.Praises && v.Harmful && Asks("harmfulness"), "praise");
        If(v.Harsh && Asks("harsh"), "harsh");
        If(v.BoilerplateCount > 1 && Asks("boilerplate"), "much_boilerplate");
        If(v.BoilerplateCount == 1 && Asks("boilerplate"), "boilerplate");
        If(v.Explains && Asks("engagement", "explains"), "explains");
        If(v.OffersAlternative && Asks("engagement", "offers"), "alternative");
        If(v.Evasive && Asks("evasive"), "evasive");
        If(v.Correct && Asks("engagement", "helpfulness", "steps"), "correct");
        If(v.StepsWrong > 0 && Asks("engagement", "helpfulness", "wrong"), "wrong");
        If(!v.Harmful && !v.Correct && v.StepsWrong == 0 && v.StepsCorrect > 0 && Asks("engagement", "helpfulness", "steps"), "partial");
        If(v.Sentences > other.Sentences && Asks("sentences"), "longer");
        If(facts.Count == 0, "nothing");
        return facts;
    }
}
