/// Looks at links that are no cones, as far as is known, in a graph of rows of bits: at their components, and at the loops in them.
struct OpenLinks {
  /// The graph, and the common neighbours of the edge that is looked at.
  let neighbors: CommonNeighbors
  private var small: SmallLink
  private var large: LinkLoops

  /// So many vertices fill one word, and of so many the nearest is found by looking at each.
  static let few = 64

  /// - Parameter edges: how many edges there will be
  init(vertices: Int, edges: Int) throws(ToposcopeError) {
    neighbors = try CommonNeighbors(vertices, edges: edges)
    small = try SmallLink(neighbors.graph)
    large = try LinkLoops(neighbors.graph)
  }

  /// Writes down one vertex of every component of the link but the first, of which a vertex is returned, and where they matter
  /// the loops that may be new. The link is that of the common neighbours found last.
  /// - Parameter center: one of them, which is expected to be joined to many
  mutating func examine(
    from center: Int32, wantsLoops: Bool, _ findings: inout LinkFindings
  ) throws(ToposcopeError) -> Int32 {
    var left = neighbors.count
    if !wantsLoops {
      if left > OpenLinks.few {
        try neighbors.findComponents(first: center, &findings)
        return center
      }
      small.read(neighbors.common, count: left)
      return try small.findComponents(&findings)
    }
    var vertices = neighbors.common
    if left > OpenLinks.few {
      left = neighbors.reduce(first: center, few: OpenLinks.few, many: SmallLink.capacity)
      if left == 1 { return center }
      vertices = neighbors.reduced
    }
    if left > SmallLink.capacity { return try large.examine(vertices, count: left, &findings) }
    small.read(vertices, count: left)
    return try small.examine(&findings)
  }

  /// The same of a link of up to 64 vertices, given by their names, ascending, and by a row of bits for each.
  mutating func examine(
    _ names: UnsafePointer<Int32>, count: Int, wantsLoops: Bool, _ findings: inout LinkFindings,
    row: (Int) -> UInt64
  ) throws(ToposcopeError) -> Int32 {
    small.read(names, count: count, row: row)
    return wantsLoops ? try small.examine(&findings) : try small.findComponents(&findings)
  }
}
