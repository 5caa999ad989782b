/// The Mahalanobis distance as a change of coordinates: with the covariance S = L L', the Euclidean distance of L^-1 x
/// and L^-1 y is sqrt((x - y)' S^-1 (x - y)).
///
/// With more coordinates than points no matrix of coordinates is ever made: all points lie in the space that their
/// differences span, of at most n - 1 directions; a factor of the matrix of their products gives coordinates in it, and
/// outside it a shrunk covariance is a multiple of the identity that no difference meets.
struct Whitening {
  /// Rows of ``stride`` numbers, the last of them zeros.
  let values: AlignedMemory<Double>
  let stride: Int

  private init(rows: UnsafePointer<Double>, count: Int, dimension: Int) throws(ToposcopeError) {
    stride = PointCloud.stride(for: dimension)
    values = try AlignedMemory(count * stride)
    values.pointer.initialize(repeating: 0, count: count * stride)
    for i in 0..<count {
      (values.pointer + i * stride).update(from: rows + i * dimension, count: dimension)
    }
  }

  /// Whitened coordinates of the points of a cloud.
  /// - Throws: ``ToposcopeError`` of kind `singularCovariance` (row: rank, column: coordinates), `option` (a share of
  ///   shrinkage outside 0 ... 1), `shape` (a reference or matrix of the wrong size), `asymmetric`, `notFinite`.
  static func coordinates(
    of cloud: PointCloud, _ covariance: Covariance, facts: inout DistanceFacts, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> Whitening {
    if case .given(let matrix) = covariance.estimate {
      return try given(matrix, cloud, facts: &facts, progress: progress)
    }
    if case .shrunk(let share) = covariance.estimate, !(share >= 0 && share <= 1) {
      throw ToposcopeError(.option, value: share)
    }
    if let reference = covariance.reference, reference.dimension != cloud.dimension {
      throw ToposcopeError(.shape, row: cloud.dimension, value: Double(reference.dimension))
    }
    if cloud.count <= 1 && covariance.reference == nil {  // no pair, so no covariance is needed
      (facts.rank, facts.dimension) = (0, 0)
      return try Whitening(rows: AlignedMemory<Double>(0).pointer, count: cloud.count, dimension: 0)
    }
    let span = try AffineSpan(cloud, reference: covariance.reference, threads: threads, progress: progress)
    return try whiten(
      span, cloud, covariance.estimate, facts: &facts, threads: threads, progress: progress)
  }

  private static func whiten(
    _ span: AffineSpan, _ cloud: PointCloud, _ estimate: Covariance.Estimate, facts: inout DistanceFacts,
    threads: Int, progress: Progress
  ) throws(ToposcopeError) -> Whitening {
    let d = span.dimension
    let matrix = try SymmetricMatrix(
      columnProducts: span.sample, rows: span.sampleCount, columns: d, threads: threads, progress: progress)
    let moments = span.moments(squaredProducts: matrix.squaredNorm)
    let n = Double(span.sampleCount)
    let (shrinkage, divisor): (Double, Double) =
      switch estimate {
      case .ledoitWolf: (moments.ledoitWolf, n)
      case .oas: (moments.oas, n)
      case .empirical, .given: (0, n - 1)
      case .shrunk(let share): (share, n - 1)
      }
    let rank = try span.rank(of: matrix, progress: progress)
    let coordinates = cloud.dimension
    let shift = shrinkage * moments.squaredLengths / divisor / Double(coordinates)
    guard rank > 0, rank == coordinates || shift > 0 else {
      throw ToposcopeError(.singularCovariance, row: rank, column: coordinates)
    }
    matrix.scale(by: (1 - shrinkage) / divisor, addingToDiagonal: shift)
    let greatest = ExtremeEigenvalues.greatest(order: d) { x, y in
      for i in 0..<d { y[i] = DenseRows.dot(matrix.row(i), x, d) }
    }
    guard let factor = Cholesky(matrix) else {
      throw ToposcopeError(.singularCovariance, row: rank, column: coordinates)
    }
    let leastInverse = ExtremeEigenvalues.greatest(order: d) { x, y in
      y = x
      y.withUnsafeMutableBufferPointer {
        factor.solve($0.baseAddress!)
        factor.solveTransposed($0.baseAddress!)
      }
    }
    facts.shrinkage = shrinkage
    facts.rank = rank
    facts.dimension = d
    // Directions outside the span have the eigenvalue `shift`, the least of all.
    facts.condition = greatest * (d < coordinates ? 1 / shift : leastInverse)
    let values = span.points
    try Threads.forEach(chunks: cloud.count, threads: Threads.resolve(threads), progress: progress) {
      factor.solve(values.pointer + $0 * d)
    }
    return try Whitening(rows: values.pointer, count: cloud.count, dimension: d)
  }

  private static func given(
    _ matrix: [Double], _ cloud: PointCloud, facts: inout DistanceFacts, progress: Progress
  ) throws(ToposcopeError) -> Whitening {
    let d = cloud.dimension
    let (size, overflow) = d.multipliedReportingOverflow(by: d)
    guard !overflow, matrix.count == size else { throw ToposcopeError(.shape, row: d, value: Double(matrix.count)) }
    let covariance = try SymmetricMatrix(order: d)
    for i in 0..<d {
      for j in 0..<d {
        let value = matrix[i * d + j]
        guard value.isFinite else { throw ToposcopeError(.notFinite, row: i, column: j, value: value) }
        let mirror = matrix[j * d + i]
        guard abs(value - mirror) <= 0x1p-40 * max(abs(value), abs(mirror)) || mirror.isNaN else {
          throw ToposcopeError(.asymmetric, row: i, column: j, value: value)
        }
        covariance.row(i)[j] = i <= j ? value : mirror
      }
    }
    let greatest = ExtremeEigenvalues.greatest(order: d) { x, y in
      for i in 0..<d { y[i] = DenseRows.dot(covariance.row(i), x, d) }
    }
    let rank = try AffineSpan.scaledRank(of: covariance, progress: progress)
    guard rank == d, let factor = Cholesky(covariance) else {
      throw ToposcopeError(.singularCovariance, row: rank, column: d)
    }
    let leastInverse = ExtremeEigenvalues.greatest(order: d) { x, y in
      y = x
      y.withUnsafeMutableBufferPointer {
        guard let base = $0.baseAddress else { return }
        factor.solve(base)
        factor.solveTransposed(base)
      }
    }
    (facts.rank, facts.dimension, facts.condition) = (rank, d, greatest * leastInverse)
    let values = try AlignedMemory<Double>(cloud.count * d)
    for i in 0..<cloud.count {
      try progress.report(i, of: cloud.count)
      cloud.load(i, to: values.pointer + i * d)
      factor.solve(values.pointer + i * d)
    }
    return try Whitening(rows: values.pointer, count: cloud.count, dimension: d)
  }
}
