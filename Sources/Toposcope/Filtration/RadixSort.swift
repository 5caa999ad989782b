/// Sorts keys by their upper 32 bits, the order of equal ones kept, in linear time.
///
/// Only the bits in which the keys differ are looked at. Many keys are first put into 64 buckets by the highest six of those
/// bits, as many as a processor writes to at once without losing lines from its first cache; then each bucket, which the
/// second cache holds where lengths are spread, is sorted by the bits that are left, lowest digit first.
enum RadixSort {
  /// Counters of 2048 digits fit in the first cache, three times at most.
  private static let mostDigitBits = 11
  private static let bucketBits = 6
  /// Bits of a digit within a bucket.
  private static let digitBits = 8
  /// Fewer keys, with as many spare ones, are in the second cache as they are.
  private static let many = 1 << 16

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
    let width = UInt64.bitWidth - (greatest >> 32 - least >> 32).leadingZeroBitCount
    let base = least & ~0xFFFF_FFFF
    if count < many || width <= mostDigitBits {
      sort(&keys, spare: &spare, count: count, base: base, width: width, digitBits: mostDigitBits)
      return
    }
    let buckets = 1 << bucketBits
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * buckets) { places in
      guard let starts = places.baseAddress else { return }
      let ends = starts + buckets
      ends.initialize(repeating: 0, count: buckets)
      let shift = UInt64(truncatingIfNeeded: 32 &+ width &- bucketBits)
      let (from, to) = (keys, spare)
      for i in 0..<count { ends[Int(truncatingIfNeeded: (from[i] &- base) &>> shift)] &+= 1 }
      var sum = 0
      for bucket in 0..<buckets {
        starts[bucket] = sum
        (ends[bucket], sum) = (sum, sum &+ ends[bucket])
      }
      for i in 0..<count {
        let key = from[i]
        let bucket = Int(truncatingIfNeeded: (key &- base) &>> shift)
        to[ends[bucket]] = key
        ends[bucket] &+= 1
      }
      for bucket in 0..<buckets {
        var (front, back) = (to + starts[bucket], from + starts[bucket])
        sort(
          &front, spare: &back, count: ends[bucket] &- starts[bucket], base: base, width: width &- bucketBits,
          digitBits: digitBits)
      }
      let passes = (width &- bucketBits &+ digitBits &- 1) / digitBits
      if passes & 1 == 0 { swap(&keys, &spare) }
    }
  }

  /// Sorts by the lowest bits of what keys have above `base`, one digit after another.
  @inline(__always)
  private static func sort(
    _ keys: inout UnsafeMutablePointer<UInt64>, spare: inout UnsafeMutablePointer<UInt64>, count: Int, base: UInt64,
    width: Int, digitBits: Int
  ) {
    let passes = (width + digitBits - 1) / digitBits
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
          to[Int(starts[digit])] = key
          starts[digit] &+= 1
        }
        swap(&keys, &spare)
      }
    }
  }
}
