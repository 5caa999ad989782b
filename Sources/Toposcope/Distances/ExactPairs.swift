import CToposcopeProcessor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Pairs of single-precision points for which sums in single precision are not enough, done again in double precision.
///
/// - Squares below 2^-120 a coordinate, or above the range of single precision, have lost digits or overflowed.
/// - Directions are rounded before they are subtracted. What that costs is known: with the length e of the rounding error
///   of each unit vector, the squared difference s is off by a relative 2 (e_u + e_v) / sqrt(s) at most.
final class ExactPairs: @unchecked Sendable {
  private let cloud: PointCloud
  private let directions: Directions?
  /// The length of the rounding error of each direction.
  private let errors: AlignedMemory<Float>?
  private let greatestError: Float
  /// Below this a sum of squares has lost digits.
  let leastSquares: Double

  /// The relative error of a squared difference that rounded directions may cause: 1.3 units in the last place.
  static let tolerance = 0x1.4p-23

  /// Squared differences of directions above this have angles that are lost to rounding.
  static let steepAngle = 3.5

  /// Squared differences of directions below this are done again whatever the errors: more than 0 where they come from
  /// products.
  private let leastFromProducts: Double

  init(
    _ cloud: PointCloud, _ directions: (Directions, errors: AlignedMemory<Float>)? = nil, leastFromProducts: Double = 0
  ) {
    self.cloud = cloud
    self.leastFromProducts = leastFromProducts
    self.directions = directions?.0
    errors = directions?.errors
    greatestError = errors.map { errors in (0..<cloud.count).reduce(0) { max($0, errors.pointer[$1]) } } ?? 0
    leastSquares = Double(cloud.dimension) * 0x1p-120
  }

  /// The same points in another order.
  init(_ other: ExactPairs, order: [Int32], threads: Int, progress: Progress) throws(ToposcopeError) {
    cloud = try PointCloud(other.cloud, order: order, threads: threads, progress: progress)
    directions = if let it = other.directions { try Directions(it, cloud: cloud, order: order) } else { nil }
    errors = if let it = other.errors { try AlignedMemory(it, order: order) } else { nil }
    (greatestError, leastSquares) = (other.greatestError, other.leastSquares)
    leastFromProducts = other.leastFromProducts
  }

  func refine(_ sums: UnsafeMutablePointer<Double>, row: Int, columns: Range<Int>, kind: Metric.Kind) {
    switch kind {
    case .chebyshev: return  // one difference, rounded once
    case .cityblock:
      for j in columns where sums[j - columns.lowerBound] == .infinity {
        sums[j - columns.lowerBound] = magnitudes(row, j)
      }
    case .euclidean, .sqeuclidean, .mahalanobis:
      for j in columns {
        let sum = sums[j - columns.lowerBound]
        if sum >= leastSquares && sum < .infinity || j == row { continue }
        sums[j - columns.lowerBound] = squares(row, j)
      }
    case .cosine, .angular, .correlation:
      guard let directions, let errors = errors?.pointer else { return }
      let error = errors[row]
      for j in columns where mustRefine(sums[j - columns.lowerBound], error + errors[j], kind) && j != row {
        sums[j - columns.lowerBound] = directions.squaredDifference(row, j)
      }
    }
  }

  @inline(__always)
  private func mustRefine(_ sum: Double, _ error: Float, _ kind: Metric.Kind) -> Bool {
    // 2 e / sqrt(s) > tolerance; and near the opposite direction the arccosine is steep.
    let scaled = Double(error) * (2 / Self.tolerance)
    return sum < scaled * scaled || sum < leastFromProducts || kind == .angular && sum > Self.steepAngle
  }

  /// No pair whose squared difference is this or more has to be done again (angles: but for steep ones).
  var leastSafe: Double {
    let scaled = Double(greatestError + greatestError) * (2 / Self.tolerance)
    return max(scaled * scaled, leastFromProducts)
  }

  /// The share of pairs that would have to be done again. Some hundred pairs are tried, fewer where points are long.
  func refinedShare(kind: Metric.Kind) -> Double {
    let n = cloud.count
    guard n > 2, let directions, let errors = errors?.pointer else { return 0 }
    return shareOfSample { mustRefine(directions.squaredDifference($0, $1), errors[$0] + errors[$1], kind) }
  }

  /// The share of sample pairs for which a condition holds: always the same pairs of points, in whatever order they come.
  func shareOfSample(_ isIt: (Int, Int) -> Bool) -> Double {
    let n = cloud.count
    let order = pointsByCoordinates()
    var (tried, refined) = (0.0, 0.0)
    var state: UInt64 = 1
    for _ in 0..<max(48, min(512, 1_000_000 / cloud.dimension)) {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let i = Int(state >> 33) % n
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let j = Int(state >> 33) % n
      if i == j { continue }
      tried += 1
      if isIt(order[i], order[j]) { refined += 1 }
    }
    return refined / max(1, tried)
  }

  /// Points sorted by their coordinates, as bits.
  private func pointsByCoordinates() -> [Int] {
    let cloud = cloud
    var points = (0..<cloud.count).map { (first: cloud.row($0, as: UInt32.self)[0], index: $0) }
    points.sort { a, b in
      a.first != b.first
        ? a.first < b.first
        : memcmp(cloud.row(a.index, as: Float.self), cloud.row(b.index, as: Float.self), 4 * cloud.dimension) < 0
    }
    return points.map(\.index)
  }

  func squares(_ i: Int, _ j: Int) -> Double {
    KernelSet.best.squaredDifference(
      cloud.row(i, as: Float.self), cloud.row(j, as: Float.self), cloud.dimension, 0, 0, 1, 0, 0, 1)
  }

  private func magnitudes(_ i: Int, _ j: Int) -> Double {
    let (x, y) = (cloud.row(i, as: Float.self), cloud.row(j, as: Float.self))
    var sum = 0.0
    for k in 0..<cloud.dimension { sum += abs(Double(x[k]) - Double(y[k])) }
    return sum
  }
}
