import CToposcopeProcessor

/// Numbers the vertices whose bits are set, and writes the row of each, only with the bits of these vertices, one after the
/// other, `wordsEach` words a row. Returns how many there are.
///
/// Mask k applies to word `places[k]`, and its bits go to `offsets[k]` and the following ones.
func gatherBits(
  _ rows: UnsafePointer<UInt64>, _ words: Int, _ bits: UnsafePointer<UInt64>, _ places: UnsafeMutablePointer<Int32>,
  _ masks: UnsafeMutablePointer<UInt64>, _ offsets: UnsafeMutablePointer<Int32>,
  _ vertices: UnsafeMutablePointer<Int32>, _ out: UnsafeMutablePointer<UInt64>, _ wordsEach: Int
) -> Int {
  var (count, maskCount) = (0, 0)
  var line = 0
  while line < words {
    var some = toposcope_nonzero(bits + line)
    while some != 0 {
      let place = line &+ some.trailingZeroBitCount
      some &= some &- 1
      places[maskCount] = Int32(truncatingIfNeeded: place)
      masks[maskCount] = bits[place]
      offsets[maskCount] = Int32(truncatingIfNeeded: count)
      maskCount &+= 1
      var rest = bits[place]
      while rest != 0 {
        vertices[count] = Int32(truncatingIfNeeded: place &* 64 &+ rest.trailingZeroBitCount)
        count &+= 1
        rest &= rest &- 1
      }
    }
    line &+= 8
  }
  if toposcope_pick_bits(rows, words, vertices, count, out, wordsEach) { return count }
  for i in 0..<count {
    let row = rows + Int(vertices[i]) &* words
    if wordsEach == 1 {
      var bits: UInt64 = 0
      for k in 0..<maskCount {
        let found = toposcope_gather_bits(row[Int(places[k])], masks[k])
        bits |= found &<< UInt64(truncatingIfNeeded: offsets[k])
      }
      out[i] = bits
      continue
    }
    let own = out + i &* wordsEach
    for k in 0..<wordsEach { own[k] = 0 }
    for k in 0..<maskCount {
      let found = toposcope_gather_bits(row[Int(places[k])], masks[k])
      let (word, shift) = (Int(offsets[k]) &>> 6, UInt64(truncatingIfNeeded: offsets[k] & 63))
      own[word] |= found &<< shift
      let high = (found &>> 1) &>> (63 &- shift)
      if high != 0 { own[word &+ 1] |= high }
    }
  }
  return count
}
