using Xunit.v3;

// The console and the current directory belong to the process.
[assembly: Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
