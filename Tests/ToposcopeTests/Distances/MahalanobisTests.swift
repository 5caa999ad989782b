import Testing

@testable import Toposcope

/// Values marked "scikit-learn" are those of LedoitWolf and OAS (1.7) with SciPy's mahalanobis on the same points.
@Suite struct MahalanobisTests {
  private func cloud(_ n: Int, _ d: Int) throws -> PointCloud {
    var random = LinearCongruence()
    return try PointCloud(random.rows(n, d, graded: true))
  }

  private func sum(_ m: DistanceMatrix) -> Double {
    var sum = 0.0
    for i in 0..<m.count { for j in i..<m.count { sum += Double(m[i, j]) } }
    return sum
  }

  private func close(_ a: Double, _ b: Double, _ tolerance: Double = 1e-6) -> Bool {
    abs(a - b) <= tolerance * abs(b)
  }

  @Test func agreesWithScikitLearn() throws {
    typealias Case = (
      n: Int, d: Int, estimate: Covariance.Estimate, shrinkage: Double, first: Double, last: Double, sum: Double,
      condition: Double
    )
    let cases: [Case] = [
      (
        7, 3, .ledoitWolf, 0.5295308188983083, 2.019846457952893, 1.9604390475896436, 49.90033370953638, 2.1997124289206
      ),
      (7, 3, .oas, 0.9698106010905392, 1.9507170230747983, 1.887778524033553, 52.35399962647083, 1.0538256323826807),
      (
        5, 9, .ledoitWolf, 0.7321737880114602, 3.9636585524480292, 4.025827934085705, 39.7260806539817,
        2.359646946767466
      ),
      (5, 9, .oas, 1, 4.611848097375981, 4.755601467507214, 47.07718963136858, 1),
      (
        4, 4, .ledoitWolf, 0.3934318894284507, 1.1566017726032032, 2.847789617089422, 12.240366409967264,
        6.900029711128868
      ),
      (4, 4, .oas, 0.5749034105347646, 1.18100587431158, 3.122108252244768, 12.746634750409072, 3.8296773505609543),
    ]
    for c in cases {
      let m = try DistanceMatrix(cloud(c.n, c.d), metric: Metric(.mahalanobis, covariance: Covariance(c.estimate)))
      #expect(close(m.facts.shrinkage, c.shrinkage, 1e-12), "\(c)")
      #expect(close(m.facts.condition, c.condition, 1e-9), "\(c) \(m.facts)")
      #expect(close(Double(m[0, 1]), c.first) && close(Double(m[c.n - 1, c.n - 2]), c.last) && close(sum(m), c.sum))
      #expect(m.facts.rank == min(c.n - 1, c.d) && m.facts.dimension == min(c.n - 1, c.d))
    }
  }

  /// It does not depend on the unit, even where the fourth powers of the coordinates are out of range.
  @Test(arguments: [(7, 3), (5, 9)], [-1000, -600, 600, 1000]) func theUnitDoesNotMatter(
    size: (n: Int, d: Int), exponent: Int
  ) throws {
    var random = LinearCongruence()
    let rows = random.rows(size.n, size.d, graded: true)
    let unit = Double(sign: .plus, exponent: exponent, significand: 1)
    let scaled = try PointCloud(rows.map { row in row.map { $0 * unit } })
    let (a, b) = try (
      DistanceMatrix(PointCloud(rows), metric: .mahalanobis), DistanceMatrix(scaled, metric: .mahalanobis)
    )
    #expect(a.facts.shrinkage == b.facts.shrinkage && a.facts.condition == b.facts.condition)
    for i in 0..<size.n { for j in 0..<size.n { #expect(a[i, j] == b[i, j]) } }
    let reference = Covariance(.oas, reference: scaled)
    let c = try DistanceMatrix(scaled, metric: Metric(.mahalanobis, covariance: reference))
    #expect(c[0, 1].isFinite && c[0, 1] > 0)
  }

  @Test func empiricalAgreesWithSciPy() throws {
    let m = try DistanceMatrix(cloud(7, 3), metric: Metric(.mahalanobis, covariance: Covariance(.empirical)))
    #expect(close(Double(m[0, 1]), 2.3756152154486583) && close(sum(m), 50.01528360770632))
  }

  /// The mean squared distance over all pairs is twice the rank, because the covariance is the points' own.
  @Test func meanSquareIsTwiceTheRank() throws {
    let m = try DistanceMatrix(cloud(40, 6), metric: Metric(.mahalanobis, covariance: Covariance(.empirical)))
    var squares = 0.0
    for i in 0..<40 { for j in 0..<i { squares += Double(m[i, j]) * Double(m[i, j]) } }
    #expect(close(squares / 780, 12))
  }

  @Test func doesNotChangeUnderAffineMaps() throws {
    var random = LinearCongruence(seed: 7)
    let rows = random.rows(30, 4)
    let map = [[3.0, 1, 0, 0], [0, 1e-3, 0, 0], [0, 5, 2e4, 0], [1, 0, 0, -1]]
    let moved = rows.map { row in
      map.map { m in zip(m, row).reduce(1000) { $0 + $1.0 * $1.1 } }
    }
    let metric = Metric(.mahalanobis, covariance: Covariance(.empirical))
    let (a, b) = try (
      DistanceMatrix(PointCloud(rows), metric: metric), DistanceMatrix(PointCloud(moved), metric: metric)
    )
    for i in 0..<30 { for j in 0..<30 { #expect(abs(a[i, j] - b[i, j]) <= 1e-5 * a[i, j]) } }
    #expect(b.facts.rank == 4)
  }

  @Test func singularCovarianceIsRefusedWithItsRank() throws {
    let metric = Metric(.mahalanobis, covariance: Covariance(.empirical))
    #expect(
      failure { _ = try DistanceMatrix(cloud(5, 9), metric: metric) }
        == ToposcopeError(.singularCovariance, row: 4, column: 9))
    let flat = try PointCloud([[0, 0, 1], [1, 0, 2], [0, 1, 1], [1, 1, 2], [3, 5, 4]])
    #expect(
      failure { _ = try DistanceMatrix(flat, metric: metric) } == ToposcopeError(.singularCovariance, row: 2, column: 3)
    )
    let same = try PointCloud([[1, 2], [1, 2], [1, 2]])
    #expect(
      failure { _ = try DistanceMatrix(same, metric: .mahalanobis) }
        == ToposcopeError(.singularCovariance, row: 0, column: 2))
  }

  @Test func givenMatrix() throws {
    let points = try PointCloud([[0, 0], [1, 0], [0, 1]])
    let metric = Metric(.mahalanobis, covariance: Covariance(.given([4, 2, 2, 3])))
    let m = try DistanceMatrix(points, metric: metric)
    // The inverse is [3, -2; -2, 4] / 8.
    #expect(m[0, 1] == Float((3.0 / 8).squareRoot()) && m[0, 2] == Float((4.0 / 8).squareRoot()))
    #expect(close(Double(m[1, 2]), (11.0 / 8).squareRoot()))
    for (matrix, error) in [
      ([4, 2, 1, 3], ToposcopeError(.asymmetric, row: 0, column: 1, value: 2)),
      ([4, 2, 2, 1], ToposcopeError(.singularCovariance, row: 1, column: 2)),
      ([4, .nan, 2, 1], ToposcopeError(.notFinite, row: 0, column: 1, value: .nan)),
      ([4, 2, 2], ToposcopeError(.shape, row: 2, value: 3)),
    ] as [([Double], ToposcopeError)] {
      let found = failure {
        _ = try DistanceMatrix(points, metric: Metric(.mahalanobis, covariance: Covariance(.given(matrix))))
      }
      #expect(found?.kind == error.kind && found?.row == error.row && found?.column == error.column)
    }
  }

  /// The distances of a reference set to itself are those without a reference, in both ways of computing them.
  @Test(arguments: [(12, 3), (6, 40)]) func referenceOfTheSamePoints(n: Int, d: Int) throws {
    let points = try cloud(n, d)
    for estimate in [Covariance.Estimate.ledoitWolf, .oas, .shrunk(0.25)] {
      let alone = try DistanceMatrix(points, metric: Metric(.mahalanobis, covariance: Covariance(estimate)))
      let referred = try DistanceMatrix(
        points, metric: Metric(.mahalanobis, covariance: Covariance(estimate, reference: points)))
      for i in 0..<n { for j in 0..<n { #expect(abs(alone[i, j] - referred[i, j]) <= 1e-6 * alone[i, j]) } }
      #expect(close(alone.facts.shrinkage, referred.facts.shrinkage, 1e-9))
      #expect(close(alone.facts.condition, referred.facts.condition, 1e-9))
    }
  }

  /// More coordinates than points, and two points so close together that products of long differences would lose their
  /// distance: it must be the length of the small step, in the metric of the definition (S = a A'A + b I, by Woodbury).
  @Test func nearDuplicatesWithMoreCoordinatesThanPoints() throws {
    var random = LinearCongruence(seed: 11)
    var rows = random.rows(6, 30).map { $0.map { $0 + 5 } }
    rows.append(rows[2].map { $0 + 1e-9 * random.next() })
    rows.append(rows[4])  // and an exact duplicate
    let m = try DistanceMatrix(PointCloud(rows), metric: .mahalanobis)
    #expect(m[4, 7] == 0 && m.facts.rank == 6 && m.facts.dimension == 6)
    // Magnify the step: the distance of x and x + t e in the same metric grows with t; take the metric as given.
    let mean = (0..<30).map { k in rows.reduce(0) { $0 + $1[k] } / 8 }
    let centered = rows.map { zip($0, mean).map { $0 - $1 } }
    let share = m.facts.shrinkage
    let variance = centered.reduce(0) { $0 + $1.reduce(0) { $0 + $1 * $1 } } / 8 / 30
    var covariance = [Double](repeating: 0, count: 900)
    for a in 0..<30 {
      for b in 0..<30 {
        covariance[30 * a + b] = centered.reduce(0) { $0 + $1[a] * $1[b] } / 8 * (1 - share)
      }
      covariance[31 * a] += share * variance
    }
    let step = zip(rows[6], rows[2]).map { $0 - $1 }
    let enlarged = try PointCloud([[Double](repeating: 0, count: 30), step.map { $0 * 1e9 }])
    let expected = try DistanceMatrix(
      enlarged, metric: Metric(.mahalanobis, covariance: Covariance(.given(covariance))))
    #expect(close(Double(m[2, 6]), Double(expected[0, 1]) * 1e-9), "\(m[2, 6]) \(expected[0, 1])")
  }

  @Test func badOptions() throws {
    let points = try cloud(5, 2)
    #expect(
      failure { _ = try DistanceMatrix(points, metric: Metric(.mahalanobis, covariance: Covariance(.shrunk(1.5)))) }
        == ToposcopeError(.option, value: 1.5))
    let reference = try cloud(5, 3)
    #expect(
      failure {
        _ = try DistanceMatrix(
          points, metric: Metric(.mahalanobis, covariance: Covariance(.ledoitWolf, reference: reference)))
      }?.kind == .shape)
  }

  @Test func fewerThanTwoPoints() throws {
    #expect(try DistanceMatrix(PointCloud([[1.0, 2]]), metric: .mahalanobis)[0, 0] == 0)
    #expect(try DistanceMatrix(PointCloud([]), metric: .mahalanobis).count == 0)
  }
}
