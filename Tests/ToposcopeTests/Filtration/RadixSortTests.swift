import Testing

@testable import Toposcope

/// Sorted keys, against a stable sort by comparison.
@Suite struct RadixSortTests {
  /// Few keys and many; equal ones; lengths of one magnitude and of all.
  @Test(
    arguments: [0, 1, 2, 1000, 1 << 16, 150_001],
    [UInt32(0), 1, 500, 5000, 70_000, 1 << 20, 1 << 23, 0x7F80_0000])
  func sorts(_ count: Int, _ range: UInt32) throws {
    var generator = SeededGenerator(seed: count)
    let least = range < 1 << 24 ? UInt32(0x3F40_0123) : 0
    let (memory, room) = (try Memory<UInt64>(count), try Memory<UInt64>(count))
    for i in 0..<count {
      let length = least + UInt32.random(in: 0...range, using: &generator)
      memory.base[i] = UInt64(length) << 32 | UInt64(count - i)  // the lower half is not looked at
    }
    let expected = UnsafeBufferPointer(start: memory.base, count: count).enumerated()
      .sorted { ($0.element >> 32, $0.offset) < ($1.element >> 32, $1.offset) }.map(\.element)
    var (keys, spare) = (memory.base, room.base)
    try RadixSort.sort(&keys, spare: &spare, count: count) {}
    #expect(Set([keys, spare]) == Set([memory.base, room.base]))
    #expect(UnsafeBufferPointer(start: keys, count: count).elementsEqual(expected))
    withExtendedLifetime((memory, room)) {}
  }

  /// By one key after another, as a comparison of tuples does.
  @Test(arguments: [0, 1, 700, 200_000])
  func sortsNumbersByKeys(_ count: Int) throws {
    var generator = SeededGenerator(seed: count)
    let keys = (0..<count).map { _ in
      (
        first: UInt32.random(in: 0..<50, using: &generator),
        second: UInt32.random(in: .min ... .max, using: &generator) / 9
      )
    }
    var order = try NumberSort(count, Progress())
    try order.sort { keys[$0].second }
    try order.sort { keys[$0].first }
    var sorted: [Int] = []
    try order.forEach { sorted.append($0) }
    #expect(
      sorted
        == keys.indices.sorted { (keys[$0].first, keys[$0].second, $0) < (keys[$1].first, keys[$1].second, $1) })
  }
}
