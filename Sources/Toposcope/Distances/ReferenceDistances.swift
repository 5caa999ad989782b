/// The distances of points from the reference of a relative-neighbourhood normalisation, a band of rows at a time.
struct ReferenceDistances: Sendable {
  /// The number of reference points.
  let count: Int
  private let rows: @Sendable (_ rows: Range<Int>, _ out: UnsafeMutablePointer<Float>) -> Void

  /// Nil where the neighbours are the points themselves.
  ///
  /// Points and reference are prepared as one cloud. The covariance of the Mahalanobis distance is that of the points all
  /// the same, unless the metric has another sample for it.
  /// - Throws: ``ToposcopeError/Kind/shape`` where the reference has another number of coordinates; what the metric throws.
  init?(_ cloud: PointCloud, metric: Metric, threads: Int, progress: Progress) throws(ToposcopeError) {
    guard let reference = metric.neighborhood?.reference else { return nil }
    guard reference.dimension == cloud.dimension else {
      throw ToposcopeError(.shape, row: cloud.dimension, value: Double(reference.dimension))
    }
    var metric = metric
    metric.neighborhood = nil
    if metric.covariance.reference == nil { metric.covariance.reference = cloud }
    var facts = DistanceFacts()
    let points = try PreparedPoints(
      PointCloud(cloud, followedBy: reference), metric: metric, facts: &facts, threads: threads, progress: progress)
    let columns = cloud.count..<cloud.count + reference.count
    count = reference.count
    rows = { points.fill(rows: $0, columns: columns, into: $1, stride: columns.count) }
  }

  /// Nil where the neighbours are the points themselves. For given distances the reference is the table of them.
  /// - Throws: ``ToposcopeError/Kind/shape`` where the table has another number of rows than `count`;
  ///   ``ToposcopeError/Kind/negativeDistance``.
  init?(given neighborhood: RelativeNeighborhood, count: Int) throws(ToposcopeError) {
    guard let table = neighborhood.reference else { return nil }
    guard table.count == count else { throw ToposcopeError(.shape, row: count, value: Double(table.count)) }
    for i in 0..<table.count {
      for j in 0..<table.dimension where table[i, j] < 0 {
        throw ToposcopeError(.negativeDistance, row: i, column: j, value: table[i, j])
      }
    }
    self.count = table.dimension
    rows = { rows, out in
      for i in rows {
        let row = out + (i - rows.lowerBound) * table.dimension
        for j in 0..<table.dimension { row[j] = Float(table[i, j]) }
      }
    }
  }

  /// Writes several whole rows, one after the other. Safe from several threads.
  func fill(rows: Range<Int>, into out: UnsafeMutablePointer<Float>) { self.rows(rows, out) }
}
