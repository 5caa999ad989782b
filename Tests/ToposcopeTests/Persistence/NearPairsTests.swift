import Testing

@testable import Toposcope

/// The pairs within a distance are those of the matrix, in its order.
@Suite struct NearPairsTests {
  private func expectPairsOfTheMatrix(
    _ cloud: PointCloud, _ metric: Metric, upTo thresholds: (DistanceMatrix) -> [Float], comment: Comment
  ) throws {
    let m = try DistanceMatrix(cloud, metric: metric)
    for threshold in thresholds(m) {
      var expected: [FiltrationEdge] = []
      for i in 0..<cloud.count {
        for j in i + 1..<max(i + 1, cloud.count) where m[i, j] <= threshold {
          expected.append(FiltrationEdge(length: m[i, j], tail: Int32(i), head: Int32(j)))
        }
      }
      let threads = expected.count % 2 == 0 ? 1 : 3
      let pairs = try NearPairs(cloud, metric: metric, upTo: threshold, threads: threads, progress: Progress())
      let found = pairs.edges.map { FiltrationEdge(length: $0.length, tail: $0.edge.tail, head: $0.edge.head) }
      let isSame = found == expected
      #expect(isSame, "\(comment), up to \(threshold), \(threads) threads")
    }
  }

  /// Lengths of some pairs: inclusive thresholds, for there is a pair just as long.
  private func lengths(of m: DistanceMatrix) -> [Float] {
    let lengths = (1..<m.count).map { m[0, $0] }.sorted()
    return [0, 0.02, 0.3].map { lengths[Int($0 * Double(lengths.count - 1))] }
  }

  @Test(arguments: Metric.Kind.allCases) func everyMetric(kind: Metric.Kind) throws {
    var random = LinearCongruence(seed: 5)
    for (n, d) in [(101, 1), (150, 2), (250, 3), (90, 9), (70, 16), (140, 17), (140, 40)] {
      let points = random.rows(n, d)
      for cloud in [try singleCloud(points + points[0..<30]), try PointCloud(points)] {
        for neighborhood in [nil, RelativeNeighborhood(neighbors: 4)] {
          // Of so few coordinates there are hardly two directions.
          if d < 3 && (kind == .correlation || neighborhood != nil) { continue }
          try expectPairsOfTheMatrix(
            cloud, Metric(kind, neighborhood: neighborhood), upTo: lengths, comment: "\(kind), \(n) x \(d)")
        }
      }
    }
  }

  /// Points of a grid far from the origin: most distances are there many times, and some are just the threshold.
  @Test(arguments: [Metric.Kind.euclidean, .sqeuclidean, .cityblock, .chebyshev]) func ties(kind: Metric.Kind) throws {
    var generator = SeededGenerator(seed: 3)
    for (n, d, origin) in [(200, 2, 0.0), (200, 3, 1e6), (70, 40, 0)] {
      let points = (0..<n).map { _ in (0..<d).map { _ in origin + Double(Int.random(in: 0...9, using: &generator)) } }
      for cloud in [try singleCloud(points), try PointCloud(points)] {
        try expectPairsOfTheMatrix(
          cloud, Metric(kind), upTo: { [0, 1, 2, Float(2).squareRoot()] + lengths(of: $0) },
          comment: "\(kind), \(n) x \(d)")
      }
    }
  }

  /// Clusters far apart, and their points close together: hardly any boxes are near.
  @Test(arguments: Metric.Kind.allCases) func clusters(kind: Metric.Kind) throws {
    var random = LinearCongruence(seed: 9)
    for d in [2, 20, 70] {
      let centers = random.rows(7, d)
      let points = (0..<140).map { i in centers[i % 7].map { 100 * $0 + 0.001 * random.next() } }
      for cloud in [try singleCloud(points), try PointCloud(points)] {
        try expectPairsOfTheMatrix(cloud, Metric(kind), upTo: lengths, comment: "\(kind), \(d) coordinates")
      }
    }
  }

  /// Points so long that their tiles are made block by block, of more than one tile.
  @Test func longPoints() throws {
    var random = LinearCongruence(seed: 4)
    let cloud = try PointCloud(random.rows(260, 257))
    try expectPairsOfTheMatrix(cloud, .euclidean, upTo: { [lengths(of: $0)[1]] }, comment: "long points")
  }

  /// Distances that are rounded to zero.
  @Test func tinyDifferences() throws {
    let points = (0..<200).map { [Double($0) * 1e-300, $0 == 0 ? 1 : 0] }
    for kind in [Metric.Kind.euclidean, .sqeuclidean, .cityblock, .chebyshev] {
      try expectPairsOfTheMatrix(PointCloud(points), Metric(kind), upTo: { _ in [0] }, comment: "\(kind)")
    }
  }

  @Test func onePlace() throws {
    for d in [0, 1, 3, 30] {
      let cloud = try PointCloud([[Double]](repeating: [Double](repeating: 1, count: d), count: 165))
      let pairs = try NearPairs(cloud, metric: .euclidean, upTo: 0, threads: 2, progress: Progress())
      #expect(pairs.edges.count == 165 * 164 / 2)
    }
  }

  @Test func fewPoints() throws {
    for points in [[], [[1.0, 2]], [[], []]] {
      let pairs = try NearPairs(PointCloud(points), metric: .euclidean, upTo: 1, threads: 2, progress: Progress())
      #expect(pairs.edges.count == (points.count == 2 ? 1 : 0))
    }
  }

  @Test func cancelling() throws {
    var random = LinearCongruence()
    let cloud = try PointCloud(random.rows(1000, 20))
    let error = failure {
      _ = try NearPairs(cloud, metric: .euclidean, upTo: 9, threads: 2, progress: Progress { _, _ in false })
    }
    #expect(error?.kind == .cancelled)
  }

  /// No two points of two nodes are nearer than their boxes, or farther apart, and every pair of blocks is met once.
  @Test func boxesOfATree() throws {
    var random = LinearCongruence(seed: 2)
    for (n, d) in [(300, 2), (233, 5), (200, 33)] {
      let given = try DistanceRows(PointCloud(random.rows(n, d)))
      let order = try BlockTree.order(of: given.points, threads: 2, progress: Progress())
      #expect(order.sorted() == (0..<Int32(n)).map { $0 })
      let rows = try DistanceRows(given, order: order, threads: 2, progress: Progress())
      let tree = try BlockTree(rows.points, threads: 2, progress: Progress())
      var met = Set<[Int]>()
      tree.forEachPair(tree.root, tree.root, ofAtMost: tree.blockPoints, isWanted: { _, _ in true }) { a, b in
        #expect(a.points.lowerBound <= b.points.lowerBound)
        #expect(met.insert([a.number, b.number]).inserted)
        var distances = [Float](repeating: 0, count: a.points.count * b.points.count)
        distances.withUnsafeMutableBufferPointer {
          rows.fill(rows: a.points, columns: b.points, into: $0.baseAddress!)
        }
        #expect(tree.gap(a, b) <= rows.points.sums(at: distances.min()!).most)
        #expect(tree.span(a, b) >= rows.points.sums(at: distances.max()!).least)
      }
      let blocks = (n + tree.blockPoints - 1) / tree.blockPoints
      #expect(met.count == blocks * (blocks + 1) / 2)
    }
  }
}
