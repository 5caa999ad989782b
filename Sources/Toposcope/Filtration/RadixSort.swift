/// Sorts keys by their upper 32 bits, the order of equal ones kept, in linear time.
///
/// Only the bits in which the keys differ are looked at, eleven at a time (a counter for each of 2048 digits fits in the
/// first cache).
enum RadixSort {
  private static let digitBits: UInt64 = 11
  private static let digits = 1 << 11

  /// Leaves the sorted keys in `keys`; `spare` has room for as many.
  /// - Parameters:
  ///   - least: The least upper half there is.
  ///   - greatest: The greatest.
  static func sort(
    _ keys: inout UnsafeMutablePointer<UInt64>, spare: inout UnsafeMutablePointer<UInt64>, count: Int, least: UInt32,
    greatest: UInt32
  ) {
    let width = UInt64(UInt32.bitWidth - (greatest &- least).leadingZeroBitCount)
    let base = UInt64(least) << 32
    var shift: UInt64 = 0
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: digits) { starts in
      while shift < width {
        starts.initialize(repeating: 0)
        let position = 32 &+ shift
        for i in 0..<count { starts[Int((keys[i] &- base) &>> position & UInt64(digits - 1))] &+= 1 }
        var sum: UInt32 = 0
        for digit in 0..<digits { (starts[digit], sum) = (sum, sum &+ starts[digit]) }
        for i in 0..<count {
          let key = keys[i]
          let digit = Int((key &- base) &>> position & UInt64(digits - 1))
          spare[Int(starts[digit])] = key
          starts[digit] &+= 1
        }
        swap(&keys, &spare)
        shift &+= digitBits
      }
    }
  }
}
