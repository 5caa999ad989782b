/// Looks for a common neighbour of two vertices that is joined to all others: then the link of their edge is a cone.
///
/// A vertex in the middle of one link is often in the middle of the next one at the same vertex. So three are tried: those
/// found last at the two ends, and the first common neighbour there is.
struct LinkCenters {
  private let graph: BitRows
  /// By vertex.
  private let last: Memory<Int32>

  init(_ graph: BitRows) throws(ToposcopeError) {
    self.graph = graph
    last = try Memory(graph.count)
  }

  /// - Parameter word: The first word in which the rows of `u` and `v` meet.
  @inline(__always)
  func find(_ u: Int, _ v: Int, firstCommonWord word: Int) -> Int? {
    let (first, second) = (Int(last.base[u]), Int(last.base[v]))
    if isCenter(first, u, v, from: word) { return first }
    if second != first && isCenter(second, u, v, from: word) { return second }
    let neighbor = word &<< 6 &+ (graph.row(u)[word] & graph.row(v)[word]).trailingZeroBitCount
    guard isJoinedToAll(neighbor, u, v, from: word) else { return nil }
    last.base[u] = Int32(neighbor)
    last.base[v] = Int32(neighbor)
    return neighbor
  }

  @inline(__always)
  private func isCenter(_ w: Int, _ u: Int, _ v: Int, from word: Int) -> Bool {
    graph.contains(u, w) && graph.contains(v, w) && isJoinedToAll(w, u, v, from: word)
  }

  /// Whether a common neighbour is joined to all others.
  private func isJoinedToAll(_ w: Int, _ u: Int, _ v: Int, from word: Int) -> Bool {
    let (rowU, rowV, rowW) = (graph.row(u), graph.row(v), graph.row(w))
    let own: UInt64 = 1 &<< UInt64(w & 63)
    rowW[w &>> 6] |= own  // for this look only: nobody is joined to himself
    defer { rowW[w &>> 6] ^= own }
    var k = word & ~7
    while k < graph.wordsPerRow {
      if BitRows.isAny(BitRows.line(rowU, k) & BitRows.line(rowV, k) & ~BitRows.line(rowW, k)) { return false }
      k &+= 8
    }
    return true
  }
}
