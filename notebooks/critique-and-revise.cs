#:project ../lib/Cai
#:property PublishAot=false
// A model answers, criticises its answer and revises it. Run me: dotnet run -c Release notebooks/critique-and-revise.cs [MODEL]
using Cai.Constitutions;
using Cai.Critique;
using Cai.Generation.Remote;
using Cai.Miniature;
using Cai.Reproduction;

using var model = ModelSource.Open(args.FirstOrDefault() ?? ShippedModels.Of("L", "helpful").Folder);
var prompts = World.Load().Sample(TopicKind.Harmful, World.Eval, 2, seed: 1);
var answers = await InitialResponses.SampleAsync(model.Model, prompts, new() { MaxTokens = 64, Seed = 1 });
var loop = new CritiqueLoop(model.Model, Constitution.Shipped("miniature"), new() { Rounds = 2, Seed = 1 });
var revisions = await loop.RunAsync(answers);
foreach (var prompt in prompts)
    Console.WriteLine(loop.Transcript(revisions, prompt.Id));
