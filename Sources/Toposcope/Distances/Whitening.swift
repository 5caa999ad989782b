/// The Mahalanobis distance as a change of coordinates: with the covariance S = L L', the Euclidean distance of L^-1 x
/// and L^-1 y is sqrt((x - y)' S^-1 (x - y)).
///
/// With more coordinates than points no matrix of coordinates is ever made: all points lie in the space that their
/// differences span (``AffineSpan``), of at most n - 1 directions; outside it a shrunk covariance is a multiple of the
/// identity that no difference meets.
enum Whitening {
  /// Whitened coordinates of the points of a cloud.
  /// - Throws: ``ToposcopeError`` of kind `singularCovariance` (row: rank, column: coordinates), `option` (a share of
  ///   shrinkage outside 0 ... 1), `shape` (a reference or matrix of the wrong size), `asymmetric`, `notFinite`.
  static func coordinates(
    of cloud: PointCloud, _ covariance: Covariance, facts: inout DistanceFacts, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> PanelTable<Double> {
    if case .given(let matrix) = covariance.estimate {
      return try given(matrix, cloud, facts: &facts, threads: threads, progress: progress)
    }
    if case .shrunk(let share) = covariance.estimate, !(share >= 0 && share <= 1) {
      throw ToposcopeError(.option, value: share)
    }
    if let reference = covariance.reference, reference.dimension != cloud.dimension {
      throw ToposcopeError(.shape, row: cloud.dimension, value: Double(reference.dimension))
    }
    if cloud.count <= 1 && covariance.reference == nil {  // no pair, so no covariance is needed
      (facts.rank, facts.dimension) = (0, 0)
      return try PanelTable(count: cloud.count, length: 0)
    }
    let span = try AffineSpan(cloud, reference: covariance.reference, threads: threads, progress: progress)
    let sample = try span.centeredSample(threads: threads, progress: progress)
    let matrix = try symmetricProducts(
      of: sample.transposed(threads: threads, progress: progress), threads: threads, progress: progress)
    // Reduced coordinates are as many as the points have directions, unless the sample is others than the points.
    let isFull = span.dimension < cloud.dimension && covariance.reference == nil
    let rank = isFull ? span.dimension : try Self.rank(matrix, threads: threads, progress: progress)
    let factor = try shrinkAndFactor(
      matrix, SampleMoments(sample, products: matrix, coordinates: cloud.dimension), covariance.estimate, rank: rank,
      facts: &facts, threads: threads, progress: progress)
    try factor.solve(span.steps, threads: threads, progress: progress)
    span.walk(span.steps)
    if span.steps.count == cloud.count { return span.steps }
    return try PanelTable(count: cloud.count, length: span.dimension, threads: threads, progress: progress) {
      i, range, out in
      for k in range { out[k - range.lowerBound] = span.steps[i, k] }
    }
  }

  /// Turns the products A'A of the sample into the factor of its covariance, in place.
  private static func shrinkAndFactor(
    _ matrix: PanelTable<Double>, _ moments: SampleMoments, _ estimate: Covariance.Estimate, rank: Int,
    facts: inout DistanceFacts, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> Cholesky {
    let n = Double(moments.count)
    let (shrinkage, divisor): (Double, Double) =
      switch estimate {
      case .ledoitWolf: (moments.ledoitWolf, n)
      case .oas: (moments.oas, n)
      case .empirical, .given: (0, n - 1)
      case .shrunk(let share): (share, n - 1)
      }
    let (reduced, coordinates) = (matrix.count, moments.coordinates)
    let shift = shrinkage * moments.squaredLengths / divisor / Double(coordinates)
    let singular = ToposcopeError(.singularCovariance, row: rank, column: coordinates)
    guard rank > 0, rank == coordinates || shift > 0 else { throw singular }
    for k in 0..<16 * matrix.panels * reduced { matrix.pointer[k] *= (1 - shrinkage) / divisor }
    for i in 0..<reduced { matrix[i, i] += shift }
    let greatest = ExtremeEigenvalues.greatest(order: reduced, apply: matrix.times)
    guard let factor = try Cholesky(matrix, threads: threads, progress: progress) else { throw singular }
    // Directions outside the span have the eigenvalue `shift`, the least of all.
    let leastInverse = reduced < coordinates ? 1 / shift : try greatestInverse(factor)
    facts.shrinkage = shrinkage
    facts.rank = rank
    facts.dimension = reduced
    facts.condition = max(1, greatest * leastInverse)
    return factor
  }

  private static func greatestInverse(_ factor: Cholesky) throws(ToposcopeError) -> Double {
    ExtremeEigenvalues.greatest(order: factor.order, apply: try factor.solver())
  }

  /// The rank of a matrix of products, after every coordinate is brought to unit scale: a small unit of one coordinate is
  /// not a missing direction.
  private static func rank(
    _ matrix: PanelTable<Double>, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> Int {
    let varying = (0..<matrix.count).filter { matrix[$0, $0] > 0 }
    let scales = varying.map { 1 / matrix[$0, $0].squareRoot() }
    func scaled() throws(ToposcopeError) -> PanelTable<Double> {
      try PanelTable(count: varying.count, length: varying.count, threads: threads, progress: progress) {
        i, range, out in
        for k in range { out[k - range.lowerBound] = matrix[varying[i], varying[k]] * scales[i] * scales[k] }
      }
    }
    if try Cholesky(scaled(), threads: threads, progress: progress) != nil { return varying.count }
    return try PivotedCholesky(scaled(), progress: progress).rank
  }

  private static func given(
    _ matrix: [Double], _ cloud: PointCloud, facts: inout DistanceFacts, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> PanelTable<Double> {
    let d = cloud.dimension
    let (size, overflow) = d.multipliedReportingOverflow(by: d)
    guard !overflow, matrix.count == size else { throw ToposcopeError(.shape, row: d, value: Double(matrix.count)) }
    let covariance = try PanelTable<Double>(count: d, length: d)
    covariance.pointer.initialize(repeating: 0, count: 16 * covariance.panels * d)
    for i in 0..<d {
      for j in 0..<d {
        let value = matrix[i * d + j]
        guard value.isFinite else { throw ToposcopeError(.notFinite, row: i, column: j, value: value) }
        let mirror = matrix[j * d + i]
        guard abs(value - mirror) <= 0x1p-40 * max(abs(value), abs(mirror)) || mirror.isNaN else {
          throw ToposcopeError(.asymmetric, row: i, column: j, value: value)
        }
        covariance[i, j] = i <= j ? value : mirror
      }
    }
    let rank = try Self.rank(covariance, threads: threads, progress: progress)
    let greatest = ExtremeEigenvalues.greatest(order: d, apply: covariance.times)
    guard rank == d, let factor = try Cholesky(covariance, threads: threads, progress: progress) else {
      throw ToposcopeError(.singularCovariance, row: rank, column: d)
    }
    (facts.rank, facts.dimension, facts.condition) = (rank, d, max(1, greatest * (try greatestInverse(factor))))
    let span = try AffineSpan(unreduced: cloud, threads: threads, progress: progress)
    try factor.solve(span.steps, threads: threads, progress: progress)
    return span.steps  // every step is from the first point, so steps are positions
  }
}
