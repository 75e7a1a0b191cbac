using Xunit.Sdk;
using Xunit.v3;

// The library's numbers outlive the native calls that read them (Cai.Torch.ScalarSafe); those of the tests' own plain
// arithmetic do not: a collection that another test's thread starts in that moment frees them, and there is an
// "Expected false to be true" now and then. One test at a time, nothing but the test itself starts a collection.
[assembly: Parallelization(Mode = ParallelMode.None)]
