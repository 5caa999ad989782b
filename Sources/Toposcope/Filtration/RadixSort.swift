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

  /// Leaves the sorted keys in `keys`; `spare` has room for as many.
  static func sort(
    _ keys: inout UnsafeMutablePointer<UInt64>, spare: inout UnsafeMutablePointer<UInt64>, count: Int
  ) {
    var (least, greatest) = (UInt64.max, UInt64(0))
    for i in 0..<count {
      least = min(least, keys[i])
      greatest = max(greatest, keys[i])
    }
    if count < 2 || least >> 32 == greatest >> 32 { return }
    let base = least & ~0xFFFF_FFFF
    let width = UInt64.bitWidth - (greatest >> 32 - least >> 32).leadingZeroBitCount
    let passes = (width + mostDigitBits - 1) / mostDigitBits
    let digitBits = (width + passes - 1) / passes
    let digits = 1 << digitBits
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: passes * digits) { all in
      guard let counts = all.baseAddress else { return }
      counts.initialize(repeating: 0, count: passes * digits)
      for i in 0..<count {
        var rest = (keys[i] &- base) &>> 32
        var starts = counts
        for _ in 0..<passes {
          starts[Int(truncatingIfNeeded: rest) & (digits &- 1)] &+= 1
          rest &>>= UInt64(digitBits)
          starts += digits
        }
      }
      for pass in 0..<passes {
        let starts = counts + pass &* digits
        var sum: UInt32 = 0
        for digit in 0..<digits { (starts[digit], sum) = (sum, sum &+ starts[digit]) }
        let shift = UInt64(truncatingIfNeeded: 32 &+ pass &* digitBits)
        let (from, to) = (keys, spare)
        for i in 0..<count {
          let key = from[i]
          let digit = Int(truncatingIfNeeded: (key &- base) &>> shift) & (digits &- 1)
          let place = to + Int(starts[digit])
          toposcope_fetch(place + keysPerLine)
          place.pointee = key
          starts[digit] &+= 1
        }
        swap(&keys, &spare)
      }
    }
  }
}
