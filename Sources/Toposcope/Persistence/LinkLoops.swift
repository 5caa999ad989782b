/// The loops of a large link that may need a tetrahedron each.
///
/// The vertices of the core are added one by one; x comes with its link among those before it, and brings one edge for
/// every component of that: the first joins x to the forest, each further one closes a loop that may be new. All other
/// edges of the core follow by triangles.
struct LinkLoops {
  private var capacity = 0
  private var bits: Memory<UInt64>
  private var numbers: Memory<Int32>

  init() throws(ToposcopeError) {
    bits = try Memory(0)
    numbers = try Memory(0)
  }

  /// Each loop by the vertices of the core along it.
  mutating func loops(core: [Int32], _ graph: BitRows) throws(ToposcopeError) -> [[Int32]] {
    let m = core.count
    let words = (m + 63) / 64
    if m > capacity {
      capacity = 2 * m
      let most = (capacity + 63) / 64
      bits = try Memory((capacity + 2) * most)
      numbers = try Memory(4 * capacity)
    }
    let rows = bits.base
    let placed = rows + m * words
    let below = placed + words
    rows.update(repeating: 0, count: (m + 2) * words)
    let parents = numbers.base
    let depths = parents + m
    /// Of each vertex not placed: its neighbours that are; -1 once placed.
    let earlier = depths + m
    let pending = earlier + m
    earlier.update(repeating: 0, count: m)
    read(core, graph, rows, words)
    var loops: [[Int32]] = []
    for _ in 0..<m {
      // The vertex with most neighbours before it (maximum cardinality search): few components.
      var x = 0
      for y in 1..<m where earlier[y] > earlier[x] { x = y }
      var left = earlier[x]
      let row = rows + x &* words
      earlier[x] = -1
      parents[x] = -1
      depths[x] = 0
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
      while left > 0 {
        let root = LinkLoops.takeComponent(of: below, rows, words, pending, &left)
        if parents[x] < 0 {
          parents[x] = Int32(root)
          depths[x] = depths[root] &+ 1
        } else {
          loops.append(LinkLoops.path(x, root, parents, depths).map { core[$0] })
        }
      }
    }
    return loops
  }

  private func read(_ core: [Int32], _ graph: BitRows, _ rows: UnsafeMutablePointer<UInt64>, _ words: Int) {
    core.withUnsafeBufferPointer { core in
      for i in 1..<max(1, core.count) {
        let row = graph.row(Int(core[i]))
        for j in 0..<i {
          let x = Int(core[j])
          let bit = row[x &>> 6] &>> UInt64(truncatingIfNeeded: x & 63) & 1
          rows[i &* words &+ j &>> 6] |= bit &<< UInt64(truncatingIfNeeded: j & 63)
          rows[j &* words &+ i &>> 6] |= bit &<< UInt64(truncatingIfNeeded: i & 63)
        }
      }
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

  /// The path in a forest from one vertex to another in the same tree.
  private static func path(
    _ from: Int, _ to: Int, _ parents: UnsafeMutablePointer<Int32>, _ depths: UnsafeMutablePointer<Int32>
  ) -> [Int] {
    var (x, y) = (from, to)
    var (head, tail) = ([x], [y])
    while x != y {
      if depths[x] >= depths[y] {
        x = Int(parents[x])
        head.append(x)
      } else {
        y = Int(parents[y])
        tail.append(y)
      }
    }
    return head + tail.dropLast().reversed()
  }
}
