import CToposcopeProcessor

/// The edges that may have a nonzero annotation, and the identifier of each.
///
/// A table with open addressing and linear probing for the identifiers, one 64-bit entry an edge: the smaller vertex (16
/// bits), the greater (16), the identifier (32). Bit rows say without a look at the table which edges are in it, and one
/// word a vertex says which words of its row are not zero. An entry of identifier 0 is vacant, but keeps its place until
/// the table is next rebuilt, so that probing finds what lies behind it.
///
/// Invariant: an edge has its bit set if and only if it has an entry of a nonzero identifier.
struct ActiveEdges {
  private let bits: BitRows
  /// For every vertex one bit a group of 2^groupShift words of its row, which are whole cache lines: set if any of them is
  /// not zero.
  private let groups: Memory<UInt64>
  let groupShift: Int
  private var entries: Memory<UInt64>
  private var used = 0

  /// - Parameter capacity: A power of two, 4 or more.
  init(vertices: Int, capacity: Int) throws(ToposcopeError) {
    bits = try BitRows(vertices)
    groups = try Memory(vertices)
    var shift = 3
    while bits.wordsPerRow >> shift > 64 { shift += 1 }
    groupShift = shift
    entries = try Memory(capacity)
  }

  @inline(__always)
  func row(_ vertex: Int) -> UnsafeMutablePointer<UInt64> { bits.row(vertex) }

  /// The groups of words of the row of `vertex` that are not all zero.
  @inline(__always)
  func groups(_ vertex: Int) -> UInt64 { groups.base[vertex] }

  /// Whether any edge of `a` to the group of `b` is active.
  @inline(__always)
  private func isNear(_ a: Int, _ b: Int) -> Bool {
    groups.base[a] &>> UInt64(truncatingIfNeeded: b &>> (6 &+ groupShift)) & 1 != 0
  }

  /// Brings what ``identifier(_:_:)`` reads first near the processor.
  @inline(__always)
  func fetch(_ a: Int, _ b: Int) {
    let (tail, head) = (min(a, b), max(a, b))
    if isNear(tail, head) { toposcope_fetch(bits.row(tail) + head &>> 6) }
  }

  /// The identifier of an edge, 0 if it is not active. `a < b`.
  @inline(__always)
  func identifier(_ a: Int, _ b: Int) -> Int32 {
    guard isNear(a, b), bits.contains(a, b) else { return 0 }
    return Int32(truncatingIfNeeded: entries.base[slot(a, b)])
  }

  /// True if the next insertion finds no room: ``makeRoom()`` comes first.
  @inline(__always)
  var isFull: Bool { (used &+ 1) &* 5 > entries.count &* 3 }

  /// `a < b`, `identifier` is not 0, the edge is not active, and there is room.
  mutating func insert(_ a: Int, _ b: Int, _ identifier: Int32) {
    let place = slot(a, b)
    if entries.base[place] == 0 { used += 1 }
    entries.base[place] = ActiveEdges.key(a, b) << 32 | UInt64(UInt32(bitPattern: identifier))
    bits.insert(a, b)
    groups.base[a] |= 1 << UInt64(b >> (6 + groupShift))
    groups.base[b] |= 1 << UInt64(a >> (6 + groupShift))
  }

  /// `a < b`, and the edge is active.
  func replace(_ a: Int, _ b: Int, by identifier: Int32) {
    let place = slot(a, b)
    entries.base[place] = (entries.base[place] & ~0xFFFF_FFFF) | UInt64(UInt32(bitPattern: identifier))
    if identifier == 0 {
      bits.remove(a, b)
      forgetGroup(a, b)
      forgetGroup(b, a)
    }
  }

  private func forgetGroup(_ vertex: Int, _ other: Int) {
    let group = other >> (6 + groupShift)
    let row = bits.row(vertex)
    for k in (group << groupShift)..<min((group + 1) << groupShift, bits.wordsPerRow) where row[k] != 0 { return }
    groups.base[vertex] &= ~(1 << UInt64(group))
  }

  @inline(__always)
  private static func key(_ a: Int, _ b: Int) -> UInt64 { UInt64(truncatingIfNeeded: a &<< 16 | b) }

  /// Where the edge is, or where it may be put.
  @inline(__always)
  private func slot(_ a: Int, _ b: Int) -> Int {
    let key = ActiveEdges.key(a, b)
    let mask = entries.count &- 1
    var place = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) &>> 32) & mask
    while entries.base[place] != 0 && entries.base[place] &>> 32 != key { place = (place &+ 1) & mask }
    return place
  }

  /// The number of edges that had an entry when room was last made, those that have lost it since included.
  var size: Int { used }

  /// Calls `body` with every active edge, the smaller vertex first, and its identifier; sets the identifier returned.
  func update(_ body: (Int, Int, Int32) throws(ToposcopeError) -> Int32) throws(ToposcopeError) {
    for i in 0..<entries.count where UInt32(truncatingIfNeeded: entries.base[i]) != 0 {
      let (a, b) = (Int(entries.base[i] >> 48), Int(entries.base[i] >> 32 & 0xFFFF))
      let identifier = Int32(truncatingIfNeeded: entries.base[i])
      let new = try body(a, b, identifier)
      if new != identifier { replace(a, b, by: new) }
    }
  }

  /// Forgets vacant entries, and doubles the table if that is not enough.
  mutating func makeRoom() throws(ToposcopeError) {
    let old = entries
    var live = 0
    for i in 0..<old.count where UInt32(truncatingIfNeeded: old.base[i]) != 0 { live += 1 }
    entries = try Memory(live * 3 > old.count ? old.count * 2 : old.count)
    used = live
    for i in 0..<old.count where UInt32(truncatingIfNeeded: old.base[i]) != 0 {
      let key = old.base[i] >> 32
      entries.base[slot(Int(key >> 16), Int(key & 0xFFFF))] = old.base[i]
    }
  }
}
