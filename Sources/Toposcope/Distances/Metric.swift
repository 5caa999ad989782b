/// How far apart two points are.
///
/// A kind of distance, and on top of it, if wanted, the relative-neighbourhood normalisation.
public struct Metric: Sendable {
  /// Raw values are those of `include/toposcope.h`.
  public enum Kind: Int32, CaseIterable, Sendable {
    /// The length of the difference.
    case euclidean = 0
    /// Its square.
    case sqeuclidean = 1
    /// 1 - x.y / (|x| |y|). The triangle inequality fails.
    case cosine = 2
    /// arccos(x.y / (|x| |y|)) / pi: the angle, which is a metric, in half turns.
    case angular = 3
    /// The cosine distance of the vectors less their means.
    case correlation = 4
    /// The sum of absolute differences.
    case cityblock = 5
    /// The greatest absolute difference.
    case chebyshev = 6
    /// sqrt((x - y)' S^-1 (x - y)) with the covariance S that ``Metric/covariance`` says.
    case mahalanobis = 7
  }

  public var kind: Kind
  /// Used by ``Kind/mahalanobis`` only.
  public var covariance: Covariance
  /// Divides distances by those of the k-th nearest neighbours.
  public var neighborhood: RelativeNeighborhood?

  public init(_ kind: Kind, covariance: Covariance = Covariance(), neighborhood: RelativeNeighborhood? = nil) {
    self.kind = kind
    self.covariance = covariance
    self.neighborhood = neighborhood
  }

  public static let euclidean = Metric(.euclidean)
  public static let cosine = Metric(.cosine)
  public static let mahalanobis = Metric(.mahalanobis)
}

/// The covariance of the Mahalanobis distance.
public struct Covariance: Sendable {
  /// How the covariance is estimated, or what it is.
  public enum Estimate: Sendable {
    /// Shrunk towards a multiple of the identity by Ledoit and Wolf (2004); divides by n.
    case ledoitWolf
    /// Oracle approximating shrinkage (Chen, Wiesel, Eldar, Hero 2010); divides by n.
    case oas
    /// No shrinkage; divides by n - 1. Refused where it is singular.
    case empirical
    /// Shrunk by a share in 0 ... 1; divides by n - 1.
    case shrunk(Double)
    /// A given symmetric positive definite matrix, row after row.
    case given([Double])
  }

  public var estimate: Estimate
  /// The points that the estimate is taken from; nil for the points themselves.
  public var reference: PointCloud?

  public init(_ estimate: Estimate = .ledoitWolf, reference: PointCloud? = nil) {
    self.estimate = estimate
    self.reference = reference
  }
}

/// The relative-neighbourhood normalisation: d(x, y) / max(d(x, x_k), d(y, y_k)), x_k the k-th nearest neighbour of x,
/// x itself not counted. The result is no metric.
public struct RelativeNeighborhood: Sendable {
  /// How the two scales are joined. Raw values are those of `include/toposcope.h`.
  public enum Scaling: Int32, CaseIterable, Sendable {
    case max = 0
    /// Their geometric mean.
    case geometric = 1
    case min = 2
  }

  /// What to do where more than k duplicates put the k-th neighbour at distance zero. Raw values as in the C header.
  public enum Duplicates: Int32, CaseIterable, Sendable {
    /// Throw ``ToposcopeError/Kind/duplicates``.
    case refuse = 0
    /// Take the nearest neighbour that is at a positive distance.
    case firstPositive = 1
  }

  /// k, in 1 ... n - 1, with n the number of points, or of reference points.
  public var neighbors: Int
  public var scaling: Scaling
  public var duplicates: Duplicates
  /// The points among which neighbours are looked for; nil for the points themselves. For given distances it is the table
  /// of distances of the points (rows) from the reference points (columns).
  ///
  /// The points may be a subsample of the reference: of reference points at distance zero one is taken to be the point
  /// itself.
  public var reference: PointCloud?

  public init(
    neighbors: Int, scaling: Scaling = .max, duplicates: Duplicates = .refuse, reference: PointCloud? = nil
  ) {
    self.neighbors = neighbors
    self.scaling = scaling
    self.duplicates = duplicates
    self.reference = reference
  }
}
