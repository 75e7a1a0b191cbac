using Xunit;
using Xunit.Sdk;
using Xunit.v3;

// TorchSharp 0.107 wraps every number that meets a tensor in an object that its finaliser frees, and does not keep it alive
// during the native call. A collection that another test's thread starts in that moment frees the number while it is read:
// "Expected false to be true" now and then. One test at a time, nothing but the test itself starts a collection.
[assembly: Parallelization(Mode = ParallelMode.None)]
