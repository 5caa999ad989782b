import CToposcopeProcessor

/// Sorts keys by their upper 32 bits, the order of equal ones kept, in linear time.
///
/// Only the bits in which the keys differ are looked at, one digit after another, lowest first. A pass writes to as many
/// places in turn as there are digits, often more than the first cache has lines. So each line is fetched while the one
/// before it is filled, also one past the end, which does no harm: the processor would wait for most of them otherwise.
enum RadixSort {
  /// Counters of 2048 digits fit in the first cache, three times at most.
  private static let mostDigitBits = 11
  private static let keysPerLine = 8
  private static let keysPerPage = 512
  /// Some milliseconds' work.
  private static let keysAtOnce = 1 << 19

  /// Leaves the sorted keys in `keys`; `spare` has room for as many.
  /// - Parameter goOn: Called every few milliseconds; throws to give up.
  static func sort(
    _ keys: inout UnsafeMutablePointer<UInt64>, spare: inout UnsafeMutablePointer<UInt64>, count: Int,
    goOn: () throws(ToposcopeError) -> Void
  ) throws(ToposcopeError) {
    @inline(__always) func forEachPart(_ body: (Range<Int>) -> Void) throws(ToposcopeError) {
      for start in stride(from: 0, to: count, by: keysAtOnce) {
        try goOn()
        body(start..<min(count, start + keysAtOnce))
      }
    }
    let (given, room) = (keys, spare)
    var (least, greatest) = (UInt64.max, UInt64(0))
    try forEachPart { part in
      for i in part {
        least = min(least, given[i])
        greatest = max(greatest, given[i])
      }
      // The first pass would wait for all of its new pages at once.
      for i in stride(from: part.lowerBound, to: part.upperBound, by: keysPerPage) { room[i] = 0 }
    }
    if count < 2 || least >> 32 == greatest >> 32 { return }
    let base = least & ~0xFFFF_FFFF
    let width = UInt64.bitWidth - (greatest >> 32 - least >> 32).leadingZeroBitCount
    let passes = (width + mostDigitBits - 1) / mostDigitBits
    let digitBits = (width + passes - 1) / passes
    let digits = 1 << digitBits
    let all = try Memory<UInt32>(passes * digits)
    let counts = all.base
    try forEachPart { part in
      for i in part {
        var rest = (given[i] &- base) &>> 32
        var starts = counts
        for _ in 0..<passes {
          starts[Int(truncatingIfNeeded: rest) & (digits &- 1)] &+= 1
          rest &>>= UInt64(digitBits)
          starts += digits
        }
      }
    }
    for pass in 0..<passes {
      let starts = counts + pass &* digits
      var sum: UInt32 = 0
      for digit in 0..<digits { (starts[digit], sum) = (sum, sum &+ starts[digit]) }
      let shift = UInt64(truncatingIfNeeded: 32 &+ pass &* digitBits)
      let (from, to) = (keys, spare)
      try forEachPart { part in
        for i in part {
          let key = from[i]
          let digit = Int(truncatingIfNeeded: (key &- base) &>> shift) & (digits &- 1)
          let place = to + Int(starts[digit])
          toposcope_fetch(place + keysPerLine)
          place.pointee = key
          starts[digit] &+= 1
        }
      }
      swap(&keys, &spare)
    }
  }
}

/// The numbers 0 ..< n sorted by one key after another; where a key is equal, the order before is kept.
struct NumberSort {
  private let memory: Memory<UInt64>
  private var keys: UnsafeMutablePointer<UInt64>
  private var spare: UnsafeMutablePointer<UInt64>
  private let count: Int
  private let progress: Progress

  init(_ count: Int, _ progress: Progress) throws(ToposcopeError) {
    guard count <= Int(Int32.max) else { throw ToposcopeError(.memory, value: 16 * Double(count)) }
    (self.count, self.progress) = (count, progress)
    memory = try Memory(2 * count)
    (keys, spare) = (memory.base, memory.base + count)
    try progress.forEachPart(of: count) { part in
      for i in part { memory.base[i] = UInt64(i) }
    }
  }

  @inline(__always)
  mutating func sort(by key: (Int) -> UInt32) throws(ToposcopeError) {
    try progress.forEachPart(of: count) { part in
      for i in part { keys[i] = UInt64(key(Int(UInt32(truncatingIfNeeded: keys[i])))) << 32 | keys[i] & 0xFFFF_FFFF }
    }
    try RadixSort.sort(&keys, spare: &spare, count: count) { () throws(ToposcopeError) in
      try progress.report(count, of: count)
    }
  }

  /// Calls `body` with the numbers in their order.
  @inline(__always)
  func forEach(_ body: (Int) -> Void) throws(ToposcopeError) {
    try progress.forEachPart(of: count) { part in
      for i in part { body(Int(UInt32(truncatingIfNeeded: keys[i]))) }
    }
  }
}
