import Testing

@testable import Toposcope

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The definitions, word for word, in the widest arithmetic there is.
enum TextbookDistance {
  #if arch(x86_64)
    typealias Wide = Float80
  #else
    typealias Wide = Double
  #endif

  static func value(_ kind: Metric.Kind, _ a: [Double], _ b: [Double]) -> Wide {
    let (x, y) = (a.map { Wide($0) }, b.map { Wide($0) })
    let differences = zip(x, y).map { $0 - $1 }
    let square = differences.reduce(0) { $0 + $1 * $1 }
    switch kind {
    case .euclidean, .mahalanobis: return square.squareRoot()
    case .sqeuclidean: return square
    case .cityblock: return differences.reduce(0) { $0 + abs($1) }
    case .chebyshev: return differences.map(abs).max() ?? 0
    case .cosine: return directions(x, y).0 / 2
    case .correlation:
      func centered(_ v: [Wide]) -> [Wide] {
        let mean = v.reduce(0, +) / Wide(v.count)
        return v.map { $0 - mean }
      }
      return directions(centered(x), centered(y)).0 / 2
    case .angular:
      let (difference, sum) = directions(x, y)
      return Wide(2 * atan2(Double(difference.squareRoot()), Double(sum.squareRoot())) / Double.pi)
    }
  }

  /// |u - v|^2 and |u + v|^2 of the unit vectors.
  private static func directions(_ x: [Wide], _ y: [Wide]) -> (Wide, Wide) {
    let length = { (v: [Wide]) in v.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let (a, b) = (length(x), length(y))
    var (difference, sum): (Wide, Wide) = (0, 0)
    for (p, q) in zip(x, y) {
      difference += (p / a - q / b) * (p / a - q / b)
      sum += (p / a + q / b) * (p / a + q / b)
    }
    return (difference, sum)
  }
}

@Suite struct DistanceMatrixTests {
  static let plainKinds = Metric.Kind.allCases.filter { $0 != .mahalanobis }

  /// Error in units of the last place of the exact distance, rounded to single precision.
  static func ulps(_ value: Float, _ exact: TextbookDistance.Wide) -> Double {
    Double(abs(TextbookDistance.Wide(value) - exact) / TextbookDistance.Wide(Float(exact).ulp))
  }

  @Test func knownValues() throws {
    let points = try PointCloud([[0, 0], [3, 0], [3, 4]])
    #expect(try DistanceMatrix(points)[0, 2] == 5)
    #expect(try DistanceMatrix(points, metric: Metric(.sqeuclidean))[0, 2] == 25)
    #expect(try DistanceMatrix(points, metric: Metric(.cityblock))[0, 2] == 7)
    #expect(try DistanceMatrix(points, metric: Metric(.chebyshev))[0, 2] == 4)
    let rays = try PointCloud([[2, 0], [0, 3], [-1, 0], [6, 0], [1, 1]])
    let cosine = try DistanceMatrix(rays, metric: .cosine)
    #expect(cosine[0, 1] == 1 && cosine[0, 2] == 2 && cosine[0, 3] == 0)
    let angular = try DistanceMatrix(rays, metric: Metric(.angular))
    #expect(angular[0, 1] == 0.5 && angular[0, 2] == 1 && angular[0, 3] == 0 && angular[0, 4] == 0.25)
    let series = try PointCloud([[1, 2, 3], [10, 20, 30], [3, 2, 1]])
    let correlation = try DistanceMatrix(series, metric: Metric(.correlation))
    #expect(correlation[0, 1] == 0 && correlation[0, 2] == 2)
  }

  /// All shapes of remainder of the loops: 0 ... 19 points, awkward numbers of coordinates, both element types.
  @Test(arguments: plainKinds) func agreesWithTheDefinition(kind: Metric.Kind) throws {
    for (n, d) in [(2, 3), (3, 8), (5, 17), (19, 66), (18, 150), (3, 601), (2, 2100)] {
      for single in [true, false] {
        var random = LinearCongruence(seed: n * 1000 + d)
        var rows = random.rows(n, d)
        if single { rows = rows.map { $0.map { Double(Float($0)) } } }
        let m = try DistanceMatrix(single ? singleCloud(rows) : PointCloud(rows), metric: Metric(kind))
        for i in 0..<n {
          #expect(m[i, i] == 0)
          for j in 0..<i {
            let error = Self.ulps(m[i, j], TextbookDistance.value(kind, rows[i], rows[j]))
            #expect(error < 4, "\(kind) n=\(n) d=\(d) \(i),\(j): \(error) ulp")
            #expect(m[i, j] == m[j, i])
          }
        }
      }
    }
  }

  /// Near-duplicates, |x - y| = 1e-6 |x|, far from the origin: where distances from products of points fail.
  @Test(arguments: plainKinds) func nearDuplicatesFarFromTheOrigin(kind: Metric.Kind) throws {
    for d in [16, 100] {
      var random = LinearCongruence(seed: d)
      let base = random.rows(1, d)[0].map { $0 + 1000 }
      let rows = (0..<5).map { _ in base.map { Double(Float($0 * (1 + 2e-6 * random.next()))) } }
      let m = try DistanceMatrix(singleCloud(rows), metric: Metric(kind))
      for i in 0..<5 {
        for j in 0..<i {
          let error = Self.ulps(m[i, j], TextbookDistance.value(kind, rows[i], rows[j]))
          #expect(error < 4, "\(kind) d=\(d) \(i),\(j): \(error) ulp")
        }
      }
    }
  }

  /// Equal differences in all coordinates: the rounding of every addition is to the same side.
  @Test(arguments: [Metric.Kind.euclidean, .sqeuclidean, .cityblock]) func shiftedPoints(kind: Metric.Kind) throws {
    for d in [9, 20, 33, 500, 3000] {
      var random = LinearCongruence(seed: d)
      let rows = (0..<40).map { _ in [Double](repeating: Double(Float(random.next())), count: d) }
      let m = try DistanceMatrix(singleCloud(rows), metric: Metric(kind))
      for i in 0..<40 {
        for j in 0..<i {
          let error = Self.ulps(m[i, j], TextbookDistance.value(kind, rows[i], rows[j]))
          #expect(error < 4, "\(kind) d=\(d) \(i),\(j): \(error) ulp")
        }
      }
    }
  }

  /// Directions of which hardly two are close are summed as products, and the few close pairs done again.
  @Test(arguments: [Metric.Kind.cosine, .angular, .correlation]) func fewCloseDirections(kind: Metric.Kind) throws {
    var random = LinearCongruence(seed: 8)
    var rows = random.rows(300, 120).map { $0.map { Double(Float($0)) } }
    rows[7] = rows[200].map { Double(Float(3 * $0 * (1 + 1e-6 * random.next()))) }
    rows[9] = rows[100].map { Double(Float($0 + 0.2 * random.next())) }
    rows[11] = rows[50].map { 2 * $0 }
    let m = try DistanceMatrix(singleCloud(rows), metric: Metric(kind))
    expectRight(m, kind, rows, among: [0, 7, 9, 11, 50, 299])
  }

  /// All distances from some of 300 points are right to the last digits and symmetric; points 11 and 50 are equal.
  private func expectRight(_ m: DistanceMatrix, _ kind: Metric.Kind, _ rows: [[Double]], among some: [Int]) {
    for i in some {
      for j in 0..<300 where j != i {
        if (i, j) == (11, 50) || (i, j) == (50, 11) {
          #expect(m[i, j] == 0)
          continue
        }
        let error = Self.ulps(m[i, j], TextbookDistance.value(kind, rows[i], rows[j]))
        #expect(error < 4, "\(kind) \(i),\(j): \(error) ulp")
        #expect(m[i, j] == m[j, i])
      }
    }
  }

  /// Points of which hardly two are close, beside the distance from their mean, are summed as products: the few close pairs,
  /// points that are equal or lie on the mean are done again. Signs of equal size round all products to the same side.
  @Test(arguments: [Metric.Kind.euclidean, .sqeuclidean], [40, 200])
  func fewClosePoints(kind: Metric.Kind, dimension: Int) throws {
    for (offset, isEqual) in [(0.0, false), (1000, false), (0, true), (1 / 3.0, true)] {
      var random = LinearCongruence(seed: 6)
      var rows = random.rows(300, dimension).map { row in
        row.map { Double(Float((isEqual ? ($0 < 0 ? -1.1 : 1.1) : $0) + offset)) }
      }
      rows[7] = rows[200].map { Double(Float($0 * (1 + 1e-6 * random.next()))) }
      rows[9] = rows[100].map { Double(Float($0 + 0.2 * random.next())) }
      rows[11] = rows[50]
      rows[13] = (0..<dimension).map { k in Double(Float(rows.reduce(0) { $0 + $1[k] } / 300)) }
      let cloud = try singleCloud(rows)
      let m = try DistanceMatrix(cloud, metric: Metric(kind))
      expectRight(m, kind, rows, among: [0, 7, 9, 11, 13, 50, 299])
      // Neither the order of the points, nor threads, nor single rows change a bit.
      let order = (0..<300).map { 7 * $0 % 300 }
      let other = try DistanceMatrix(singleCloud(order.map { rows[$0] }), metric: Metric(kind), threads: 2)
      #expect((0..<90_000).allSatisfy { other.entries[$0] == m[order[$0 / 300], order[$0 % 300]] })
      let source = try DistanceRows(cloud, metric: Metric(kind))
      let reordered = try DistanceRows(source, order: order.map(Int32.init), threads: 1, progress: Progress())
      var row = [Float](repeating: -1, count: 300)
      for i in [0, 7, 13, 299] {
        source.fill(row: i, into: &row)
        #expect((0..<300).allSatisfy { row[$0] == m[i, $0] })
        reordered.fill(row: i, into: &row)
        #expect((0..<300).allSatisfy { row[$0] == m[order[i], order[$0]] })
      }
    }
  }

  /// Whether pairs are summed as products is judged by the same pairs, in whatever order the points come.
  @Test(arguments: [Metric.Kind.euclidean, .sqeuclidean, .cosine, .correlation])
  func orderChangesNothing(kind: Metric.Kind) throws {
    for seed in 1...8 {
      var random = LinearCongruence(seed: seed)
      var rows = random.rows(40, 130)
      // One pair in a hundred is close, more or less, as far as the sample tells.
      for i in 0..<8 { rows[i] = rows[39 - i].map { $0 + 0.01 * random.next() } }
      let m = try DistanceMatrix(singleCloud(rows), metric: Metric(kind))
      for step in [3, 7, 39] {
        let order = (0..<40).map { (step * $0 + seed) % 40 }
        let other = try DistanceMatrix(singleCloud(order.map { rows[$0] }), metric: Metric(kind))
        #expect((0..<1600).allSatisfy { other.entries[$0] == m[order[$0 / 40], order[$0 % 40]] })
      }
    }
  }

  @Test func borrowedPointsAreThoseThatAreCopied() throws {
    var random = LinearCongruence(seed: 4)
    let numbers = random.rows(1, 20 * 33)[0].map { Float($0) }
    try numbers.withUnsafeBytes { bytes in
      // As they lie; every second row; coordinates backwards.
      for (rows, rowStride, columnStride, offset) in [(20, 132, 4, 0), (10, 264, 4, 0), (20, 132, -4, 128)] {
        let array = StridedArray(
          data: bytes.baseAddress! + offset, rows: rows, columns: 33, rowStride: rowStride, columnStride: columnStride,
          elementType: .float32)
        let (lent, copied) = try (DistanceMatrix(PointCloud(borrowing: array)), DistanceMatrix(PointCloud(array)))
        #expect((0..<rows * rows).allSatisfy { lent.entries[$0] == copied.entries[$0] })
      }
    }
  }

  @Test(arguments: plainKinds) func tinyAndHugeCoordinates(kind: Metric.Kind) throws {
    for scale in [1e-30, 1e-20, 1e-18, 1e15, 3e18, 1e30] {
      if kind == .sqeuclidean && scale != 1e-18 && scale != 1e15 { continue }
      var random = LinearCongruence(seed: 3)
      let rows = random.rows(6, 70).map { $0.map { Double(Float($0 * scale)) } }
      let m = try DistanceMatrix(singleCloud(rows), metric: Metric(kind))
      for i in 0..<6 {
        for j in 0..<i {
          let error = Self.ulps(m[i, j], TextbookDistance.value(kind, rows[i], rows[j]))
          #expect(error < 4, "\(kind) scale=\(scale) \(i),\(j): \(error) ulp")
        }
      }
    }
  }

  @Test func distancesBeyondSinglePrecisionAreRefused() throws {
    let far = try PointCloud([[0, 0], [1, 0], [1e39, 0]])
    #expect(
      failure { _ = try DistanceMatrix(far) } == ToposcopeError(.overflow, row: 0, column: 2, value: .infinity))
    let farther = try PointCloud([[1e200, 0], [-1e200, 0]])
    #expect(failure { _ = try DistanceMatrix(farther) }?.kind == .overflow)
    let borderline = try PointCloud([[2e38, 0], [-1e38, 0]])
    #expect(try DistanceMatrix(borderline)[0, 1] == 3e38)
    #expect(
      failure { _ = try DistanceMatrix(borderline, metric: Metric(.sqeuclidean)) }?.kind == .overflow)
  }

  @Test func distancesThatWouldAllBeZeroAreRefused() throws {
    let near = try PointCloud([[0, 0], [1e-39, 0], [0, 1e-50]])
    for kind in [Metric.Kind.euclidean, .sqeuclidean, .cityblock, .chebyshev] {
      #expect(failure { _ = try DistanceMatrix(near, metric: Metric(kind)) }?.kind == .underflow)
    }
    let tiny = try PointCloud([[0, 0], [1e-200, 0]])
    #expect(failure { _ = try DistanceMatrix(tiny, metric: Metric(.sqeuclidean)) }?.kind == .underflow)
    #expect(try DistanceMatrix(PointCloud([[0, 0], [0, 0]]))[0, 1] == 0)
    #expect(try DistanceMatrix(PointCloud([[1e-50, 0]])).count == 1)
    #expect(try DistanceMatrix(PointCloud([[0, 0], [2e-38, 0]]))[0, 1] == 2e-38)
  }

  @Test func zeroVectorsAreCounted() throws {
    let points = try PointCloud([[1, 2, 0], [0, 0, 0], [3, 4, 5], [0, 0, 0]])
    for kind in [Metric.Kind.cosine, .angular] {
      #expect(
        failure { _ = try DistanceMatrix(points, metric: Metric(kind)) }
          == ToposcopeError(.zeroVector, row: 1, value: 2))
    }
    let constant = try PointCloud([[1, 2, 0], [0.1, 0.1, 0.1]])
    #expect(
      failure { _ = try DistanceMatrix(constant, metric: Metric(.correlation)) }
        == ToposcopeError(.zeroVector, row: 1, value: 1))
  }

  @Test(arguments: Metric.Kind.allCases) func rowsAreThoseOfTheMatrix(kind: Metric.Kind) throws {
    for (n, d) in [(1, 5), (11, 3), (35, 70), (18, 200)] {
      for single in [true, false] {
        var random = LinearCongruence(seed: n)
        let rows = random.rows(n, d)
        let cloud = try single ? singleCloud(rows) : PointCloud(rows)
        for neighborhood in [nil, RelativeNeighborhood(neighbors: 4)] where n > 4 || neighborhood == nil {
          let metric = Metric(kind, neighborhood: neighborhood)
          let m = try DistanceMatrix(cloud, metric: metric, threads: 2)
          let source = try DistanceRows(cloud, metric: metric)
          var row = [Float](repeating: -1, count: n)
          for i in 0..<n {
            source.fill(row: i, into: &row)
            #expect((0..<n).allSatisfy { row[$0].bitPattern == m[i, $0].bitPattern }, "\(kind) \(n) \(d) row \(i)")
            let part = i / 2..<i / 2 + (n - i / 2 + 1) / 2
            source.fill(row: i, columns: part, into: &row)
            #expect(part.allSatisfy { row[$0 - part.lowerBound].bitPattern == m[i, $0].bitPattern })
          }
        }
      }
    }
  }

  /// Several rows at a time, wherever they begin, are the rows of the matrix.
  @Test func bandsOfRowsAreThoseOfTheMatrix() throws {
    var random = LinearCongruence(seed: 8)
    for cloud in [try singleCloud(random.rows(53, 90)), try PointCloud(random.rows(40, 5))] {
      let metric = Metric(.euclidean, neighborhood: RelativeNeighborhood(neighbors: 3))
      let m = try DistanceMatrix(cloud, metric: metric)
      let source = try DistanceRows(cloud, metric: metric)
      var band = [Float](repeating: -1, count: 20 * cloud.count)
      for rows in [0..<16, 0..<1, 13..<33, 39..<40, 16..<16] {
        source.fill(rows: rows, into: &band)
        let offset = rows.lowerBound * cloud.count
        #expect((0..<rows.count * cloud.count).allSatisfy { band[$0] == m.entries[offset + $0] })
      }
    }
  }

  @Test func threadsChangeNothing() throws {
    var random = LinearCongruence(seed: 99)
    let cloud = try PointCloud(random.rows(150, 20))
    for kind in Metric.Kind.allCases {
      let one = try DistanceMatrix(cloud, metric: Metric(kind), threads: 1)
      let three = try DistanceMatrix(cloud, metric: Metric(kind), threads: 3)
      #expect((0..<150 * 150).allSatisfy { one.entries[$0] == three.entries[$0] })
    }
  }

  @Test func emptyAndSinglePoint() throws {
    for kind in Metric.Kind.allCases {
      #expect(try DistanceMatrix(PointCloud([]), metric: Metric(kind)).count == 0)
      #expect(try DistanceMatrix(PointCloud([[1.0, 2]]), metric: Metric(kind))[0, 0] == 0)
    }
    let noCoordinates = try DistanceMatrix(PointCloud([[], []]))
    #expect(noCoordinates[0, 1] == 0)
  }

  @Test func cancelling() throws {
    var random = LinearCongruence()
    let cloud = try PointCloud(random.rows(300, 20))
    #expect(
      failure { _ = try DistanceMatrix(cloud, threads: 2, progress: Progress { _, _ in false }) }?.kind == .cancelled)
  }
}
