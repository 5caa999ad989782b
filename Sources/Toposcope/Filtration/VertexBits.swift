/// One bit a vertex. Who shares them with another thread writes to them no more, or holds a lock.
final class VertexBits: @unchecked Sendable {
  private let words: Memory<UInt64>
  private let first: UnsafeMutablePointer<UInt64>

  init(_ vertices: Int) throws(ToposcopeError) {
    words = try Memory((vertices + 63) / 64)
    first = words.base
  }

  /// The same bits in other memory.
  convenience init(_ other: VertexBits) throws(ToposcopeError) {
    try self.init(64 * other.words.count)
    copy(other)
  }

  @inline(__always)
  subscript(vertex: Int) -> Bool {
    get { first[vertex &>> 6] &>> UInt64(vertex & 63) & 1 != 0 }
    set {
      let bit: UInt64 = 1 &<< UInt64(vertex & 63)
      if newValue { first[vertex &>> 6] |= bit } else { first[vertex &>> 6] &= ~bit }
    }
  }

  /// Whether an end of an edge has its bit.
  @inline(__always)
  func meets(_ e: FiltrationEdge) -> Bool { self[Int(e.tail)] || self[Int(e.head)] }

  /// Takes the bits of another one, which has as many.
  func copy(_ other: VertexBits) { first.update(from: other.first, count: words.count) }
}
