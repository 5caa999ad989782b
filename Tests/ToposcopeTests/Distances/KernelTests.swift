import CToposcopeProcessor
import Testing

@testable import Toposcope

@Suite struct KernelTests {
  @Test(arguments: KernelSet.available.indices)
  func everyKernelOfEachSetAgreesWithItsDefinition(level: Int) throws {
    let (singles, doubles) = (try AlignedMemory<Float>(30_000), try AlignedMemory<Double>(30_000))
    // The number of a check in KernelDefinitions.swift.
    #expect(firstWrongKernel(of: KernelSet.available[level], singles.pointer, doubles.pointer) == 0)
  }
}
