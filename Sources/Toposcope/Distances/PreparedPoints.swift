/// Points as a kind of distance wants them, as they are, as directions, or whitened, and the way from sums over their
/// coordinates to distances.
///
/// Single-precision points are summed in single precision, and every pair for which that could cost digits is done again
/// in double precision from the points themselves: see ``ExactPairs``. Everything else is summed in double precision.
final class PreparedPoints: @unchecked Sendable {
  enum Sums {
    case single(PairSums<Float>, ExactPairs)
    case double(PairSums<Double>)
  }

  let count: Int
  let kind: Metric.Kind
  let sums: Sums
  /// Keeps the table of coordinates alive.
  private let owner: AnyObject

  init(
    _ cloud: PointCloud, metric: Metric, facts: inout DistanceFacts, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    count = cloud.count
    kind = metric.kind
    let sum: PairSum =
      switch metric.kind {
      case .cityblock: .magnitudes
      case .chebyshev: .greatest
      default: .squares
      }
    switch (metric.kind, cloud.elementType) {
    case (.mahalanobis, _):
      let whitened = try Whitening.coordinates(
        of: cloud, metric.covariance, facts: &facts, threads: threads, progress: progress)
      sums = .double(Self.pairSums(whitened.values.pointer, whitened.stride, .choose(sum)))
      owner = whitened.values
    case (.cosine, _), (.angular, _), (.correlation, _):
      let directions = try Directions(
        cloud, centered: metric.kind == .correlation, threads: threads, progress: progress)
      if cloud.elementType == .float32 {
        let exact = ExactPairs(cloud, directions)
        let table: AlignedMemory<Float> = try directions.table(
          cloud, errors: exact, threads: threads, progress: progress)
        let single = Self.pairSums(table.pointer, cloud.stride, PairKernels<Float>.choose(sum))
        if !exact.wouldOftenRefine(single, kind: metric.kind) {
          (sums, owner) = (.single(single, exact), table)
          return
        }
      }
      let table: AlignedMemory<Double> = try directions.table(cloud, errors: nil, threads: threads, progress: progress)
      (sums, owner) = (.double(Self.pairSums(table.pointer, cloud.stride, .choose(sum))), table)
    case (_, .float32):
      let table = cloud.coordinates.assumingMemoryBound(to: Float.self)
      sums = .single(Self.pairSums(table, cloud.stride, .choose(sum)), ExactPairs(cloud, nil))
      owner = cloud
    case (_, .float64):
      let table = cloud.coordinates.assumingMemoryBound(to: Double.self)
      (sums, owner) = (.double(Self.pairSums(table, cloud.stride, .choose(sum))), cloud)
    }
  }

  private static func pairSums<Scalar>(
    _ table: UnsafePointer<Scalar>, _ length: Int, _ kernels: PairKernels<Scalar>
  ) -> PairSums<Scalar> {
    PairSums(table: table, length: length, tileKernel: kernels.tile, rowKernel: kernels.row)
  }

  /// Writes d(row, j) for every j of `columns`. Safe from several threads.
  func fill(row: Int, columns: Range<Int>, into out: UnsafeMutablePointer<Float>) {
    let group = 64
    withUnsafeTemporaryAllocation(of: Double.self, capacity: group) { buffer in
      for start in stride(from: columns.lowerBound, to: columns.upperBound, by: group) {
        let part = start..<min(start + group, columns.upperBound)
        switch sums {
        case .single(let sums, _): sums.fill(buffer.baseAddress!, row: row, columns: part)
        case .double(let sums): sums.fill(buffer.baseAddress!, row: row, columns: part)
        }
        finish(buffer.baseAddress!, row: row, columns: part, into: out + (start - columns.lowerBound))
      }
    }
  }

  /// Turns the sums of a row's pairs into distances.
  func finish(
    _ sums: UnsafeMutablePointer<Double>, row: Int, columns: Range<Int>, into out: UnsafeMutablePointer<Float>
  ) {
    if case .single(_, let exact) = self.sums { exact.refine(sums, row: row, columns: columns, kind: kind) }
    switch kind {
    case .euclidean, .mahalanobis:
      for k in 0..<columns.count { out[k] = Float(sums[k].squareRoot()) }
    case .sqeuclidean, .cityblock, .chebyshev:
      for k in 0..<columns.count { out[k] = Float(sums[k]) }
    case .cosine, .correlation:
      for k in 0..<columns.count { out[k] = Float(Directions.cosineDistance(sums[k])) }
    case .angular:
      for k in 0..<columns.count { out[k] = Float(Directions.angularDistance(sums[k])) }
    }
    if columns.contains(row) { out[row - columns.lowerBound] = 0 }
  }

  /// A distance beyond the range of single precision would read as "never joined": it is refused with its place.
  ///
  /// Costs a pass over the coordinates; all pairs are looked at only where their size makes such a distance possible.
  func refuseOverflow(progress: Progress) throws(ToposcopeError) {
    let (greatest, length): (Double, Int) =
      switch sums {
      case .single(let sums, _): (Self.greatestMagnitude(sums.table, count * sums.length), sums.length)
      case .double(let sums): (Self.greatestMagnitude(sums.table, count * sums.length), sums.length)
      }
    let d = Double(length)
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

  private static func greatestMagnitude<Scalar: BinaryFloatingPoint>(
    _ numbers: UnsafePointer<Scalar>, _ count: Int
  ) -> Double {
    var greatest: Scalar = 0
    for k in 0..<count {
      let size = numbers[k].magnitude
      if size > greatest { greatest = size }
    }
    return Double(greatest)
  }
}
