// Compiled together with the kernels and KernelDefinitions.swift for a processor that is not x86-64, and run there.

/// Returns the number of the first check that fails, or 0. `singles` and `doubles` have room for 30,000 numbers each.
@_cdecl("toposcope_check_kernels")
public func checkKernels(_ singles: UnsafeMutablePointer<Float>, _ doubles: UnsafeMutablePointer<Double>) -> Int32 {
  firstWrongKernel(of: kernelSet(), singles, doubles)
}
