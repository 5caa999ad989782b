/// The distances of all pairs of points: symmetric, zero on the diagonal, never negative, never NaN; infinity where two
/// points are never joined.
///
/// ```swift
/// let square = try PointCloud([[0, 0], [1, 0], [1, 1], [0, 1]])
/// let d = try DistanceMatrix(square, metric: Metric(.cityblock))
/// d[0, 2]  // 2
/// ```
public final class DistanceMatrix: @unchecked Sendable {
  public let count: Int
  /// `count` rows of `count` entries.
  public let entries: UnsafePointer<Float>
  public let facts: DistanceFacts
  /// Nil where the entries are borrowed.
  private let owned: AlignedMemory<Float>?

  /// Copies, rounds to single precision, and checks a square matrix.
  ///
  /// A double-precision matrix may be asymmetric by its own rounding (a relative 2^-40): the entry above the diagonal
  /// counts. Anything more is an error, and so is any asymmetry of a single-precision matrix.
  /// - Throws: ``ToposcopeError`` of kind `shape` (value: the columns of a table that is not square), `notFinite` (NaN),
  ///   `overflow` (too large for single precision), `underflow` (all too small), `negativeDistance`, `diagonal`, `asymmetric`, `memory`, `cancelled`.
  public init(
    _ array: StridedArray, threads: Int = 0, progress: Progress = Progress()
  ) throws(ToposcopeError) {
    guard array.rows == array.columns, array.rows >= 0, array.rows <= PointCloud.greatestCount else {
      throw ToposcopeError(.shape, row: array.rows, value: Double(array.columns))
    }
    let start = Progress.monotonicNanoseconds()
    count = array.rows
    let owned = try Self.allocate(count)
    self.owned = owned
    try PrecomputedDistances.copy(array, to: owned.pointer, threads: threads, progress: progress)
    entries = UnsafePointer(owned.pointer)
    facts = Self.timed(DistanceFacts(), since: start)
  }

  /// Checks a square matrix of `count` rows and uses it where it lies, without a copy. It must not change, nor go away,
  /// as long as the result lives. (A matrix with a negative zero is copied.)
  /// - Throws: as the initialiser that copies.
  public init(
    borrowing matrix: UnsafePointer<Float>, count: Int, threads: Int = 0, progress: Progress = Progress()
  ) throws(ToposcopeError) {
    guard count >= 0, count <= PointCloud.greatestCount else { throw ToposcopeError(.shape, value: Double(count)) }
    let start = Progress.monotonicNanoseconds()
    self.count = count
    let hasNegativeZero = try PrecomputedDistances.check(matrix, count: count, threads: threads, progress: progress)
    if hasNegativeZero {
      let owned = try Self.allocate(count)
      for k in 0..<count * count { owned.pointer[k] = matrix[k] + 0 }  // -0 + 0 is +0
      self.owned = owned
      entries = UnsafePointer(owned.pointer)
    } else {
      owned = nil
      entries = matrix
    }
    facts = Self.timed(DistanceFacts(), since: start)
  }

  /// Copies and checks `count * count` entries, row after row.
  convenience init(_ entries: [Float], count: Int) throws(ToposcopeError) {
    precondition(entries.count == count * count)
    let copy = try AlignedMemory<Float>(entries.count)
    for (k, entry) in entries.enumerated() { copy.pointer[k] = entry }
    try self.init(
      StridedArray(
        data: copy.pointer, rows: count, columns: count, rowStride: 4 * count, columnStride: 4, elementType: .float32))
  }

  /// The distances of the points of a cloud.
  /// - Throws: as ``fill(_:points:metric:threads:progress:)``.
  public init(
    _ points: PointCloud, metric: Metric = .euclidean, threads: Int = 0, progress: Progress = Progress()
  ) throws(ToposcopeError) {
    count = points.count
    let owned = try Self.allocate(count)
    self.owned = owned
    entries = UnsafePointer(owned.pointer)
    facts = try Self.fill(owned.pointer, points: points, metric: metric, threads: threads, progress: progress)
  }

  /// Writes the distances of all pairs to memory of the caller's: `points.count` squared numbers, row after row.
  /// - Throws: ``ToposcopeError`` of kind `zeroVector`, `neighborCount`, `duplicates`, `singularCovariance`, `option`,
  ///   `overflow`, `memory`, `cancelled`.
  @discardableResult
  public static func fill(
    _ out: UnsafeMutablePointer<Float>, points: PointCloud, metric: Metric = .euclidean, threads: Int = 0,
    progress: Progress = Progress()
  ) throws(ToposcopeError) -> DistanceFacts {
    let start = Progress.monotonicNanoseconds()
    var facts = DistanceFacts()
    try NeighborScales.check(
      metric.neighborhood, count: points.count, candidates: metric.neighborhood?.reference?.count ?? points.count)
    let prepared = try PreparedPoints(points, metric: metric, facts: &facts, threads: threads, progress: progress)
    try prepared.refuseOutOfRange(progress: progress)
    try DistanceTiles(points: prepared, scales: nil).fill(out, threads: threads, progress: progress)
    if let neighborhood = metric.neighborhood {
      let reference = try ReferenceDistances(points, metric: metric, threads: threads, progress: progress)
      try NeighborScales.normalize(
        out, count: points.count, by: neighborhood, threads: threads, progress: progress,
        reference: reference)
    }
    return timed(facts, since: start)
  }

  /// The relative-neighbourhood normalisation of these distances.
  /// - Throws: ``ToposcopeError`` of kind `neighborCount`, `duplicates`, `lonelyPoint`.
  public func normalized(
    by neighborhood: RelativeNeighborhood, threads: Int = 0, progress: Progress = Progress()
  ) throws(ToposcopeError) -> DistanceMatrix {
    try DistanceMatrix(normalizing: self, by: neighborhood, threads: threads, progress: progress)
  }

  private init(
    normalizing other: DistanceMatrix, by neighborhood: RelativeNeighborhood, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    let start = Progress.monotonicNanoseconds()
    let n = other.count
    count = n
    let owned = try Self.allocate(n)
    self.owned = owned
    owned.pointer.update(from: other.entries, count: n * n)
    entries = UnsafePointer(owned.pointer)
    let reference = try ReferenceDistances(given: neighborhood, count: n)
    try NeighborScales.normalize(
      owned.pointer, count: n, by: neighborhood, threads: threads, progress: progress, reference: reference)
    facts = Self.timed(other.facts, since: start)
  }

  public subscript(i: Int, j: Int) -> Float { entries[i * count + j] }

  private static func allocate(_ count: Int) throws(ToposcopeError) -> AlignedMemory<Float> {
    let (entries, overflow) = count.multipliedReportingOverflow(by: count)
    guard !overflow else { throw ToposcopeError(.memory, value: 4 * Double(count) * Double(count)) }
    return try AlignedMemory(entries)
  }

  private static func timed(_ facts: DistanceFacts, since start: UInt64) -> DistanceFacts {
    var facts = facts
    facts.seconds = Double(Progress.monotonicNanoseconds() - start) * 1e-9
    return facts
  }
}

/// What was done to get distances. NaN or -1 where it does not apply.
public struct DistanceFacts: Sendable {
  /// Mahalanobis: the share of the identity's multiple in the covariance.
  public var shrinkage = Double.nan
  /// Mahalanobis: largest over smallest eigenvalue of the covariance.
  public var condition = Double.nan
  /// Mahalanobis: the number of directions in which the centred points vary.
  public var rank = -1
  /// Mahalanobis: the number of coordinates after whitening.
  public var dimension = -1
  public var seconds = 0.0

  public init() {}
}
