import CToposcopeProcessor

/// The cocycles over Z/2 of a few classes that live long and touch many edges, one bit an edge.
///
/// Such a class makes almost every edge of some region active, and looking at edges one by one is slow. Here its values on
/// all edges to the common neighbours of two vertices are the words of two rows: a few instructions tell whether the
/// class has one and the same value on all paths from u to v.
///
/// A class that has a plane has no part in the identifiers that are set for edges from then on, but may occur in
/// annotations of other classes after a death: the annotation of an edge is the sum of both.
struct CocyclePlanes {
  static let most = 8

  /// For every vertex the planes, one bit each, in which its row may be nonzero.
  private let masks: Memory<UInt8>
  private let vertices: Int
  private var planes: [BitRows?] = Array(repeating: nil, count: most)
  /// The first row of each plane.
  private let rows: Memory<UnsafeMutablePointer<UInt64>?>
  private let wordsPerRow: Int
  private var cocycles = [Int32](repeating: none, count: most)
  private static let none: Int32 = -1

  init(vertices: Int) throws(ToposcopeError) {
    self.vertices = vertices
    masks = try Memory(vertices)
    rows = try Memory(CocyclePlanes.most)
    wordsPerRow = BitRows.wordsPerRow(vertices)
  }

  @inline(__always)
  func mask(_ vertex: Int) -> UInt8 { masks.base[vertex] }

  @inline(__always)
  func row(_ plane: Int, _ vertex: Int) -> UnsafeMutablePointer<UInt64> {
    rows.base[plane].unsafelyUnwrapped + vertex &* wordsPerRow
  }

  /// Brings the values on the edge (u, v) near the processor, and those on the way over a vertex w.
  @inline(__always)
  func fetch(_ u: Int, _ v: Int, over w: Int) {
    var mask = mask(u) | mask(v)
    while mask != 0 {
      let plane = mask.trailingZeroBitCount
      mask &= mask &- 1
      let (rowU, rowV) = (row(plane, u), row(plane, v))
      toposcope_fetch(rowU + v &>> 6)
      toposcope_fetch(rowV + u &>> 6)
      toposcope_fetch(rowU + w &>> 6)
      toposcope_fetch(rowV + w &>> 6)
    }
  }

  func cocycle(_ plane: Int) -> Int32 { cocycles[plane] }

  /// The plane of a class, if it has one.
  func plane(of cocycle: Int32) -> Int? { cocycles.firstIndex(of: cocycle) }

  var hasRoom: Bool { cocycles.contains(CocyclePlanes.none) }

  /// An empty plane for a class. There is room.
  mutating func add(_ cocycle: Int32) throws(ToposcopeError) -> Int {
    let plane = cocycles.firstIndex(of: CocyclePlanes.none)!
    if planes[plane] == nil {
      let new = try BitRows(vertices)
      planes[plane] = new
      rows.base[plane] = new.row(0)
    }
    cocycles[plane] = cocycle
    return plane
  }

  /// Adds 1 to the value of the class on an edge.
  @inline(__always)
  func flip(_ plane: Int, _ a: Int, _ b: Int) {
    row(plane, a)[b &>> 6] ^= 1 &<< UInt64(b & 63)
    row(plane, b)[a &>> 6] ^= 1 &<< UInt64(a & 63)
    masks.base[a] |= 1 << UInt8(plane)
    masks.base[b] |= 1 << UInt8(plane)
  }

  /// The planes whose classes have the value 1 on the path from u over w to v.
  @inline(__always)
  func path(_ u: Int, _ w: Int, _ v: Int) -> UInt8 {
    var mask = mask(u) | mask(v)
    var values: UInt8 = 0
    while mask != 0 {
      let plane = mask.trailingZeroBitCount
      mask &= mask &- 1
      let words = row(plane, u)[w &>> 6] ^ row(plane, v)[w &>> 6]
      values |= UInt8(truncatingIfNeeded: words &>> UInt64(w & 63) & 1) &<< UInt8(plane)
    }
    return values
  }

  /// Adds the values in one plane to those in another.
  func add(_ source: Int, to target: Int) {
    for vertex in 0..<vertices where masks.base[vertex] >> UInt8(source) & 1 != 0 {
      let (from, to) = (row(source, vertex), row(target, vertex))
      for k in 0..<wordsPerRow { to[k] ^= from[k] }
      masks.base[vertex] |= 1 << UInt8(target)
    }
  }

  /// Gives a plane back: its class is dead.
  mutating func remove(_ plane: Int) {
    for vertex in 0..<vertices where masks.base[vertex] >> UInt8(plane) & 1 != 0 {
      row(plane, vertex).update(repeating: 0, count: wordsPerRow)
      masks.base[vertex] &= ~(1 << UInt8(plane))
    }
    cocycles[plane] = CocyclePlanes.none
  }

  /// Calls `body` with every edge, the smaller vertex first, on which the class of a plane is 1.
  func forEachEdge(_ plane: Int, _ body: (Int, Int) throws(ToposcopeError) -> Void) throws(ToposcopeError) {
    for a in 0..<vertices where masks.base[a] >> UInt8(plane) & 1 != 0 {
      let row = row(plane, a)
      for k in (a >> 6)..<wordsPerRow {
        var word = row[k]
        if k == a >> 6 { word &= ~0 << UInt64(a & 63) }
        while word != 0 {
          try body(a, k << 6 + word.trailingZeroBitCount)
          word &= word - 1
        }
      }
    }
  }
}
