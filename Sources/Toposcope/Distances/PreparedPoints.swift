/// Points as a kind of distance wants them: as they are, as directions, or whitened.
final class PreparedPoints: @unchecked Sendable {
  let count: Int
  let dimension: Int
  let kind: Metric.Kind
  private let values: AlignedMemory<Double>

  init(
    _ cloud: PointCloud, metric: Metric, facts: inout DistanceFacts, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    count = cloud.count
    kind = metric.kind
    if metric.kind == .mahalanobis {
      let whitened = try Whitening.coordinates(
        of: cloud, metric.covariance, facts: &facts, threads: threads, progress: progress)
      values = whitened.values
      dimension = whitened.dimension
      return
    }
    dimension = cloud.dimension
    values = try AlignedMemory(count * dimension)
    for i in 0..<count { cloud.load(i, to: values.pointer + i * dimension) }
    if kind == .cosine || kind == .angular || kind == .correlation {
      try Directions.normalize(values.pointer, count: count, dimension: dimension, centered: kind == .correlation)
    }
  }

  func fill(row: Int, columns: Range<Int>, into out: UnsafeMutablePointer<Float>) {
    let x = values.pointer + row * dimension
    for j in columns {
      out[j - columns.lowerBound] = j == row ? 0 : distance(x, values.pointer + j * dimension)
    }
  }

  private func distance(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>) -> Float {
    switch kind {
    case .euclidean, .mahalanobis: return Float(sumOfSquares(x, y).squareRoot())
    case .sqeuclidean: return Float(sumOfSquares(x, y))
    case .cosine, .correlation: return Float(Directions.cosineDistance(sumOfSquares(x, y)))
    case .angular: return Float(Directions.angularDistance(sumOfSquares(x, y)))
    case .cityblock:
      var sum = SIMD4<Double>.zero
      forEachDifference(x, y) { difference in
        sum += difference.replacing(with: -difference, where: difference .< 0)
      }
      return Float(sum.sum())
    case .chebyshev:
      var greatest = SIMD4<Double>.zero
      forEachDifference(x, y) { difference in
        let size = difference.replacing(with: -difference, where: difference .< 0)
        greatest.replace(with: size, where: size .> greatest)
      }
      return Float(greatest.max())
    }
  }

  @inline(__always)
  private func sumOfSquares(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>) -> Double {
    var sum = SIMD4<Double>.zero
    forEachDifference(x, y) { sum += $0 * $0 }
    return sum.sum()
  }

  @inline(__always)
  private func forEachDifference(
    _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ body: (SIMD4<Double>) -> Void
  ) {
    var k = 0
    while k + 4 <= dimension {
      let a = UnsafeRawPointer(x + k).loadUnaligned(as: SIMD4<Double>.self)
      let b = UnsafeRawPointer(y + k).loadUnaligned(as: SIMD4<Double>.self)
      body(a - b)
      k += 4
    }
    while k < dimension {
      body(SIMD4(x[k] - y[k], 0, 0, 0))
      k += 1
    }
  }

  /// A distance beyond the range of single precision would read as "never joined": it is refused with its place.
  ///
  /// Costs a pass over the coordinates; all pairs are looked at only where their size makes such a distance possible.
  func refuseOverflow(threads: Int, progress: Progress) throws(ToposcopeError) {
    var greatest = 0.0
    for k in 0..<count * dimension { greatest = max(greatest, values.pointer[k].magnitude) }
    let d = Double(dimension)
    let bound =
      switch kind {
      case .euclidean, .mahalanobis: 2 * greatest * d.squareRoot()
      case .sqeuclidean: 4 * greatest * greatest * d
      case .cosine, .angular, .correlation: 1.0
      case .cityblock: 2 * greatest * d
      case .chebyshev: 2 * greatest
      }
    if bound < 0.99 * Double(Float.greatestFiniteMagnitude) && greatest < 1e150 { return }
    let row = try AlignedMemory<Float>(count)
    for i in 0..<count {
      try progress.report(i, of: count)
      fill(row: i, columns: 0..<count, into: row.pointer)
      if let j = (0..<count).first(where: { !row.pointer[$0].isFinite }) {
        throw ToposcopeError(.notFinite, row: i, column: j, value: .infinity)
      }
    }
  }
}
