import Testing

@testable import Toposcope

@Suite struct RelativeNeighborhoodTests {
  private func matrix(
    _ points: PointCloud, _ k: Int, _ scaling: RelativeNeighborhood.Scaling = .max,
    _ duplicates: RelativeNeighborhood.Duplicates = .refuse, kind: Metric.Kind = .euclidean
  ) throws -> DistanceMatrix {
    try DistanceMatrix(
      points,
      metric: Metric(
        kind, neighborhood: RelativeNeighborhood(neighbors: k, scaling: scaling, duplicates: duplicates)))
  }

  /// Points 0, 1, 3, 7 on a line: nearest neighbours at 1, 1, 2, 4.
  @Test func byHand() throws {
    let line = try PointCloud([[0], [1], [3], [7]])
    let greatest = try matrix(line, 1)
    #expect(greatest[0, 1] == 1 && greatest[0, 2] == 1.5 && greatest[0, 3] == 1.75 && greatest[2, 3] == 1)
    let least = try matrix(line, 1, .min)
    #expect(least[0, 2] == 3 && least[0, 3] == 7 && least[2, 3] == 2)
    let middle = try matrix(line, 1, .geometric)
    #expect(middle[0, 3] == 3.5 && middle[0, 2] == Float(3 / 2.0.squareRoot()))
    #expect(try matrix(line, 3)[1, 2] == Float(2.0 / 6))
  }

  /// {d <= 1} is the graph that joins every point with its k nearest neighbours.
  @Test(arguments: Metric.Kind.allCases) func isTheNearestNeighborGraph(kind: Metric.Kind) throws {
    for k in [1, 3, 15, 79] {
      var random = LinearCongruence(seed: k)
      let points = try singleCloud(random.rows(80, 6))
      let base = try DistanceMatrix(points, metric: Metric(kind))
      let normalized = try matrix(points, k, kind: kind)
      for i in 0..<80 {
        let scale = (0..<80).filter { $0 != i }.map { base[i, $0] }.sorted()[k - 1]
        for j in 0..<80 where j != i {
          let other = (0..<80).filter { $0 != j }.map { base[j, $0] }.sorted()[k - 1]
          #expect((normalized[i, j] <= 1) == (base[i, j] <= scale || base[i, j] <= other))
        }
      }
      let again = try base.normalized(by: RelativeNeighborhood(neighbors: k))
      #expect((0..<6400).allSatisfy { again.entries[$0] == normalized.entries[$0] })
    }
  }

  @Test func doesNotChangeUnderScaling() throws {
    var random = LinearCongruence(seed: 5)
    let rows = random.rows(30, 3)
    let (a, b) = try (
      matrix(PointCloud(rows), 4), matrix(PointCloud(rows.map { $0.map { 1024 * $0 } }), 4)
    )
    #expect((0..<900).allSatisfy { a.entries[$0] == b.entries[$0] })
  }

  @Test func numbersOfNeighborsOutOfRange() throws {
    let points = try PointCloud([[0], [1], [3], [7]])
    for k in [-1, 0, 4, 100] {
      #expect(failure { _ = try matrix(points, k) } == ToposcopeError(.neighborCount, row: 4, value: Double(k)))
    }
    #expect(try matrix(PointCloud([[1.0]]), 3)[0, 0] == 0)
  }

  @Test func duplicates() throws {
    // Three copies of 0 and three of 5: with k = 2 the scale of each point is zero.
    let points = try PointCloud([[0], [0], [0], [5], [5], [5], [6]])
    #expect(failure { _ = try matrix(points, 2) } == ToposcopeError(.duplicates, row: 0, value: 6))
    let positive = try matrix(points, 2, .max, .firstPositive)
    #expect(positive[0, 1] == 0 && positive[0, 3] == 1 && positive[3, 6] == 1 && positive[0, 6] == 1.2)
    // One group of copies is no problem for the greatest of two scales: no pair is divided by zero.
    let group = try PointCloud([[0], [0], [0], [5], [7]])
    #expect(try matrix(group, 2)[0, 3] == 1)
    #expect(failure { _ = try matrix(group, 2, .min) } == ToposcopeError(.duplicates, row: 0, value: 3))
    #expect(failure { _ = try matrix(group, 2, .geometric) } == ToposcopeError(.duplicates, row: 0, value: 3))
    // All points are copies: 0 / 0 is 0.
    let same = try PointCloud([[1], [1], [1]])
    for scaling in RelativeNeighborhood.Scaling.allCases { #expect(try matrix(same, 1, scaling)[0, 2] == 0) }
  }

  @Test func pointsWithTooFewNeighborsWithinReach() throws {
    let split = try DistanceMatrix([0, 1, .infinity, 1, 0, .infinity, .infinity, .infinity, 0], count: 3)
    #expect(
      failure { _ = try split.normalized(by: RelativeNeighborhood(neighbors: 1)) }
        == ToposcopeError(.lonelyPoint, row: 2, value: 1))
  }

  /// A subsample with its cloud as reference has the normalised distances that it has in the cloud.
  @Test(arguments: Metric.Kind.allCases.filter { $0 != .mahalanobis }) func ofASubsample(kind: Metric.Kind) throws {
    var random = LinearCongruence(seed: 17)
    let rows = random.rows(90, 40)
    let cloud = try singleCloud(rows)
    let part = try singleCloud(Array(rows[20..<61]))
    // Products are of points less the mean of their cloud, and the two clouds may be summed in different ways: each within
    // 4 units.
    let tolerance: Float = [.cityblock, .chebyshev].contains(kind) ? 2 : 8
    for scaling in RelativeNeighborhood.Scaling.allCases {
      let whole = try matrix(cloud, 7, scaling, kind: kind)
      let neighborhood = RelativeNeighborhood(neighbors: 7, scaling: scaling, reference: cloud)
      let metric = Metric(kind, neighborhood: neighborhood)
      let (some, bands) = try (DistanceMatrix(part, metric: metric), DistanceRows(part, metric: metric))
      let band = UnsafeMutablePointer<Float>.allocate(capacity: 5 * 41)
      defer { band.deallocate() }
      bands.fill(rows: 15..<20, columns: 0..<41, into: band)
      for i in 0..<41 {
        for j in 0..<41 {
          #expect(abs(some[i, j] - whole[20 + i, 20 + j]) <= tolerance * whole[20 + i, 20 + j].ulp)
          if (15..<20).contains(i) { #expect(band[(i - 15) * 41 + j] == some[i, j]) }
        }
      }
    }
  }

  /// Neighbours of 0 and 10 among 1, 3, 12: at 1, 3 and 2, 7. The copy of a point in the reference is the point itself.
  @Test func referencesOfTheirOwn() throws {
    let points = try PointCloud([[0], [10]])
    let reference = try PointCloud([[1], [3], [12]])
    func normalized(_ reference: PointCloud, _ k: Int, _ kind: Metric.Kind = .euclidean) throws -> Float {
      let neighborhood = RelativeNeighborhood(neighbors: k, reference: reference)
      return try DistanceMatrix(points, metric: Metric(kind, neighborhood: neighborhood))[0, 1]
    }
    #expect(try normalized(reference, 1) == 5)
    #expect(try normalized(reference, 2) == Float(10.0 / 7))
    #expect(try normalized(PointCloud([[1], [0], [10], [3], [12]]), 1) == 5)
    #expect(failure { _ = try normalized(reference, 3) } == ToposcopeError(.neighborCount, row: 3, value: 3))
    let one = try PointCloud([[1]])
    #expect(failure { _ = try normalized(one, 1) } == ToposcopeError(.neighborCount, row: 1, value: 1))
    #expect(failure { _ = try normalized(PointCloud([[1, 2], [3, 4]]), 1) }?.kind == .shape)
    // Given distances: the table of distances from the reference.
    let given = try DistanceMatrix(points)
    let table = try PointCloud([[1, 3, 12], [9, 7, 2]])
    #expect(try given.normalized(by: RelativeNeighborhood(neighbors: 1, reference: table))[0, 1] == 5)
    #expect(
      failure { _ = try given.normalized(by: RelativeNeighborhood(neighbors: 1, reference: reference)) }?.kind == .shape
    )
    let negative = try PointCloud([[1, 3], [9, -7]])
    #expect(
      failure { _ = try given.normalized(by: RelativeNeighborhood(neighbors: 1, reference: negative)) }
        == ToposcopeError(.negativeDistance, row: 1, column: 1, value: -7))
  }

  /// The covariance stays that of the points.
  @Test func mahalanobisWithAReference() throws {
    var random = LinearCongruence(seed: 23)
    let rows = random.rows(60, 4, graded: true)
    let (points, cloud) = try (PointCloud(Array(rows[0..<30])), PointCloud(rows))
    let neighborhood = RelativeNeighborhood(neighbors: 3, reference: cloud)
    let normalized = try DistanceMatrix(points, metric: Metric(.mahalanobis, neighborhood: neighborhood))
    let all = try DistanceMatrix(cloud, metric: Metric(.mahalanobis, covariance: Covariance(reference: points)))
    let base = try DistanceMatrix(points, metric: .mahalanobis)
    for i in 0..<30 {
      for j in 0..<i {
        let scales = [i, j].map { p in (0..<60).filter { $0 != p }.map { all[p, $0] }.sorted()[2] }
        #expect(abs(normalized[i, j] - base[i, j] / max(scales[0], scales[1])) < 1e-5 * normalized[i, j])
      }
    }
  }
}
