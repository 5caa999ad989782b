/// H0 alone: the minimum spanning forest, without a list of the edges.
///
/// Ties are broken by tail and head as everywhere, so the forest, and with it the vertex and the edge of every bar, is the
/// one that the sorted edges give.
struct MinimumSpanningForest {
  /// The edges of the forest in the order of the filtration.
  let edges: [FiltrationEdge]
  let vertices: Int
  /// min over x of max over y of d(x, y), and the greatest finite distance.
  private(set) var (enclosingRadius, longest) = (Float.infinity, Float(0))

  /// Prim's algorithm, over rows of distances that are made when they are needed: O(n) memory besides a row, and every row
  /// is looked at once.
  /// - Parameter row: Writes the distances of a point from all points. Infinity: never joined.
  init(
    vertices n: Int, progress: Progress, row: (_ vertex: Int, _ out: UnsafeMutablePointer<Float>) -> Void
  ) throws(ToposcopeError) {
    vertices = n
    let distances = try Memory<Float>(n)
    let nearest = try Memory<Float>(n)  // of a point outside: its distance from the tree
    let anchor = try Memory<Int32>(n)  // and the point of the tree at this distance
    let isInside = try Memory<Bool>(n)
    for v in 0..<n { nearest.base[v] = .infinity }
    var found: [FiltrationEdge] = []
    found.reserveCapacity(max(0, n - 1))
    var next = 0
    for step in 0..<n {
      try progress.report(step, of: n)
      let u = next
      isInside.base[u] = true
      if nearest.base[u] < .infinity {
        let edge = Edge(anchor.base[u], Int32(u))
        found.append(FiltrationEdge(length: nearest.base[u], tail: edge.tail, head: edge.head))
      }
      row(u, distances.base)
      var farthest: Float = 0
      for v in 0..<n {
        farthest = max(farthest, distances.base[v])
        if distances.base[v] < .infinity { longest = max(longest, distances.base[v]) }
      }
      enclosingRadius = min(enclosingRadius, farthest)
      var best = -1
      for v in 0..<n where !isInside.base[v] {
        let length = distances.base[v] + 0  // -0 becomes +0
        if length < nearest.base[v]
          || length == nearest.base[v] && length < .infinity
            && Edge(Int32(u), Int32(v)).precedes(Edge(anchor.base[v], Int32(v)))
        {
          nearest.base[v] = length
          anchor.base[v] = Int32(u)
        }
        if best < 0 || nearest.base[v] < nearest.base[best]
          || nearest.base[v] == nearest.base[best] && nearest.base[v] < .infinity
            && Edge(anchor.base[v], Int32(v)).precedes(Edge(anchor.base[best], Int32(best)))
        {
          best = v
        }
      }
      next = best
    }
    edges = found.sorted { $0.precedes($1) }
  }

  private init(edges: [FiltrationEdge], vertices: Int) {
    (self.edges, self.vertices) = (edges, vertices)
  }

  /// The forest of a cloud.
  init(_ rows: DistanceRows, threads: Int, progress: Progress) throws(ToposcopeError) {
    if rows.count * rows.points.dimension < MinimumSpanningForest.fewNumbers {
      try self.init(vertices: rows.count, progress: progress) { rows.fill(row: $0, into: $1) }
    } else {
      let forest = try BoruvkaForest(rows, threads: threads, progress: progress)
      self.init(edges: try Self.sorted(forest.edges, progress), vertices: rows.count)
      (enclosingRadius, longest) = forest.extent
    }
  }

  /// In the order of the filtration, lengths first.
  private static func sorted(
    _ edges: [FiltrationEdge], _ progress: Progress
  ) throws(ToposcopeError) -> [FiltrationEdge] {
    var order = try NumberSort(edges.count, progress)
    try order.sort { UInt32(bitPattern: edges[$0].head) }
    try order.sort { UInt32(bitPattern: edges[$0].tail) }
    try order.sort { edges[$0].length.bitPattern }
    var sorted: [FiltrationEdge] = []
    sorted.reserveCapacity(edges.count)
    try order.forEach { sorted.append(edges[$0]) }
    return sorted
  }

  /// Rows of fewer coordinates than this are made sooner than lists of neighbours.
  private static let fewNumbers = 1200

  /// The forest of a graph whose edges are sorted (Kruskal's algorithm).
  init(_ order: EdgeOrder, progress: Progress) throws(ToposcopeError) {
    vertices = order.vertexCount
    var components = Components(vertices)
    var found: [FiltrationEdge] = []
    while let run = try order.nextRun() {
      for i in 0..<run.count {
        if i & 0xFFF == 0 { try progress.report(i, of: run.count) }
        if components.join(run[i].tail, run[i].head) != nil { found.append(run[i]) }
      }
    }
    edges = found
  }

  /// The bars of H0 up to a threshold, below which edges that could matter are cut off or not.
  func diagram(
    upTo threshold: Float, isCut: Bool, progress: Progress
  ) throws(ToposcopeError) -> PersistenceDiagram {
    var components = Components(vertices)
    let ends = try Memory<Int32>(vertices)  // of each component one more than the number of the edge that ends it
    try progress.forEachPart(of: edges.count) { part in
      for i in part where edges[i].length <= threshold {
        if let ended = components.join(edges[i].tail, edges[i].head), edges[i].length > 0 {
          ends.base[Int(ended)] = Int32(truncatingIfNeeded: i + 1)
        }
      }
    }
    func end(_ vertex: Int) -> FiltrationEdge? { ends.base[vertex] == 0 ? nil : edges[Int(ends.base[vertex]) - 1] }
    var order = try NumberSort(vertices, progress)
    try order.sort { ~(end($0)?.length.bitPattern ?? 0) }
    var bars = components.essentialBars(isCensored: isCut)
    bars.reserveCapacity(bars.count + edges.count)
    try order.forEach { vertex in
      guard let edge = end(vertex) else { return }
      bars.append(.component(Int32(truncatingIfNeeded: vertex), death: edge.length, deathEdge: edge.edge))
    }
    return PersistenceDiagram(dimension: 0, sorted: bars)
  }
}

extension Components {
  /// The bars of the components that are left. The oldest never dies, so it is never censored.
  mutating func essentialBars(isCensored: Bool) -> [PersistencePair] {
    var bars: [PersistencePair] = []
    for vertex in 0..<Int32(vertexCount) where root(vertex) == vertex {
      var bar = PersistencePair.component(vertex, death: .infinity, deathEdge: nil)
      bar.isCensored = isCensored && !bars.isEmpty
      bars.append(bar)
    }
    return bars
  }
}
