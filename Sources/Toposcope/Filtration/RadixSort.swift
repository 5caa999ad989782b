/// Sorts keys by their upper 32 bits, the order of equal ones kept, in linear time.
///
/// Only the bits in which the keys differ are looked at, eleven at a time (a counter for each of 2048 digits, three times at
/// most, fits in the first cache).
enum RadixSort {
  private static let digitBits = 11
  private static let digits = 1 << 11

  /// Leaves the sorted keys in `keys`; `spare` has room for as many.
  /// - Parameters:
  ///   - least: The least upper half there is.
  ///   - greatest: The greatest.
  static func sort(
    _ keys: inout UnsafeMutablePointer<UInt64>, spare: inout UnsafeMutablePointer<UInt64>, count: Int, least: UInt32,
    greatest: UInt32
  ) {
    let width = UInt32.bitWidth - (greatest &- least).leadingZeroBitCount
    let passes = (width + digitBits - 1) / digitBits
    let base = UInt64(least) << 32
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
          to[Int(starts[digit])] = key
          starts[digit] &+= 1
        }
        swap(&keys, &spare)
      }
    }
  }
}
