import CToposcopeProcessor

/// Looks for an apex of the link of u and v: a common neighbour that is joined to all others. Rows are closed: every vertex
/// counts as its own neighbour.
///
/// Two likely vertices of u and two of v are tried. Then the common neighbours are written to `common`, and those that may
/// be an apex are narrowed down: who is not joined to z is none, for every z that the first of them misses. After a number
/// of rounds this gives up, so that a cone may be missed.
func center(
  _ rows: UnsafePointer<UInt64>, _ words: Int, _ u: Int, _ v: Int, _ likely: UnsafePointer<Int32>,
  _ common: UnsafeMutablePointer<UInt64>, _ candidates: UnsafeMutablePointer<UInt64>
) -> LinkCenter {
  let (a, b) = (rows + u &* words, rows + v &* words)
  for i in 0..<4 {
    let y = Int(likely[2 &* (i & 1 == 0 ? u : v) &+ i &>> 1])
    if (a[y &>> 6] & b[y &>> 6]) &>> UInt64(truncatingIfNeeded: y & 63) & 1 == 0 { continue }
    let row = rows + y &* words
    var k = 0
    while k < words && toposcope_missing(a + k, b + k, row + k) == 0 { k &+= 8 }
    if k >= words { return LinkCenter(vertex: Int32(truncatingIfNeeded: y), isApex: true) }
  }
  var y = keep(rows: a, b, words, in: common)
  if y < 0 { return LinkCenter(vertex: -1, isApex: false) }
  var left = UnsafePointer(common)
  for _ in 0..<mostRounds {
    let row = rows + y &* words
    var line = 0
    while line < words && toposcope_missing(common + line, common + line, row + line) == 0 { line &+= 8 }
    if line >= words { return LinkCenter(vertex: Int32(truncatingIfNeeded: y), isApex: true) }
    let word = line &+ toposcope_missing(common + line, common + line, row + line).trailingZeroBitCount
    let z = word &* 64 &+ (common[word] & ~row[word]).trailingZeroBitCount
    let next = keep(rows: left, rows + z &* words, words, in: candidates)
    if next < 0 { break }
    left = UnsafePointer(candidates)
    y = next
  }
  return LinkCenter(vertex: Int32(truncatingIfNeeded: y), isApex: false)
}

/// More find a few more cones, and cost more on links that are none.
private let mostRounds = 4

/// Writes what two rows have in common; returns the first such vertex, -1 where there is none.
@inline(__always)
private func keep(
  rows a: UnsafePointer<UInt64>, _ b: UnsafePointer<UInt64>, _ words: Int, in out: UnsafeMutablePointer<UInt64>
) -> Int {
  var first = -1
  var k = 0
  while k < words {
    let both =
      UnsafeRawPointer(a + k).load(as: SIMD8<UInt64>.self) & UnsafeRawPointer(b + k).load(as: SIMD8<UInt64>.self)
    UnsafeMutableRawPointer(out + k).storeBytes(of: both, as: SIMD8<UInt64>.self)
    if first < 0 {
      let some = toposcope_nonzero(out + k)
      if some != 0 {
        let word = k &+ some.trailingZeroBitCount
        first = word &* 64 &+ out[word].trailingZeroBitCount
      }
    }
    k &+= 8
  }
  return first
}

/// Takes the vertices that y dominates out of a set: those joined to y, but to none that y is not joined to. Returns how many.
func removeDominated(
  _ rows: UnsafePointer<UInt64>, _ words: Int, _ y: Int, _ set: UnsafeMutablePointer<UInt64>,
  _ dominated: UnsafeMutablePointer<UInt64>
) -> Int {
  let row = rows + y &* words
  _ = keep(rows: set, row, words, in: dominated)
  dominated[y &>> 6] &= ~(1 &<< UInt64(truncatingIfNeeded: y & 63))
  var line = 0
  while line < words {
    var some = toposcope_missing(set + line, set + line, row + line)
    while some != 0 {
      let word = line &+ some.trailingZeroBitCount
      some &= some &- 1
      var missing = set[word] & ~row[word]
      while missing != 0 {
        let z = rows + (word &* 64 &+ missing.trailingZeroBitCount) &* words
        missing &= missing &- 1
        if !remove(z, words, from: dominated) { return 0 }
      }
    }
    line &+= 8
  }
  var count = 0
  for k in 0..<words {
    set[k] &= ~dominated[k]
    count &+= dominated[k].nonzeroBitCount
  }
  return count
}

/// Takes the vertices of a row out of a set; whether any are left.
@inline(__always)
private func remove(_ row: UnsafePointer<UInt64>, _ words: Int, from set: UnsafeMutablePointer<UInt64>) -> Bool {
  var any = SIMD8<UInt64>(repeating: 0)
  var k = 0
  while k < words {
    let left =
      UnsafeRawPointer(set + k).load(as: SIMD8<UInt64>.self) & ~UnsafeRawPointer(row + k).load(as: SIMD8<UInt64>.self)
    UnsafeMutableRawPointer(set + k).storeBytes(of: left, as: SIMD8<UInt64>.self)
    any |= left
    k &+= 8
  }
  let half = any.lowHalf | any.highHalf
  let quarter = half.lowHalf | half.highHalf
  return quarter[0] | quarter[1] != 0
}
