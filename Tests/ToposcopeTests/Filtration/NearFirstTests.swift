import Testing

@testable import Toposcope

/// Pairs that are made near first, and a matrix if these are not enough, give what a matrix gives from the beginning.
@Suite struct NearFirstTests {
  /// Shapes of which some are over early, some not before their holes are filled, and some are full of ties.
  enum Shape: CaseIterable {
    case cube, sphere, circle, clusters, grid, duplicates

    func points(_ n: Int, _ d: Int, using random: inout LinearCongruence) -> [[Double]] {
      let rows = random.rows(n, d)
      func length(_ x: [Double]) -> Double { max(1e-3, x.reduce(0) { $0 + $1 * $1 }.squareRoot()) }
      switch self {
      case .cube: return rows
      case .sphere: return rows.map { x in x.map { $0 / length(x) } }
      case .circle:
        return rows.map { x in
          let plane = Array(x.prefix(2))
          return x.enumerated().map { $0.offset < 2 ? $0.element / length(plane) : 0.1 * $0.element }
        }
      case .clusters: return rows.enumerated().map { i, x in x.map { Double(i % 3) * 5 + 0.3 * $0 } }
      case .grid: return rows.map { x in x.map { (4 * $0).rounded() } }
      case .duplicates: return Array(rows[0..<(n / 2)] + rows[0..<(n - n / 2)])
      }
    }
  }

  private func result(
    _ cloud: PointCloud, _ metric: Metric, _ options: RipsOptions, _ pace: NearFirst.Pace
  ) throws -> RipsResult {
    var options = options
    options.nearFirst = pace
    return try vietorisRips(.points(cloud, metric: metric), options: options)
  }

  @Test(arguments: Shape.allCases) func asFromAMatrix(shape: Shape) throws {
    var (overEarly, wentOn) = (0, 0)
    for seed in 0..<12 {
      var random = LinearCongruence(seed: seed)
      let (n, d) = (30 + 8 * seed, 1 + seed % 4)
      let points = shape.points(n, d, using: &random)
      let cloud = seed % 2 == 0 ? try singleCloud(points) : try PointCloud(points)
      let kinds = [Metric.Kind.euclidean, .sqeuclidean, .mahalanobis, .cosine, .angular, .cityblock]
      let kind = shape == .cube && d > 1 ? kinds[seed % 6] : kinds[seed % 2]
      var options = RipsOptions()
      (options.modulus, options.threads) = (seed % 3 == 0 ? 3 : 2, 1 + seed % 2)
      if seed % 5 == 4 { options.threshold = Float(0.3) }
      let expected = try result(cloud, Metric(kind), options, NearFirst.Pace(manyPoints: .max))
      for pairsEach in [2, n / 8, n / 4] {
        let found = try result(cloud, Metric(kind), options, NearFirst.Pace(manyPoints: 2, pairsEach: pairsEach))
        let comment: Comment = "\(shape), \(kind), \(n) x \(d), seed \(seed), \(pairsEach) each"
        for dimension in 0...1 {
          let isSame =
            sortedPairs(found.diagrams[dimension].pairs) == sortedPairs(expected.diagrams[dimension].pairs)
          #expect(isSame, comment)
        }
        #expect(found.facts.enclosingRadius == expected.facts.enclosingRadius, comment)
        if found.facts.edges < 2 * n * pairsEach { overEarly += 1 } else { wentOn += 1 }
      }
    }
    #expect(wentOn > 0)
    if shape == .cube || shape == .sphere { #expect(overEarly > 0) }
  }

  /// Cycles and cocycles come from the near pairs as well as from a matrix.
  @Test func representatives() throws {
    var random = LinearCongruence(seed: 7)
    let cloud = try PointCloud(random.rows(150, 2))
    var options = RipsOptions()
    (options.cycles, options.cocycles) = (true, true)
    let expected = try result(cloud, .euclidean, options, NearFirst.Pace(manyPoints: .max))
    for pairsEach in [4, 60] {
      let found = try result(cloud, .euclidean, options, NearFirst.Pace(manyPoints: 2, pairsEach: pairsEach))
      #expect(found.diagrams[1].pairs == expected.diagrams[1].pairs && found.diagrams[1].pairs.count > 5)
      for bar in 0..<found.diagrams[1].pairs.count {
        let (ring, same) = try (found.cycle(dimension: 1, bar: bar), expected.cycle(dimension: 1, bar: bar))
        #expect(ring == same)
        #expect(try found.cocycle(dimension: 1, bar: bar).count > 0)
      }
      #expect(try found.cycle(dimension: 0, bar: 3) == expected.cycle(dimension: 0, bar: 3))
    }
  }

  /// The walk over the tree finds the edge that the matrix has, from wherever it is looked for.
  @Test(arguments: Shape.allCases) func longestEdgeOfTheRelativeNeighbourhoodGraph(shape: Shape) throws {
    for seed in 0..<8 {
      var random = LinearCongruence(seed: 100 + seed)
      let (n, d) = (20 + 12 * seed, 1 + seed % 4)
      let cloud = try singleCloud(shape.points(n, d, using: &random))
      let kind = [Metric.Kind.euclidean, .sqeuclidean, .euclidean, .cosine][shape == .cube && d > 1 ? seed % 4 : 0]
      let distances = try DistanceMatrix(cloud, metric: Metric(kind))
      let rows = try DistanceRows(cloud, metric: Metric(kind))
      let sorted = try SortedPoints(rows, threads: 1, progress: Progress())
      let order = try EdgeOrder(distances, upTo: .infinity, progress: Progress())
      var nearest = try NearestNeighbors(vertices: n)
      var (added, reached, checks) = (0, Float(0), 0)
      while let run = try order.nextRun() {
        for i in 0..<run.count {
          nearest.add(run[i].tail, run[i].head)
          (added, reached) = (added + 1, run[i].length)
          if added < 2 * n * (1 + checks) || i + 1 < run.count && run[i + 1].length == reached { continue }
          checks += 1
          let matrix = try LongerPairs.matrix(distances).stoppingRadius(
            nearest: nearest, reached: reached, threads: 1, progress: Progress())
          for most in [Float.infinity, reached, matrix.nextDown] where most >= reached {
            let tree = try LongerPairs.points(sorted, upTo: most).stoppingRadius(
              nearest: nearest, reached: reached, threads: 1 + seed % 3, progress: Progress())
            let isSame = matrix <= most ? tree == matrix : tree > most && tree <= matrix
            #expect(isSame, "\(shape), \(n) x \(d): \(tree), not \(matrix), after \(reached), most \(most)")
          }
        }
      }
      #expect(checks > 0 || shape == .grid)
    }
  }

  @Test func memoryIsCountedBeforeEitherPart() throws {
    var random = LinearCongruence(seed: 1)
    let cloud = try PointCloud(random.rows(400, 2))
    var options = RipsOptions()
    options.nearFirst = NearFirst.Pace(manyPoints: 2, pairsEach: 4)
    options.maxMemory = 100_000
    let first = failure { _ = try vietorisRips(.points(cloud, metric: .euclidean), options: options) }
    #expect(first?.kind == .memory)
    options.maxMemory = Int(first!.value) + 1
    let second = failure { _ = try vietorisRips(.points(cloud, metric: .euclidean), options: options) }
    #expect(second?.kind == .memory && second!.value > first!.value)
    options.maxMemory = Int(second!.value) + 1
    #expect(try vietorisRips(.points(cloud, metric: .euclidean), options: options).diagrams[0].pairs.count == 400)
  }

  @Test func cancelling() throws {
    var random = LinearCongruence(seed: 1)
    let cloud = try PointCloud(random.rows(100, 2))
    let sorted = try SortedPoints(DistanceRows(cloud), threads: 1, progress: Progress())
    let nearest = try NearestNeighbors(vertices: 100)
    let stopping = failure {
      _ = try LongerPairs.points(sorted, upTo: .infinity).stoppingRadius(
        nearest: nearest, reached: 0, threads: 2, progress: Progress { _, _ in false })
    }
    #expect(stopping?.kind == .cancelled)
    var options = RipsOptions()
    options.nearFirst = NearFirst.Pace(manyPoints: 2)
    let all = failure {
      _ = try vietorisRips(
        .points(cloud, metric: .euclidean), options: options, progress: Progress { _, _ in false })
    }
    #expect(all?.kind == .cancelled)
  }
}
