/// The loops of a link that may need a tetrahedron each.
///
/// The vertices of the core are added one by one; x comes with its link among those before it, and brings one edge for
/// every component of that: the first joins x to the forest, each further one closes a loop that may be new. All other
/// edges of the core follow by triangles.
struct LinkLoops {
  /// An edge of the core that closes a loop with the forest, and the loop: the vertices of the core along it, from one
  /// end of the edge to the other.
  private(set) var loops: [[Int32]] = []

  init(core: [Int32], _ graph: BitRows) {
    let m = core.count
    guard m > 3 else { return }  // a core of three vertices and fewer has no loop: no vertex of it is dominated
    let words = (m + 63) / 64
    var rows = [UInt64](repeating: 0, count: m * words)
    for i in 1..<m {
      let row = graph.row(Int(core[i]))
      for j in 0..<i where row[Int(core[j]) >> 6] >> UInt64(core[j] & 63) & 1 != 0 {
        rows[i * words + j >> 6] |= 1 << UInt64(j & 63)
        rows[j * words + i >> 6] |= 1 << UInt64(i & 63)
      }
    }
    var parents = [Int32](repeating: -1, count: m)
    var depths = [Int32](repeating: 0, count: m)
    var placed = [UInt64](repeating: 0, count: words)
    var earlier = [Int32](repeating: 0, count: m)  // of each vertex not placed: its neighbours that are; -1 once placed
    var below = [UInt64](repeating: 0, count: words)
    for _ in 0..<m {
      // The vertex with most neighbours before it (maximum cardinality search): few components.
      var x = 0
      for y in 1..<m where earlier[y] > earlier[x] { x = y }
      var left = earlier[x]
      for k in 0..<words { below[k] = rows[x * words + k] & placed[k] }
      earlier[x] = -1
      placed[x >> 6] |= 1 << UInt64(x & 63)
      for k in 0..<words {
        var rest = rows[x * words + k] & ~placed[k]
        while rest != 0 {
          earlier[k * 64 + rest.trailingZeroBitCount] += 1
          rest &= rest - 1
        }
      }
      while left > 0 {
        // One component of the link of x.
        var root = -1
        for k in 0..<words where below[k] != 0 {
          root = k * 64 + below[k].trailingZeroBitCount
          break
        }
        below[root >> 6] &= ~(1 << UInt64(root & 63))
        left -= 1
        var pending = [root]
        while let y = pending.popLast() {
          for k in 0..<words {
            var found = rows[y * words + k] & below[k]
            below[k] &= ~found
            while found != 0 {
              pending.append(k * 64 + found.trailingZeroBitCount)
              left -= 1
              found &= found - 1
            }
          }
        }
        if parents[x] < 0 {
          parents[x] = Int32(root)
          depths[x] = depths[root] + 1
        } else {
          loops.append(LinkLoops.path(x, root, parents, depths).map { core[$0] })
        }
      }
    }
  }

  /// The path in a forest from one vertex to another in the same tree.
  private static func path(_ from: Int, _ to: Int, _ parents: [Int32], _ depths: [Int32]) -> [Int] {
    var (head, tail) = ([from], [to])
    while head.last! != tail.last! {
      if depths[head.last!] >= depths[tail.last!] {
        head.append(Int(parents[head.last!]))
      } else {
        tail.append(Int(parents[tail.last!]))
      }
    }
    tail.removeLast()
    return head + tail.reversed()
  }
}
