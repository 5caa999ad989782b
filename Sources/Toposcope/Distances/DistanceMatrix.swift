/// The distances of all pairs of points: symmetric, zero on the diagonal, never negative, never NaN; infinity where two
/// points are never joined.
public final class DistanceMatrix: @unchecked Sendable {
  public let count: Int
  /// `count` rows of `count` entries.
  public let entries: UnsafePointer<Float>
  public let facts: DistanceFacts
  private let owned: UnsafeMutablePointer<Float>?

  /// Copies, rounds to single precision, and checks a square matrix.
  /// - Throws: ``ToposcopeError`` of kind `shape`, `notFinite` (NaN), `negativeDistance`, `diagonal`, `asymmetric`.
  public init(
    _ array: StridedArray, threads: Int = 0, progress: Progress = Progress()
  ) throws(ToposcopeError) {
    count = 0
    entries = UnsafePointer(bitPattern: 64)!
    facts = DistanceFacts()
    owned = nil
    throw ToposcopeError(.internalError)
  }

  /// The distances of the points of a cloud.
  public init(
    _ points: PointCloud, metric: Metric = .euclidean, threads: Int = 0, progress: Progress = Progress()
  ) throws(ToposcopeError) {
    count = 0
    entries = UnsafePointer(bitPattern: 64)!
    facts = DistanceFacts()
    owned = nil
    throw ToposcopeError(.internalError)
  }

  public subscript(i: Int, j: Int) -> Float { entries[i * count + j] }

  deinit { owned?.deallocate() }
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
