import CToposcopeProcessor

/// Tells what the links of some edges ask for that have an end in common: as far as can be seen from the ranks of the edges
/// between that end and its neighbours, and among these. The neighbours are numbered from 0.
///
/// - Parameters:
///   - own: The ranks of the edges to the neighbours.
///   - rows: The ranks of the edges of each neighbour to all others. Where there is no edge, and beyond the last neighbour, the
///     rank is above all others.
///   - length: The length of a row, a multiple of 64, 512 at most.
///   - asked: The other ends of the edges that are asked about.
///   - room: Memory for 256 words.
///   - nearest: Where of each link that is not empty the vertex goes that makes the longer edge to the two ends shortest.
func tellLinks(
  _ own: UnsafePointer<Int32>, _ rows: UnsafePointer<Int32>, _ length: Int, _ asked: UnsafePointer<Int32>,
  _ count: Int, _ room: UnsafeMutablePointer<UInt64>, _ kinds: UnsafeMutablePointer<LinkKind>,
  _ nearest: UnsafeMutablePointer<Int32>
) {
  var star = Star(own: own, rows: rows, length: length, common: room, link: room + 8, numbers: room + 72)
  for i in 0..<count { kinds[i] = star.kind(Int(asked[i]), nearest: nearest + i) }
}

private struct Star {
  let own: UnsafePointer<Int32>
  let rows: UnsafePointer<Int32>
  let length: Int
  /// The vertices of the link that is looked at, one bit each.
  let common: UnsafeMutablePointer<UInt64>
  /// Their rows, with the bits of the link alone, one word each.
  let link: UnsafeMutablePointer<UInt64>
  let numbers: UnsafeMutablePointer<UInt64>
  /// An apex of the link that was looked at last, which is likely to be one of the next.
  var likely = 0

  @inline(__always)
  private func bits(_ row: UnsafePointer<Int32>, _ word: Int, before rank: Int32) -> UInt64 {
    toposcope_between(row + 64 &* word, -1, rank &- 1)
  }

  @inline(__always)
  mutating func kind(_ x: Int, nearest: UnsafeMutablePointer<Int32>) -> LinkKind {
    let (rank, row) = (own[x], rows + x &* length)
    let words = length &>> 6
    var count = 0
    for k in 0..<words {
      common[k] = bits(own, k, before: rank) & bits(row, k, before: rank)
      count &+= common[k].nonzeroBitCount
    }
    if count == 0 { return .empty }
    let middle = self.nearest(x)
    nearest.pointee = Int32(truncatingIfNeeded: middle)
    if count == 1 { return .contractible }
    if common[likely &>> 6] &>> UInt64(truncatingIfNeeded: likely & 63) & 1 != 0 && draw(likely, before: rank, at: 0) {
      return .contractible
    }
    if middle != likely && draw(middle, before: rank, at: 0) {
      likely = middle
      return .contractible
    }
    var place = 0
    for k in 0..<words {
      var rest = common[k]
      while rest != 0 {
        let y = k &* 64 &+ rest.trailingZeroBitCount
        rest &= rest &- 1
        if draw(y, before: rank, at: place & 63) {
          likely = y
          return .contractible
        }
        place &+= 1
      }
    }
    return count > 64 ? .open : grow(count)
  }

  /// The vertex of the link of the edge to `x`, which is not empty, that makes the longer edge to the two ends shortest.
  @inline(__always)
  private func nearest(_ x: Int) -> Int {
    let row = rows + x &* length
    let longer = toposcope_least_greatest(own, row, own, row, length)
    var k = 0
    while true {
      let found = toposcope_equal(own + k, longer) | toposcope_equal(row + k, longer)
      if found != 0 { return k &+ found.trailingZeroBitCount }
      k &+= 64
    }
  }

  /// Writes the row of a vertex of the link; whether it is joined to all others.
  @inline(__always)
  private func draw(_ y: Int, before rank: Int32, at place: Int) -> Bool {
    let row = rows + y &* length
    var (joined, missing, before) = (UInt64(0), UInt64(0), 0)
    for k in 0..<length &>> 6 {
      var found = bits(row, k, before: rank)
      if k == y &>> 6 { found |= 1 &<< UInt64(truncatingIfNeeded: y & 63) }
      missing |= common[k] & ~found
      joined |= toposcope_gather_bits(found, common[k]) &<< UInt64(truncatingIfNeeded: before & 63)
      before &+= common[k].nonzeroBitCount
    }
    link[place] = joined
    return missing == 0
  }

  /// Lets the link grow.
  private func grow(_ count: Int) -> LinkKind {
    let room = UnsafeMutableRawPointer(numbers).assumingMemoryBound(to: Int32.self)
    let (parents, depths, closing) = (room, room + 64, room + 128)
    let steps = growLink(link, 1, count, parents, depths, closing, numbers + 96)
    if steps == 1 { return .contractible }
    for step in 1..<steps where depths[Int(closing[step])] == 0 { return .open }
    return .connected
  }
}
