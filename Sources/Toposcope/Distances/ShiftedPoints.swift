import CToposcopeProcessor

/// Single-precision points less their mean, of which products tell the squared distances: |x|^2 + |y|^2 - 2 x.y takes few
/// digits away where that is a good part of |x|^2 + |y|^2.
final class ShiftedPoints: @unchecked Sendable {
  /// How products become distances. A pair below the least share is done again from the original points.
  let finish: ProductFinish
  /// |x|^2 / 2 of each shifted point, and of the points past the last in its panel, which are zero.
  let halves: AlignedMemory<Double>

  /// More than the difference of two points is off by, as each is rounded to single precision.
  let greatestError: Double

  /// Points of fewer coordinates take no longer as differences.
  static let leastDimension = 33

  /// - Returns: Nil where too many pairs would have to be done again, or products could leave the range of single precision.
  static func make(
    _ cloud: PointCloud, _ exact: ExactPairs, kind: Metric.Kind, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> (points: ShiftedPoints, table: PanelTable<Float>)? {
    let (n, d, greatest) = (cloud.count, cloud.dimension, cloud.greatestMagnitude)
    guard d >= leastDimension, n > 2, greatest > 0, 16 * greatest * greatest * Double(d) < 0x1p126 else { return nil }
    let mean = try Self.mean(of: cloud, threads: threads, progress: progress)
    let sums = try AlignedMemory<Double>(2 * n)
    sums.pointer.initialize(repeating: 0, count: 2 * n)
    let table = try PanelTable<Float>(count: n, length: d, threads: threads, progress: progress) { i, range, out in
      KernelSet.best.shifted(
        cloud.row(i, as: Float.self) + range.lowerBound, range.count, mean.pointer + range.lowerBound, out,
        sums.pointer + 2 * i)
    }
    let halves = try Self.zeros(n)
    // Of every point: the square of the rounding error over that of the point.
    var greatestError = 0.0
    for i in 0..<n {
      let (square, error) = (sums.pointer[2 * i], sums.pointer[2 * i + 1])
      halves.pointer[i] = square / 2
      if error > 0 { greatestError = max(greatestError, error / square) }
    }
    // Some hundred pairs tell how many would have to be done again.
    let refined = exact.shareOfSample { i, j in
      exact.squares(i, j) < 2 * leastShare(kind) * (halves.pointer[i] + halves.pointer[j])
    }
    if refined >= 0.004 { return nil }
    // With (e_x + e_y)^2 <= 2 (e_x^2 + e_y^2), the bound 2 (e_x + e_y) / sqrt(s) of the relative error is that of all pairs.
    let share = max(leastShare(kind), 8 * greatestError / (ExactPairs.tolerance * ExactPairs.tolerance))
    if share > 1 { return nil }
    let finish = ProductFinish(is_root: kind == .euclidean, least: max(exact.leastSquares, 0x1p-100), share: 2 * share)
    return (ShiftedPoints(finish, halves), table)
  }

  private init(_ finish: ProductFinish, _ halves: AlignedMemory<Double>) {
    (self.finish, self.halves) = (finish, halves)
    let greatest = (0..<halves.count).reduce(0) { max($0, halves.pointer[$1]) }
    greatestError = 0x1p-22 * (2 * greatest).squareRoot()
  }

  /// The same points in another order.
  convenience init(_ other: ShiftedPoints, order: [Int32]) throws(ToposcopeError) {
    let halves = try Self.zeros(order.count)
    for (place, index) in order.enumerated() { halves.pointer[place] = other.halves.pointer[Int(index)] }
    self.init(other.finish, halves)
  }

  /// One for each point of the panels.
  private static func zeros(_ count: Int) throws(ToposcopeError) -> AlignedMemory<Double> {
    let zeros = try AlignedMemory<Double>((count + 15) & ~15)
    zeros.pointer.initialize(repeating: 0, count: zeros.count)
    return zeros
  }

  /// Turns the products of a point into squared distances; -1 where they have lost too many digits.
  func squares(_ products: UnsafeMutablePointer<Double>, row: Int, columns: Range<Int>) {
    let halves = halves.pointer
    for j in columns {
      let both = halves[j] + halves[row]
      let square = 2 * (both - products[j - columns.lowerBound])
      products[j - columns.lowerBound] = square >= max(both * finish.share, finish.least) ? square : -1
    }
  }

  /// The part of |x|^2 + |y|^2 that must be left. The error of 2 x.y is, of the sum of the squares, as large as the products
  /// are: a half of it at 1/2, of which a root takes another half; a third at 3/4.
  private static func leastShare(_ kind: Metric.Kind) -> Double { kind == .euclidean ? 0.5 : 0.75 }

  /// The mean of the points, rounded to single precision: the same for any order of the points, because the sums are exact.
  private static func mean(
    of cloud: PointCloud, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> AlignedMemory<Float> {
    let (n, d) = (cloud.count, cloud.dimension)
    let mean = try AlignedMemory<Float>(d)
    // n multiples of at most 2^(51 - bits of n).
    let bits = Int(64 - UInt64(n).leadingZeroBitCount)
    let unit = Double(sign: .plus, exponent: cloud.greatestMagnitude.exponent + 1 + bits - 51, significand: 1)
    let width = 1024
    let threads = n * d < 200_000 ? 1 : Threads.resolve(threads)
    try Threads.forEach(chunks: (d + width - 1) / width, threads: threads, progress: progress) { chunk in
      let range = chunk * width..<min(d, (chunk + 1) * width)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: width) { sums in
        sums.initialize(repeating: 0)
        for i in 0..<n {
          KernelSet.best.addMultiples(
            cloud.row(i, as: Float.self) + range.lowerBound, range.count, unit, sums.baseAddress!)
        }
        for k in range { mean.pointer[k] = Float(sums[k - range.lowerBound] / Double(n)) }
      }
    }
    return mean
  }
}
