/// All pairs of a cloud, of which the nearest are known without a matrix. Many a filtration of points of few coordinates is
/// over when they have been added; where it is not, a matrix has the others.
struct NearFirst {
  let points: SortedPoints
  /// The pairs up to `reach`, sorted by vertices.
  let edges: [(edge: Edge, length: Float)]
  /// Infinity where these are all pairs that are wanted.
  let reach: Float
  /// min over x of max over y of d(x, y).
  let enclosingRadius: Float
  private let cloud: PointCloud
  private let metric: Metric
  private let pace: Pace

  /// When pairs are made near first.
  struct Pace {
    /// With fewer points a matrix costs little.
    var manyPoints = 1 << 13
    /// The number of pairs for each point, about.
    var pairsEach = 48
  }

  /// With more coordinates boxes tell too little.
  private static let fewCoordinates = 4

  /// Nil where it would not be worth it, or they do not join all points: then longer ones are needed.
  /// - Throws: `memory` if the estimate of what H0 and H1 of the near pairs take is more than is allowed; what the distances
  ///   throw.
  init?(
    _ cloud: PointCloud, metric: Metric, options: RipsOptions, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    pace = options.nearFirst
    guard cloud.count >= pace.manyPoints, cloud.dimension <= NearFirst.fewCoordinates, metric.neighborhood == nil
    else { return nil }
    (self.cloud, self.metric) = (cloud, metric)
    try pace.estimate(cloud.count).check(limit: options.maxMemory)
    let rows = try DistanceRows(cloud, metric: metric, threads: threads, progress: progress)
    guard rows.points.sumOfDifferences == .squares, let reach = pace.reach(rows) else { return nil }
    points = try SortedPoints(rows, threads: threads, progress: progress)
    enclosingRadius = try FarthestPairs(points, threads: threads, progress: progress).extent.enclosingRadius
    let limit = min(options.threshold, enclosingRadius)
    self.reach = reach < limit ? reach : .infinity
    edges = try NearPairs(points, upTo: min(reach, limit), threads: threads, progress: progress).edges
    if self.reach < .infinity, try !joinsAll(progress) { return nil }
  }

  /// Whether all points are in one component of the near pairs.
  private func joinsAll(_ progress: Progress) throws(ToposcopeError) -> Bool {
    var components = Components(cloud.count)
    try progress.forEachPart(of: edges.count) { part in
      for (edge, _) in edges[part] where components.count > 1 { _ = components.join(edge.tail, edge.head) }
    }
    return components.count <= 1
  }

  var facts: DistanceFacts { points.rows.facts }

  /// The distances of all pairs.
  /// - Throws: `vertices` where there are too many for a matrix; `memory` if the estimate of what it takes, and H0 and H1 with
  ///   it, is more than is allowed.
  func matrix(threads: Int, maxMemory: Int?, progress: Progress) throws(ToposcopeError) -> DistanceMatrix {
    try FiltrationInput.checkVertices(cloud.count)
    var estimate = MemoryEstimate.loops(cloud.count, threads: threads)
    estimate.add(edges.count, bytesEach: 48)  // the edges, and lists with identifiers, until rows have taken over
    estimate.add(cloud.count * cloud.count, bytesEach: 4)
    try estimate.check(limit: maxMemory)
    return try DistanceMatrix(cloud, metric: metric, threads: threads, progress: progress)
  }
}

extension NearFirst.Pace {
  /// A length up to which there is about the number of pairs; nil where many more are that long, as they are equal.
  fileprivate func reach(_ rows: DistanceRows) -> Float? {
    let share = 2 * Double(pairsEach) / Double(rows.count)
    func sample(_ found: Double, upTo limit: Float) -> LengthSample {
      LengthSample(min(Int(found / share), 1 << 18), vertices: rows.count, upTo: limit) { i, j in
        var length: Float = 0
        rows.fill(row: i, columns: j..<j + 1, into: &length)
        return length
      }
    }
    // A small sample first, so that of a large one few lengths have to be sorted.
    let about = sample(32, upTo: .infinity).quantile(4 * share) ?? .infinity
    let found = sample(256, upTo: about)
    guard let reach = found.quantile(share), found.share(upTo: reach) < 2 * share else { return nil }
    return reach
  }

  /// The bytes that H0 and H1 of the near pairs take.
  fileprivate func estimate(_ points: Int) -> MemoryEstimate {
    let pairs = 2 * pairsEach * points  // the sample may be off by as much
    var estimate = MemoryEstimate.sparseLoops(vertices: points, edges: pairs)
    estimate.add(pairs, bytesEach: 24)
    return estimate
  }
}
