/// The components of the link of an edge: of the graph on the common neighbours of its ends.
///
/// A search by whole rows. It starts from the star of one vertex, which in most links is everything, and then grows from
/// what is left towards it, so that a small component costs little whichever side it is on.
struct LinkComponents {
  private let words: Int
  private let link: Memory<UInt64>
  /// Vertices of the link that belong to no component yet.
  private let rest: Memory<UInt64>
  /// Vertices known to be in the component of the first root.
  private let main: Memory<UInt64>
  private let grown: Memory<UInt64>
  private let pending: Memory<UInt64>
  /// One vertex of each component, after ``find(common:graph:first:)``.
  private(set) var roots: [Int] = []

  init(_ graph: BitRows) throws(ToposcopeError) {
    words = graph.wordsPerRow
    link = try Memory(words)
    rest = try Memory(words)
    main = try Memory(words)
    grown = try Memory(words)
    pending = try Memory(words)
  }

  /// Finds a root of every component of the graph on the common neighbours of `u` and `v`. The first root is `first`.
  mutating func find(_ u: Int, _ v: Int, in graph: BitRows, first: Int) {
    let (rowU, rowV, rowFirst) = (graph.row(u), graph.row(v), graph.row(first))
    let (link, rest, main) = (link.base, rest.base, main.base)
    roots.removeAll(keepingCapacity: true)
    roots.append(first)
    var (low, high) = (words, 0)
    for k in 0..<words {
      let common = rowU[k] & rowV[k]
      link[k] = common
      rest[k] = common & ~rowFirst[k]
      main[k] = common & rowFirst[k]
      if common != 0 {
        low = min(low, k)
        high = k + 1
      }
    }
    let bit: UInt64 = 1 << UInt64(first & 63)
    rest[first >> 6] &= ~bit
    main[first >> 6] |= bit
    var k = low
    while k < high {
      if rest[k] == 0 {
        k += 1
        continue
      }
      let x = k << 6 + rest[k].trailingZeroBitCount
      if !grow(from: x, in: graph, low, high) { roots.append(x) }
    }
  }

  /// Takes the vertices that can be reached from `x` out of `rest` until one of them is joined to the main component:
  /// then they are put into that, and the result is true. False if they are a component of their own.
  private func grow(from x: Int, in graph: BitRows, _ low: Int, _ high: Int) -> Bool {
    let (rest, main, grown, pending) = (rest.base, main.base, grown.base, pending.base)
    for k in low..<high {
      grown[k] = 0
      pending[k] = 0
    }
    grown[x >> 6] |= 1 << UInt64(x & 63)
    rest[x >> 6] &= ~(1 << UInt64(x & 63))
    var y = x
    while true {
      let row = graph.row(y)
      var touching: UInt64 = 0
      for k in low..<high {
        let new = row[k] & rest[k]
        touching |= row[k] & main[k]
        rest[k] &= ~new
        grown[k] |= new
        pending[k] |= new
      }
      if touching != 0 {
        for k in low..<high { main[k] |= grown[k] }
        return true
      }
      guard let k = (low..<high).first(where: { pending[$0] != 0 }) else { return false }
      y = k << 6 + pending[k].trailingZeroBitCount
      pending[k] &= pending[k] - 1
    }
  }
}
