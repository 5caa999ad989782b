import CToposcopeProcessor

/// Writes for each of some rows of bits the bits under masks, one after the other, `wordsEach` words a row.
///
/// Mask k applies to word `places[k]`, and its bits go to `offsets[k]` and the following ones.
func gatherBits(
  _ rows: UnsafePointer<UInt64>, _ wordsPerRow: Int, _ chosen: UnsafePointer<Int32>, _ count: Int,
  _ places: UnsafePointer<Int32>, _ masks: UnsafePointer<UInt64>, _ offsets: UnsafePointer<Int32>, _ maskCount: Int,
  _ out: UnsafeMutablePointer<UInt64>, _ wordsEach: Int
) {
  for i in 0..<count {
    let row = rows + Int(chosen[i]) &* wordsPerRow
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
}
