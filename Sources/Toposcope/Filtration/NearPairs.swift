/// The pairs of points within a distance, without the memory for all pairs: tile by tile, on several threads.
///
/// Points stand in the order of a tree, and only blocks whose boxes are near make tiles.
struct NearPairs {
  /// Sorted by vertices.
  let edges: [(edge: Edge, length: Float)]
  let facts: DistanceFacts

  init(
    _ cloud: PointCloud, metric: Metric, upTo threshold: Float, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    let prepared = try DistanceRows(cloud, metric: metric, threads: threads, progress: progress)
    let sorted = try SortedPoints(prepared, threads: threads, progress: progress)
    try self.init(sorted, upTo: threshold, threads: threads, progress: progress)
  }

  init(
    _ sorted: SortedPoints, upTo threshold: Float, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    let (order, rows, tree) = (sorted.order, sorted.rows, sorted.tree)
    facts = rows.facts
    // Scales may bring any two points near one another.
    let reach = rows.scales == nil ? rows.points.sums(at: threshold).most : .infinity
    let threads = Threads.resolve(threads)
    let most = Int32(bitPattern: (threshold + 0).bitPattern)  // -0 becomes +0
    var found = EdgesByTail(vertices: rows.count, parts: threads)
    try found.withParts { (parts) throws(ToposcopeError) in
      try rows.tiles.forEach(
        in: tree, threads: threads, progress: progress, isWanted: { tree.gap($0, $1) <= reach }
      ) { tile, slot in
        tile.forEachPair(upTo: most) { i, j, length in
          let (x, y) = (order[i], order[j])
          parts[slot].append(FiltrationEdge(length: length, tail: min(x, y), head: max(x, y)))
        }
      }
    }
    edges = try found.sorted(threads: threads, progress: progress)
  }
}

/// Edges in the order in which several threads find them, and then in that of their vertices.
private struct EdgesByTail {
  /// What one thread has found, in ranges of tails that are about as long.
  struct Part {
    private let shift: Int
    fileprivate var ranges: [[FiltrationEdge]]

    fileprivate init(shift: Int, count: Int) {
      self.shift = shift
      ranges = [[FiltrationEdge]](repeating: [], count: count)
    }

    @inline(__always)
    mutating func append(_ edge: FiltrationEdge) { ranges[Int(edge.tail) >> shift].append(edge) }
  }

  private let vertices: Int
  private let shift: Int
  private var parts: [Part]

  /// The edges of a range are sorted in the caches, and the ends of as many lists stay in the first one.
  private static let mostRanges = 256

  init(vertices: Int, parts: Int) {
    self.vertices = vertices
    var shift = 0
    while vertices >> shift >= Self.mostRanges { shift += 1 }
    self.shift = shift
    self.parts = [Part](repeating: Part(shift: shift, count: vertices >> shift + 1), count: parts)
  }

  /// Lends each thread its part.
  mutating func withParts(
    _ body: (UnsafeMutablePointer<Part>) throws(ToposcopeError) -> Void
  ) throws(ToposcopeError) {
    try parts.withUnsafeMutableBufferPointer { (parts) throws(ToposcopeError) in try body(parts.baseAddress!) }
  }

  /// By tail, by counting, then those of each tail by head.
  func sorted(threads: Int, progress: Progress) throws(ToposcopeError) -> [(edge: Edge, length: Float)] {
    var ends = [0]
    for range in 0..<parts[0].ranges.count {
      ends.append(ends[range] + parts.reduce(0) { $0 + $1.ranges[range].count })
    }
    let count = ends[ends.count - 1]
    var failure: ToposcopeError?
    let edges = [(edge: Edge, length: Float)](unsafeUninitializedCapacity: count) { edges, initialized in
      let all = edges
      do throws(ToposcopeError) {
        try Threads.forEach(chunks: ends.count - 1, threads: count < 10_000 ? 1 : threads, progress: progress) {
          sort($0, into: UnsafeMutableBufferPointer(rebasing: all[ends[$0]..<ends[$0 + 1]]))
        }
        initialized = count
      } catch { failure = error }
    }
    if let failure { throw failure }
    return edges
  }

  private func sort(_ range: Int, into edges: UnsafeMutableBufferPointer<(edge: Edge, length: Float)>) {
    let (first, count) = (range << shift, 1 << shift)
    var starts = [Int](repeating: 0, count: count + 1)
    for part in parts {
      for edge in part.ranges[range] { starts[Int(edge.tail) - first + 1] += 1 }
    }
    for tail in 0..<count { starts[tail + 1] += starts[tail] }
    var places = starts
    for part in parts {
      for edge in part.ranges[range] {
        let tail = Int(edge.tail) - first
        edges[places[tail]] = (edge.edge, edge.length)
        places[tail] += 1
      }
    }
    for tail in 0..<count where starts[tail + 1] - starts[tail] > 1 {
      sortByHead(UnsafeMutableBufferPointer(rebasing: edges[starts[tail]..<starts[tail + 1]]))
    }
  }

  /// Few by insertion.
  private func sortByHead(_ edges: UnsafeMutableBufferPointer<(edge: Edge, length: Float)>) {
    var edges = edges
    if edges.count > 32 { return edges.sort { $0.edge.head < $1.edge.head } }
    for i in 1..<edges.count {
      let edge = edges[i]
      var place = i
      while place > 0 && edges[place - 1].edge.head > edge.edge.head {
        edges[place] = edges[place - 1]
        place -= 1
      }
      edges[place] = edge
    }
  }
}
