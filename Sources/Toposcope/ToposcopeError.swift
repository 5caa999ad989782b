/// Why a call could not be carried out, and where the input gave the reason.
///
/// The core throws nothing else. `kind` is the number that the C interface returns as its status; `row`, `column`
/// and `value` name the offending place (``ToposcopeError/nowhere`` where a place makes no sense), so that every
/// language can write its own sentence about it.
public struct ToposcopeError: Error, Equatable, Sendable {
  /// The reason. Raw values are the statuses of `include/toposcope.h`, and never change their meaning.
  public enum Kind: Int32, CaseIterable, Sendable {
    /// A pointer that must not be null is null.
    case nullPointer = 1
    /// A number of points or coordinates is negative, or too large for this machine. `value` is the number.
    case shape = 2
    /// The element type is none of those the library reads. `value` is its code.
    case elementType = 3
    /// A coordinate is NaN or infinite, or a distance is NaN. `row`, `column`, `value`.
    case notFinite = 4
    /// A distance is negative. `row`, `column`, `value`.
    case negativeDistance = 5
    /// d(row, column) differs from d(column, row). `value` is d(row, column).
    case asymmetric = 6
    /// The distance of a point from itself is not zero. `row` = `column`, `value`.
    case diagonal = 7
    /// The metric is unknown. `value` is its code.
    case metric = 8
    /// A vector of length zero has no direction. `row` is the first, `value` how many there are.
    case zeroVector = 9
    /// The number of neighbours is not in 1 ... n - 1. `value` is the number, `row` is n.
    case neighborCount = 10
    /// A point has more than k duplicates, so its k-th nearest neighbour is at distance zero while other points are not.
    /// `row` is the first, `value` how many there are.
    case duplicates = 11
    /// The covariance has no inverse. `row` is the rank, `column` the number of coordinates.
    case singularCovariance = 12
    /// The greatest homology dimension is out of range. `value` is the dimension asked for, `row` the greatest possible.
    case homologyDimension = 13
    /// The coefficient field needs a prime in 2 ... 65521. `value` is what was given.
    case modulus = 14
    /// The threshold is NaN or negative. `value`.
    case threshold = 15
    /// More memory is needed than allowed or available. `value` is the estimate in bytes.
    case memory = 16
    /// The caller's progress function asked to stop.
    case cancelled = 17
    /// An index lies outside its range. `row` is the index, `column` the size of the range.
    case index = 18
    /// An option is none of those known. `value` is what was given.
    case option = 19
    /// What was asked for was not computed, because the options did not ask for it.
    case notComputed = 20
    /// The distance of points `row` and `column` is beyond the range of single precision. `value` where it is known.
    case overflow = 21
    /// The k-th nearest neighbour of point `row` is infinitely far away. `value` is k.
    case lonelyPoint = 22
    /// More vertices than only H0, and H1 of a list of edges, can have. `value` is their number, `row` the greatest possible.
    case vertices = 23
    /// All distances are below the range of single precision, though some are not zero. `value` is about the greatest.
    case underflow = 24
    /// A defect of the library. Please report it.
    case internalError = 99
  }

  public var kind: Kind
  public var row: Int
  public var column: Int
  public var value: Double

  /// What `row` and `column` hold where a place makes no sense.
  public static let nowhere = -1

  public init(_ kind: Kind, row: Int = nowhere, column: Int = nowhere, value: Double = 0) {
    self.kind = kind
    self.row = row
    self.column = column
    self.value = value
  }
}
