import Testing

@testable import Toposcope

/// Borůvka's rounds find the forest of Prim's algorithm, edge by edge, whatever is kept on the way.
@Suite struct BoruvkaForestTests {
  private func expectForest(
    of cloud: PointCloud, _ metric: Metric = .euclidean, neighbors: [Int] = [1, 2, 12], threads: [Int] = [1, 3],
    comment: Comment
  ) throws {
    let rows = try DistanceRows(cloud, metric: metric)
    let prim = try MinimumSpanningForest(vertices: rows.count, progress: Progress()) { rows.fill(row: $0, into: $1) }
    for neighbors in neighbors {
      for threads in threads {
        for manyPoints in [0, .max] {  // by a tree, where coordinates are few, or by all pairs
          let forest = try BoruvkaForest(
            rows, neighbors: neighbors, manyPoints: manyPoints, threads: threads, progress: Progress())
          let isSame = forest.edges.sorted { $0.precedes($1) } == prim.edges
          #expect(isSame, comment)
          #expect(forest.extent == (prim.enclosingRadius, prim.longest), comment)
        }
      }
    }
  }

  @Test(arguments: Metric.Kind.allCases) func everyMetric(kind: Metric.Kind) throws {
    for (n, d) in [(1, 3), (2, 3), (13, 3), (14, 40), (90, 40)] {
      var random = LinearCongruence(seed: n + d)
      let points = random.rows(n, d)
      for cloud in [try singleCloud(points), try PointCloud(points)] {
        for neighborhood in [nil, RelativeNeighborhood(neighbors: 4)] where n > 4 || neighborhood == nil {
          if kind == .mahalanobis && n <= d { continue }
          try expectForest(of: cloud, Metric(kind, neighborhood: neighborhood), comment: "\(kind), \(n) x \(d)")
        }
      }
    }
  }

  /// Points of a grid: every distance is there many times, and many points are.
  @Test func tiesAndDuplicates() throws {
    var generator = SeededGenerator(seed: 3)
    for (n, d) in [(40, 1), (200, 2), (300, 3)] {
      let points = (0..<n).map { _ in (0..<d).map { _ in Double(Int.random(in: 0...2, using: &generator)) } }
      try expectForest(of: PointCloud(points), comment: "\(n) x \(d)")
      try expectForest(of: PointCloud(points), Metric(.cityblock), comment: "\(n) x \(d)")
    }
    try expectForest(of: PointCloud([[Double]](repeating: [1, 2], count: 60)), comment: "one place")
  }

  /// Clusters of more points than lists have places: components have to wait for the passes that follow the first. With
  /// many of them there is no table of all pairs of components.
  @Test(arguments: [(5, 40), (60, 5), (150, 4)]) func clusters(count: Int, size: Int) throws {
    var random = LinearCongruence(seed: count)
    let centers = random.rows(count, 3)
    let points = (0..<count * size).map { i in centers[i % count].map { 100 * $0 + 0.01 * random.next() } }
    try expectForest(of: singleCloud(points), threads: [1, 4], comment: "\(count) clusters of \(size)")
  }

  /// Distances that overflow when they are divided by small scales: such points are never joined.
  @Test func neverJoined() throws {
    let ends = [0, 1e-30, 1e30, 1e30 + 1e20]
    let cloud = try PointCloud(ends.map { [$0] })
    let metric = Metric(.euclidean, neighborhood: RelativeNeighborhood(neighbors: 1))
    try expectForest(of: cloud, metric, comment: "far apart")
  }

  @Test func cancelling() throws {
    var random = LinearCongruence()
    let rows = try DistanceRows(PointCloud(random.rows(300, 20)))
    #expect(
      failure { _ = try BoruvkaForest(rows, threads: 2, progress: Progress { _, _ in false }) }?.kind == .cancelled)
  }

  @Test func memoryIsCounted() throws {
    var random = LinearCongruence()
    let cloud = try PointCloud(random.rows(100, 20))
    var options = RipsOptions()
    (options.maxDimension, options.maxMemory) = (0, 20_000)
    let refused = failure { _ = try vietorisRips(.points(cloud, metric: .euclidean), options: options) }
    #expect(refused?.kind == .memory && refused!.value > 100 * 20 * 8)
    options.maxMemory = 1 << 20
    #expect(try vietorisRips(.points(cloud, metric: .euclidean), options: options).diagrams[0].pairs.count == 100)
  }

  /// The bars stand as sorting brings them, although they are not compared: many are equally long, and with a threshold
  /// many never end.
  @Test(arguments: [Float(0), 0.5, 1, 1.5, .infinity]) func barsStandAsInADiagram(_ threshold: Float) throws {
    var generator = SeededGenerator(seed: 5)
    let points = (0..<700).map { _ in (0..<2).map { _ in Double(Int.random(in: 0...30, using: &generator)) } }
    var options = RipsOptions()
    (options.maxDimension, options.threshold) = (0, threshold)
    let diagram = try vietorisRips(.points(PointCloud(points), metric: .euclidean), options: options).diagrams[0]
    #expect(diagram == PersistenceDiagram(dimension: 0, pairs: diagram.pairs.shuffled(using: &generator)))
    #expect(diagram.pairs.contains { $0.death == .infinity })
    #expect((threshold < 1) == (diagram.pairs.allSatisfy { $0.death == .infinity }))
  }
}
