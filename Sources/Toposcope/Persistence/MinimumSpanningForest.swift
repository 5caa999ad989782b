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
    try progress.report(edges.count, of: edges.count)
    let (keys, spare) = (try Memory<UInt64>(edges.count), try Memory<UInt64>(edges.count))
    for i in 0..<edges.count { keys.base[i] = UInt64(edges[i].length.bitPattern) << 32 | UInt64(i) }
    var (front, back) = (keys.base, spare.base)
    try RadixSort.sort(&front, spare: &back, count: edges.count) { () throws(ToposcopeError) in
      try progress.report(edges.count, of: edges.count)
    }
    try progress.report(edges.count, of: edges.count)
    var sorted = (0..<edges.count).map { edges[Int(UInt32(truncatingIfNeeded: front[$0]))] }
    var start = 0
    while start < sorted.count {
      var end = start + 1
      while end < sorted.count && sorted[end].length == sorted[start].length { end += 1 }
      if end > start + 1 { sorted[start..<end].sort { $0.edge.precedes($1.edge) } }
      start = end
    }
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
  func bars(upTo threshold: Float, isCut: Bool, progress: Progress) throws(ToposcopeError) -> [PersistencePair] {
    var components = Components(vertices)
    var bars: [PersistencePair] = []
    for (i, e) in edges.enumerated() where e.length <= threshold {
      if i & 0xFFF == 0 { try progress.report(i, of: edges.count) }
      if let ended = components.join(e.tail, e.head), e.length > 0 {
        bars.append(.component(ended, death: e.length, deathEdge: e.edge))
      }
    }
    return bars + components.essentialBars(isCensored: isCut)
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
