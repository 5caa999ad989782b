/// The components of the link of an edge: of the graph on the common neighbours of its ends.
///
/// A search by whole rows. It starts from the star of one vertex, which in most links is everything, and takes what is left
/// from the stars of other vertices: most meet what has been reached already, so that one look at their row is enough.
/// From those that do not it grows until it meets that, so that a small component costs little whichever side it is on.
struct LinkComponents {
  /// Vertices of the link that belong to no component yet. Zero in all words before the one that is being looked at.
  private let rest: Memory<UInt64>
  /// Vertices known to be in the component of the first root.
  private let main: Memory<UInt64>
  private let grown: Memory<UInt64>
  private let pending: Memory<UInt64>
  /// One vertex of each component, after ``find(_:_:in:first:)``.
  private(set) var roots: [Int] = []

  init(_ graph: BitRows) throws(ToposcopeError) {
    let words = graph.wordsPerRow
    rest = try Memory(words)
    main = try Memory(words)
    grown = try Memory(words)
    pending = try Memory(words)
  }

  /// Finds a root of every component of the graph on the common neighbours of `u` and `v`. The first root is `first`.
  mutating func find(_ u: Int, _ v: Int, in graph: BitRows, first: Int) {
    let (rowU, rowV, rowFirst) = (graph.row(u), graph.row(v), graph.row(first))
    let (rest, main) = (rest.base, main.base)
    roots.removeAll(keepingCapacity: true)
    roots.append(first)
    let words = graph.wordsPerRow
    var k = 0
    while k < words {
      let common = BitRows.line(rowU, k) & BitRows.line(rowV, k)
      let star = BitRows.line(rowFirst, k)
      BitRows.set(rest, k, common & ~star)
      BitRows.set(main, k, common & star)
      k &+= 8
    }
    let bit: UInt64 = 1 << UInt64(first & 63)
    rest[first >> 6] &= ~bit
    main[first >> 6] |= bit
    k = 0
    while k < words {
      if rest[k] == 0 {
        k &+= 1
        continue
      }
      let x = k << 6 + rest[k].trailingZeroBitCount
      if meetsMain(graph.row(x), words) {
        take(x, graph.row(x), from: k, words)
      } else if !grow(from: x, in: graph) {
        roots.append(x)
      }
    }
  }

  @inline(__always)
  private func meetsMain(_ row: UnsafeMutablePointer<UInt64>, _ words: Int) -> Bool {
    var k = 0
    while k < words {
      if BitRows.isAny(BitRows.line(row, k) & BitRows.line(main.base, k)) { return true }
      k &+= 8
    }
    return false
  }

  /// Puts `x`, which the word `start` of `rest` holds, and what is left of its star into the main component.
  @inline(__always)
  private func take(_ x: Int, _ row: UnsafeMutablePointer<UInt64>, from start: Int, _ words: Int) {
    let (rest, main) = (rest.base, main.base)
    let bit: UInt64 = 1 << UInt64(x & 63)
    rest[start] ^= bit
    main[start] |= bit
    var k = start & ~7
    while k < words {
      let new = BitRows.line(row, k) & BitRows.line(rest, k)
      BitRows.set(rest, k, BitRows.line(rest, k) ^ new)
      BitRows.set(main, k, BitRows.line(main, k) | new)
      k &+= 8
    }
  }

  /// Takes the vertices that can be reached from `x` out of `rest` until one of them is joined to the main component:
  /// then they are put into that, and the result is true. False if they are a component of their own.
  private func grow(from x: Int, in graph: BitRows) -> Bool {
    let (rest, main, grown, pending) = (rest.base, main.base, grown.base, pending.base)
    let all = 0..<graph.wordsPerRow
    grown.update(repeating: 0, count: all.count)
    pending.update(repeating: 0, count: all.count)
    grown[x >> 6] |= 1 << UInt64(x & 63)
    rest[x >> 6] &= ~(1 << UInt64(x & 63))
    var y = x
    while true {
      let row = graph.row(y)
      var touching: UInt64 = 0
      for k in all {
        let new = row[k] & rest[k]
        touching |= row[k] & main[k]
        rest[k] &= ~new
        grown[k] |= new
        pending[k] |= new
      }
      if touching != 0 {
        for k in all { main[k] |= grown[k] }
        return true
      }
      guard let k = all.first(where: { pending[$0] != 0 }) else { return false }
      y = k << 6 + pending[k].trailingZeroBitCount
      pending[k] &= pending[k] - 1
    }
  }
}
