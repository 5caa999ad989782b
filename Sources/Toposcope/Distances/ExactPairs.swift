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
  /// Below this a sum of squares has lost digits.
  let leastSquares: Double

  /// The relative error of a squared difference that rounded directions may cause: 1.3 units in the last place.
  private static let tolerance = 0x1.4p-23

  init(_ cloud: PointCloud, _ directions: (Directions, errors: AlignedMemory<Float>)? = nil) {
    self.cloud = cloud
    self.directions = directions?.0
    errors = directions?.errors
    leastSquares = Double(cloud.dimension) * 0x1p-120
  }

  func refine(_ sums: UnsafeMutablePointer<Double>, row: Int, columns: Range<Int>, kind: Metric.Kind) {
    switch kind {
    case .chebyshev: return  // one difference, rounded once
    case .cityblock:
      for j in columns where sums[j - columns.lowerBound] == .infinity {
        sums[j - columns.lowerBound] = exactSum(row, j) { abs($0 - $1) }
      }
    case .euclidean, .sqeuclidean, .mahalanobis:
      for j in columns {
        let sum = sums[j - columns.lowerBound]
        if sum >= leastSquares && sum < .infinity || j == row { continue }
        sums[j - columns.lowerBound] = exactSum(row, j) { ($0 - $1) * ($0 - $1) }
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
    return sum < scaled * scaled || kind == .angular && sum > 3.5
  }

  /// Whether so many pairs would have to be done again that double precision throughout is faster. A few hundred pairs
  /// are tried, always the same ones.
  func wouldOftenRefine(_ sums: PanelSums<Float>, kind: Metric.Kind) -> Bool {
    let n = cloud.count
    guard n > 2, let errors = errors?.pointer else { return false }
    var (tried, refined) = (0, 0)
    var state: UInt64 = 1
    for _ in 0..<256 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let i = Int(state >> 33) % n
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let j = Int(state >> 33) % n
      if i == j { continue }
      var sum = 0.0
      for k in 0..<cloud.dimension {
        let difference = Double(sums.table[i, k] - sums.table[j, k])
        sum += difference * difference
      }
      tried += 1
      if mustRefine(sum, errors[i] + errors[j], kind) { refined += 1 }
    }
    return refined * 20 > tried
  }

  @inline(__always)
  private func exactSum(_ i: Int, _ j: Int, _ term: (Double, Double) -> Double) -> Double {
    let (x, y) = (cloud.row(i, as: Float.self), cloud.row(j, as: Float.self))
    var sum = 0.0
    for k in 0..<cloud.dimension { sum += term(Double(x[k]), Double(y[k])) }
    return sum
  }
}
