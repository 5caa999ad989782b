/// The components of a large link, and the loops in it that may need a tetrahedron each.
///
/// The vertices of the core are added one by one; x comes with its link among those before it, and brings one edge for
/// every component of that: the first joins x to the forest, each further one closes a loop that may be new. All other
/// edges of the core follow by triangles.
struct LinkLoops {
  private var capacity = 0
  private var bits: Memory<UInt64>
  private var numbers: Memory<Int32>
  private let graph: BitRows
  /// Of each vertex of the core: which it is.
  private let indices: Memory<Int32>

  init(_ graph: BitRows) throws(ToposcopeError) {
    self.graph = graph
    bits = try Memory(0)
    numbers = try Memory(0)
    indices = try Memory(graph.count)
  }

  /// Writes down the components of a core and the loops that may be new. Returns a vertex of the first component.
  /// - Parameter core: `m` bits
  mutating func examine(
    _ core: UnsafeMutablePointer<UInt64>, count m: Int, _ findings: inout LinkFindings
  ) throws(ToposcopeError) -> Int32 {
    let words = (m + 63) / 64
    if m > capacity {
      capacity = 2 * m
      let most = (capacity + 63) / 64
      bits = try Memory((capacity + 2) * most)
      numbers = try Memory(5 * capacity)
    }
    let rows = bits.base
    let placed = rows + m * words
    let below = placed + words
    rows.update(repeating: 0, count: (m + 2) * words)
    let forest = LinkFindings.Forest(parents: numbers.base, depths: numbers.base + m)
    /// Of each vertex not placed: its neighbours that are; -1 once placed.
    let earlier = numbers.base + 2 * m
    let pending = earlier + m
    let vertices = pending + m
    earlier.update(repeating: 0, count: m)
    read(core, rows, words, vertices)
    for step in 0..<m {
      // The vertex with most neighbours before it (maximum cardinality search): few components.
      var x = 0
      for y in 1..<m where earlier[y] > earlier[x] { x = y }
      var left = earlier[x]
      let row = rows + x &* words
      if left == 0 {
        forest.add(x, below: nil)
        if step > 0 { try findings.addRoot(vertices[x]) }
      }
      earlier[x] = -1
      for k in 0..<words {
        below[k] = row[k] & placed[k]
        var rest = row[k] & ~placed[k]
        while rest != 0 {
          earlier[k &* 64 &+ rest.trailingZeroBitCount] &+= 1
          rest &= rest &- 1
        }
      }
      placed[x &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: x & 63)
      earlier[x] = -1
      var isFirst = true
      while left > 0 {
        let root = LinkLoops.takeComponent(of: below, rows, words, pending, &left)
        if isFirst {
          forest.add(x, below: root)
          isFirst = false
        } else {
          try findings.addLoop(x, root, forest, vertices)
        }
      }
    }
    return vertices[0]
  }

  private func read(
    _ core: UnsafeMutablePointer<UInt64>, _ rows: UnsafeMutablePointer<UInt64>, _ words: Int,
    _ vertices: UnsafeMutablePointer<Int32>
  ) {
    var m = 0
    for k in 0..<graph.wordsPerRow {
      var rest = core[k]
      while rest != 0 {
        let x = k &* 64 &+ rest.trailingZeroBitCount
        rest &= rest &- 1
        vertices[m] = Int32(truncatingIfNeeded: x)
        indices.base[x] = Int32(truncatingIfNeeded: m)
        m &+= 1
      }
    }
    for i in 0..<m {
      let (x, row) = (Int(vertices[i]), graph.row(Int(vertices[i])))
      let own = rows + i &* words
      for k in 0..<graph.wordsPerRow {
        var found = row[k] & core[k]
        while found != 0 {
          let j = Int(indices.base[k &* 64 &+ found.trailingZeroBitCount])
          own[j &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: j & 63)
          found &= found &- 1
        }
      }
      // Rows are open here.
      let j = Int(indices.base[x])
      own[j &>> 6] &= ~(1 &<< UInt64(truncatingIfNeeded: j & 63))
    }
  }

  /// Takes the component of the first of some vertices away from them; returns that vertex.
  private static func takeComponent(
    of below: UnsafeMutablePointer<UInt64>, _ rows: UnsafeMutablePointer<UInt64>, _ words: Int,
    _ pending: UnsafeMutablePointer<Int32>, _ left: inout Int32
  ) -> Int {
    var first = 0
    while below[first] == 0 { first &+= 1 }
    let root = first &* 64 &+ below[first].trailingZeroBitCount
    below[first] &= below[first] &- 1
    left &-= 1
    pending[0] = Int32(root)
    var waiting = 1
    while waiting > 0 && left > 0 {
      waiting &-= 1
      let row = rows + Int(pending[waiting]) &* words
      for k in 0..<words {
        var found = row[k] & below[k]
        below[k] &= ~found
        while found != 0 {
          pending[waiting] = Int32(truncatingIfNeeded: k &* 64 &+ found.trailingZeroBitCount)
          waiting &+= 1
          left &-= 1
          found &= found &- 1
        }
      }
    }
    return root
  }
}
