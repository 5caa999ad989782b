import CToposcopeProcessor

/// Looks for a common neighbour of two vertices that is joined to all others: then the link of their edge is a cone.
///
/// A vertex in the middle of one link is often in the middle of the next one at the same vertex. So three are tried: those
/// found last at the two ends, and the first common neighbour there is.
struct LinkCenters {
  private let graph: BitRows
  /// By vertex.
  private let last: Memory<Int32>
  private let kernel = KernelSet.best.center

  /// - Parameter graph: Its rows are closed: every vertex counts as its own neighbour.
  init(_ graph: BitRows) throws(ToposcopeError) {
    self.graph = graph
    last = try Memory(graph.count)
  }

  /// The first that will be tried where `u` is the smaller end of an edge.
  @inline(__always)
  func likely(_ u: Int) -> Int { Int(last.base[u]) }

  /// - Parameter word: The first word in which the rows of `u` and `v`, which are not joined, meet.
  @inline(__always)
  func find(_ u: Int, _ v: Int, firstCommonWord word: Int) -> Int? {
    let center = kernel(graph.row(0), graph.wordsPerRow, u, v, word, last.base)
    return center >= 0 ? Int(center) : nil
  }
}
