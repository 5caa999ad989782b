import CToposcopeProcessor

/// A symmetric relation between vertices, one row of bits a vertex: which others it is joined to.
///
/// Rows are whole cache lines (eight 64-bit words each, 64-byte aligned), so that the common neighbours of two vertices
/// are the AND of two rows without a remainder. Invariant: bits at `count` and above are zero.
final class BitRows: @unchecked Sendable {
  let count: Int
  /// A multiple of 8.
  let wordsPerRow: Int
  private let words: Memory<UInt64>
  /// Where the first row begins: asked of ``words``, it would be one look at memory more for every row.
  private let first: UnsafeMutablePointer<UInt64>

  init(_ count: Int) throws(ToposcopeError) {
    self.count = count
    wordsPerRow = BitRows.wordsPerRow(count)
    words = try Memory(count * wordsPerRow)
    first = words.base
  }

  /// No edges, but every vertex counts as its own neighbour. The ends of an edge have no more in common for that, as long as
  /// they are not joined.
  convenience init(closed count: Int) throws(ToposcopeError) {
    try self.init(count)
    for vertex in 0..<count { insert(vertex, vertex) }
  }

  static func wordsPerRow(_ count: Int) -> Int { (count + 511) / 512 * 8 }

  /// The bytes that the rows of `count` vertices take.
  static func bytes(_ count: Int) -> Int { count * wordsPerRow(count) * 8 }

  @inline(__always)
  func row(_ vertex: Int) -> UnsafeMutablePointer<UInt64> { first + vertex &* wordsPerRow }

  @inline(__always)
  func contains(_ a: Int, _ b: Int) -> Bool { row(a)[b &>> 6] &>> UInt64(b & 63) & 1 != 0 }

  @inline(__always)
  func insert(_ a: Int, _ b: Int) {
    insertHalf(a, b)
    insertHalf(b, a)
  }

  /// Only in the row of `a`.
  @inline(__always)
  func insertHalf(_ a: Int, _ b: Int) { row(a)[b &>> 6] |= 1 &<< UInt64(b & 63) }

  @inline(__always)
  func remove(_ a: Int, _ b: Int) {
    row(a)[b &>> 6] &= ~(1 &<< UInt64(b & 63))
    row(b)[a &>> 6] &= ~(1 &<< UInt64(a & 63))
  }

  /// The first word in which the rows of two vertices meet; `wordsPerRow` where there is none.
  @inline(__always)
  func firstCommonWord(_ a: Int, _ b: Int) -> Int {
    let (rowA, rowB) = (row(a), row(b))
    var k = 0
    // In most pairs it is in the first line, and near its beginning.
    while k < 8 {
      if rowA[k] & rowB[k] != 0 { return k }
      k &+= 1
    }
    while k < wordsPerRow && !BitRows.isAny(BitRows.line(rowA, k) & BitRows.line(rowB, k)) { k &+= 8 }
    while k < wordsPerRow && rowA[k] & rowB[k] == 0 { k &+= 1 }
    return k
  }

  /// Makes all rows those of `other`, which has as many.
  func copy(_ other: BitRows) { words.base.update(from: other.words.base, count: words.count) }

  typealias Line = SIMD8<UInt64>

  /// A cache line of a row, whose first word is a multiple of 8.
  @inline(__always)
  static func line(_ row: UnsafeMutablePointer<UInt64>, _ word: Int) -> Line {
    UnsafeRawPointer(row + word).load(as: Line.self)
  }

  @inline(__always)
  static func set(_ row: UnsafeMutablePointer<UInt64>, _ word: Int, _ line: Line) {
    UnsafeMutableRawPointer(row + word).storeBytes(of: line, as: Line.self)
  }

  /// Brings the words that hold a pair near the processor, before they are needed.
  @inline(__always)
  func fetch(_ a: Int, _ b: Int) {
    toposcope_fetch(row(a) + b &>> 6)
    toposcope_fetch(row(b) + a &>> 6)
  }

  @inline(__always)
  static func isAny(_ line: Line) -> Bool {
    let half = line.lowHalf | line.highHalf
    let quarter = half.lowHalf | half.highHalf
    return quarter[0] | quarter[1] != 0
  }
}
