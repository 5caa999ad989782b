/// A set of some of the vertices of a link, which are numbered from 0: one bit each.
///
/// Links of up to 64 vertices need one word, others a few.
protocol VertexSet: BitwiseCopyable {
  /// The empty set.
  init()
  init(only vertex: Int)

  var isEmpty: Bool { get }
  /// How many vertices there are.
  var count: Int { get }
  /// The least vertex of a set that is not empty.
  var first: Int { get }
  /// Takes the least vertex out of a set that is not empty.
  mutating func removeFirst() -> Int

  static func & (a: Self, b: Self) -> Self
  static func | (a: Self, b: Self) -> Self
  static prefix func ~ (a: Self) -> Self
}

extension UInt64: VertexSet {
  @inline(__always)
  init(only vertex: Int) { self = 1 &<< UInt64(truncatingIfNeeded: vertex) }

  @inline(__always)
  var isEmpty: Bool { self == 0 }

  @inline(__always)
  var count: Int { nonzeroBitCount }

  @inline(__always)
  var first: Int { trailingZeroBitCount }

  @inline(__always)
  mutating func removeFirst() -> Int {
    let vertex = trailingZeroBitCount
    self &= self &- 1
    return vertex
  }
}

extension SIMD2: VertexSet where Scalar == UInt64 {
  @inline(__always)
  init(only vertex: Int) { self.init(1 << vertex, 1 << (vertex &- 64)) }

  @inline(__always)
  var isEmpty: Bool { self[0] | self[1] == 0 }

  @inline(__always)
  var count: Int { self[0].nonzeroBitCount &+ self[1].nonzeroBitCount }

  @inline(__always)
  var first: Int { self[0] != 0 ? self[0].trailingZeroBitCount : 64 &+ self[1].trailingZeroBitCount }

  @inline(__always)
  mutating func removeFirst() -> Int {
    let low = self[0]
    if low != 0 {
      self[0] = low & (low &- 1)
      return low.trailingZeroBitCount
    }
    let high = self[1]
    self[1] = high & (high &- 1)
    return 64 &+ high.trailingZeroBitCount
  }
}

extension SIMD4: VertexSet where Scalar == UInt64 {
  @inline(__always)
  init(only vertex: Int) {
    self.init(lowHalf: SIMD2(only: vertex), highHalf: SIMD2(only: vertex &- 128))
  }

  @inline(__always)
  var isEmpty: Bool { (lowHalf | highHalf).isEmpty }

  @inline(__always)
  var count: Int { lowHalf.count &+ highHalf.count }

  @inline(__always)
  var first: Int { lowHalf.isEmpty ? 128 &+ highHalf.first : lowHalf.first }

  @inline(__always)
  mutating func removeFirst() -> Int {
    if lowHalf.isEmpty { return 128 &+ highHalf.removeFirst() }
    return lowHalf.removeFirst()
  }
}

extension SIMD8: VertexSet where Scalar == UInt64 {
  @inline(__always)
  init(only vertex: Int) {
    self.init(lowHalf: SIMD4(only: vertex), highHalf: SIMD4(only: vertex &- 256))
  }

  @inline(__always)
  var isEmpty: Bool { (lowHalf | highHalf).isEmpty }

  @inline(__always)
  var count: Int { lowHalf.count &+ highHalf.count }

  @inline(__always)
  var first: Int { lowHalf.isEmpty ? 256 &+ highHalf.first : lowHalf.first }

  @inline(__always)
  mutating func removeFirst() -> Int {
    if lowHalf.isEmpty { return 256 &+ highHalf.removeFirst() }
    return lowHalf.removeFirst()
  }
}
