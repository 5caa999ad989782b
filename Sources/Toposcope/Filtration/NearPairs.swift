/// The pairs of points within a distance, without the memory for all pairs: tile by tile, on several threads.
///
/// Where no distance is less than a difference of coordinates, points are sorted by the coordinate that spreads most, and
/// tiles whose points lie too far apart in it are not made.
struct NearPairs {
  /// Sorted by vertices.
  let edges: [(edge: Edge, length: Float)]
  let facts: DistanceFacts

  init(
    _ cloud: PointCloud, metric: Metric, upTo threshold: Float, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    var rows = try DistanceRows(cloud, metric: metric, threads: threads, progress: progress)
    facts = rows.facts
    let n = rows.count
    var order = (0..<Int32(n)).map { $0 }
    var coordinates = [Double](repeating: 0, count: n)
    if let axis = Self.widestCoordinate(cloud, metric) {
      coordinates = (0..<n).map { cloud[$0, axis] }
      order.sort { coordinates[Int($0)] < coordinates[Int($1)] }
      coordinates = order.map { coordinates[Int($0)] }
      rows = try DistanceRows(rows, order: order, threads: threads, progress: progress)
    }
    // Far more than distances are off by rounding.
    let reach = 1.0001 * (metric.kind == .sqeuclidean ? Double(threshold).squareRoot() : Double(threshold))
    let threads = Threads.resolve(threads)
    let slots = Slots(threads)
    let found = UnsafeMutablePointer<[FiltrationEdge]>.allocate(capacity: threads)
    found.initialize(repeating: [], count: threads)
    defer {
      found.deinitialize(count: threads)
      found.deallocate()
    }
    try rows.tiles.forEach(
      threads: threads, progress: progress,
      isWanted: { rows, columns in coordinates[columns.lowerBound] - coordinates[rows.upperBound - 1] <= reach }
    ) { tile in
      let slot = slots.take()
      defer { slots.give(slot) }
      for i in tile.rows {
        let columns = tile.partners(ofRow: i)
        let distances = tile.place(i, columns.lowerBound)
        for k in 0..<columns.count where distances[k] <= threshold {
          let (x, y) = (order[i], order[columns.lowerBound + k])
          found[slot].append(FiltrationEdge(length: distances[k], tail: min(x, y), head: max(x, y)))
        }
      }
    }
    edges = Self.sorted((0..<threads).map { found[$0] }, vertices: n)
  }

  /// The coordinate that spreads most; nil where a distance may be less than the difference of two coordinates (or than its
  /// square, where distances are squares).
  private static func widestCoordinate(_ cloud: PointCloud, _ metric: Metric) -> Int? {
    guard metric.neighborhood == nil, cloud.count > 0 else { return nil }
    switch metric.kind {
    case .euclidean, .sqeuclidean, .cityblock, .chebyshev: break
    case .cosine, .angular, .correlation, .mahalanobis: return nil
    }
    var (least, greatest) = ((0..<cloud.dimension).map { cloud[0, $0] }, (0..<cloud.dimension).map { cloud[0, $0] })
    for i in 0..<cloud.count {
      for k in 0..<cloud.dimension {
        least[k] = min(least[k], cloud[i, k])
        greatest[k] = max(greatest[k], cloud[i, k])
      }
    }
    return (0..<cloud.dimension).max { greatest[$0] - least[$0] < greatest[$1] - least[$1] }
  }

  /// By tail, by counting, then those of each tail by head.
  private static func sorted(_ parts: [[FiltrationEdge]], vertices: Int) -> [(edge: Edge, length: Float)] {
    var starts = [Int](repeating: 0, count: vertices + 1)
    for part in parts {
      for edge in part { starts[Int(edge.tail) + 1] += 1 }
    }
    for vertex in 0..<vertices { starts[vertex + 1] += starts[vertex] }
    var places = starts
    var edges = [(edge: Edge, length: Float)](repeating: (Edge(0, 0), 0), count: starts[vertices])
    for part in parts {
      for edge in part {
        edges[places[Int(edge.tail)]] = (edge.edge, edge.length)
        places[Int(edge.tail)] += 1
      }
    }
    for vertex in 0..<vertices where starts[vertex + 1] - starts[vertex] > 1 {
      edges[starts[vertex]..<starts[vertex + 1]].sort { $0.edge.head < $1.edge.head }
    }
    return edges
  }
}
