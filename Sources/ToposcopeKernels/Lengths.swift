import CToposcopeProcessor

/// Writes the keys of those lengths of a row that lie in a half-open interval, in ascending order of column: the bits of the
/// length in the upper half, below it `others` and the column. `out` has room for one more than there are columns.
func keys(
  _ lengths: UnsafePointer<Int32>, _ start: Int, _ end: Int, _ lower: Int32, _ upper: Int32, _ others: UInt64,
  _ out: UnsafeMutablePointer<UInt64>
) -> Int {
  var count = 0
  var j = start
  while j &+ 64 <= end {
    // The lines of half a page further on: the processor foresees too few to keep up.
    for line in 0..<4 { toposcope_fetch_early(lengths + (j &+ 512 &+ 16 &* line)) }
    var inside = toposcope_between(lengths + j, lower, upper)
    while inside != 0 {
      let k = j &+ inside.trailingZeroBitCount
      out[count] = UInt64(UInt32(bitPattern: lengths[k])) &<< 32 | others | UInt64(truncatingIfNeeded: k)
      count &+= 1
      inside &= inside &- 1
    }
    j &+= 64
  }
  while j < end {
    let length = lengths[j]
    out[count] = UInt64(UInt32(bitPattern: length)) &<< 32 | others | UInt64(truncatingIfNeeded: j)
    count &+= length > lower && length <= upper ? 1 : 0
    j &+= 1
  }
  return count
}

/// Whether a part of a matrix above the diagonal, of a height and a width that are multiples of eight, holds the same lengths
/// as its mirror image, with no negative number, -0 or NaN.
func isMirrored(
  _ lengths: UnsafePointer<Int32>, _ n: Int, _ top: Int, _ left: Int, _ height: Int, _ width: Int
) -> Bool {
  var i = top
  while i < top &+ height {
    var j = left
    while j < left &+ width {
      // The lines of the next part to the right, and of its mirror image, which no processor foresees.
      if j & 15 == 0 { for k in i..<i &+ 8 { toposcope_fetch_to_read(lengths + (k &* n &+ j &+ height)) } }
      if i & 15 == 0 { for k in j..<j &+ 8 { toposcope_fetch_to_read(lengths + ((k &+ height) &* n &+ i)) } }
      if !toposcope_is_mirrored(lengths + (i &* n &+ j), lengths + (j &* n &+ i), n) { return false }
      j &+= 8
    }
    i &+= 8
  }
  return true
}
