/// The distances of a cloud, one row at a time and without the memory for all of them.
///
/// What every row needs is prepared once: directions for the cosine, whitened coordinates for Mahalanobis, the k-th
/// nearest neighbours for the relative-neighbourhood normalisation (on the whole cloud). Rows are bit for bit those of
/// the ``DistanceMatrix`` of the same cloud and metric, so d(i, j) and d(j, i) have the same bits as well.
///
/// ```swift
/// let rows = try DistanceRows(points, metric: .cosine)
/// rows.fill(row: 7, columns: 0..<rows.count, into: buffer)
/// ```
public final class DistanceRows: @unchecked Sendable {
  /// The number of points.
  public let count: Int
  /// What was done; ``DistanceFacts/seconds`` is the time of the preparation.
  public let facts: DistanceFacts
  let points: PreparedPoints
  /// The scale of each point, where the metric is normalised.
  let scales: NeighborScales?

  /// Prepares a metric for a cloud.
  /// - Throws: ``ToposcopeError`` of kind `zeroVector`, `neighborCount`, `duplicates`, `singularCovariance`, `option`,
  ///   `overflow`, `underflow`, `memory`, `cancelled`.
  public init(
    _ cloud: PointCloud, metric: Metric = .euclidean, threads: Int = 0, progress: Progress = Progress()
  ) throws(ToposcopeError) {
    let start = Progress.monotonicNanoseconds()
    var facts = DistanceFacts()
    try NeighborScales.check(
      metric.neighborhood, count: cloud.count, candidates: metric.neighborhood?.reference?.count ?? cloud.count)
    points = try PreparedPoints(cloud, metric: metric, facts: &facts, threads: threads, progress: progress)
    count = cloud.count
    try points.refuseOutOfRange(progress: progress)
    if let neighborhood = metric.neighborhood {
      let (points, columns) = (self.points, 0..<count)
      let reference = try ReferenceDistances(cloud, metric: metric, threads: threads, progress: progress)
      scales = try NeighborScales(
        neighborhood, count: count, threads: threads, progress: progress,
        fill: { points.fill(rows: $0, columns: columns, into: $1, stride: columns.count) }, reference: reference)
    } else {
      scales = nil
    }
    facts.seconds = Double(Progress.monotonicNanoseconds() - start) * 1e-9
    self.facts = facts
  }

  /// The same points in another order: `order[i]` is the number that point i had. The distance of two points keeps its bits.
  init(_ other: DistanceRows, order: [Int32], threads: Int, progress: Progress) throws(ToposcopeError) {
    (count, facts) = (order.count, other.facts)
    points = try PreparedPoints(other.points, order: order, threads: threads, progress: progress)
    scales = if let it = other.scales { try NeighborScales(it, order: order) } else { nil }
  }

  /// The distances of all pairs, tile by tile.
  var tiles: DistanceTiles { DistanceTiles(points: points, scales: scales) }

  /// Writes d(row, j) for every j of `columns` to `out[j - columns.lowerBound]`. Safe from several threads at once.
  /// - Precondition: `row` and `columns` lie in 0 ..< ``count``; `out` has room for `columns.count` numbers.
  public func fill(row: Int, columns: Range<Int>, into out: UnsafeMutablePointer<Float>) {
    points.fill(row: row, columns: columns, into: out)
    scales?.normalize(row: row, columns: columns, out)
  }

  /// Writes parts of several rows, one after the other, to `out[(i - rows.lowerBound) * columns.count + j -
  /// columns.lowerBound]`: for large clouds far faster than one row at a time, because the coordinates are read once for
  /// sixteen rows. Ranges that begin at multiples of sixteen waste nothing. Safe from several threads at once.
  public func fill(rows: Range<Int>, columns: Range<Int>, into out: UnsafeMutablePointer<Float>) {
    points.fill(rows: rows, columns: columns, into: out, stride: columns.count)
    if let scales {
      for i in rows { scales.normalize(row: i, columns: columns, out + (i - rows.lowerBound) * columns.count) }
    }
  }

  /// Writes several whole rows, one after the other.
  public func fill(rows: Range<Int>, into out: UnsafeMutablePointer<Float>) {
    fill(rows: rows, columns: 0..<count, into: out)
  }

  /// Writes the whole row.
  public func fill(row: Int, into out: UnsafeMutablePointer<Float>) {
    fill(row: row, columns: 0..<count, into: out)
  }
}
