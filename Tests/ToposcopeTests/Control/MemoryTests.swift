import Testing

@testable import Toposcope

@Suite struct MemoryTests {
  /// Below, at and above the size from which large pages are asked for, and sizes that are no whole number of pages.
  @Test(arguments: [
    1, 4096, LargePages.size - 1, LargePages.size, LargePages.size + 1, LargePages.fewestBytes - 1,
    LargePages.fewestBytes, 3 * LargePages.size + 4097,
  ])
  func isZeroedAndAligned(_ count: Int) throws {
    for _ in 0..<2 {  // the second time the system may give what was freed
      let memory = try Memory<UInt8>(count)
      #expect(UInt(bitPattern: memory.base) % 64 == 0)
      #expect((0..<count).allSatisfy { memory.base[$0] == 0 })
      memory.base.update(repeating: 0xFF, count: count)
    }
  }
}
