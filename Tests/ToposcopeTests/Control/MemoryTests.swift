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

  /// From what the C library gives to what the system gives, and on from there: pages are moved then.
  @Test func growsWithWhatItHolds() throws {
    var memory = try Memory<UInt32>(1000)
    var filled = 0
    for count in [
      1001, LargePages.size / 4 - 1, LargePages.size / 4 + 3, 3 * LargePages.size + 17, 9 * LargePages.size,
    ] {
      while filled < memory.count {
        memory.base[filled] = UInt32(filled) &* 0x9E37_79B9
        filled += 1
      }
      memory = try memory.grown(to: count)
      #expect(memory.count == count && UInt(bitPattern: memory.base) % 64 == 0)
      #expect((0..<filled).allSatisfy { memory.base[$0] == UInt32($0) &* 0x9E37_79B9 })
      #expect((filled..<count).allSatisfy { memory.base[$0] == 0 })
    }
  }

  /// What does not fit into the address space is an error, and nothing is lost.
  @Test func tooLargeIsAnError() throws {
    let memory = try Memory<UInt64>(LargePages.size)
    memory.base[7] = 7
    for count in [Int.max, Int.max / 8] {
      #expect(throws: ToposcopeError.self) { try memory.grown(to: count) }
    }
    #expect(memory.base[7] == 7)
  }
}
