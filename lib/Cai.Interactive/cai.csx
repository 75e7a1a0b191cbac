// A notebook's first cell: #load "…/lib/Cai.Interactive/cai.csx", with the path from the notebook's folder.
// For .NET Interactive build it once: dotnet build -c Release lib/Cai.Interactive
// Where an error is in the lines below, its place is what to type.
#line 1 "build it first by dotnet build -c Release lib/Cai.Interactive"
#r "bin/Release/net10.0/Cai.dll"
#r "bin/Release/net10.0/TorchSharp.dll"
#r "bin/Release/net10.0/Plotly.NET.dll"
#r "bin/Release/net10.0/Plotly.NET.CSharp.dll"
#r "bin/Release/net10.0/Microsoft.Data.Analysis.dll"
#r "bin/Release/net10.0/Microsoft.Extensions.AI.Abstractions.dll"
Cai.Reproduction.NotebookStart.Run();
