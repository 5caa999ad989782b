/// Looks at the links of the edges of a graph.
///
/// Where a graph comes from rows of bits, a scanner has a graph of its own, to which edges are added one after another
/// (``RowLinkScanner``); where vertices have few neighbours, all scanners read the same lists (``ListLinkScanner``). Links may be
/// asked for in any order, at best in that of the edges.
protocol LinkScanner: AnyObject {
  /// Of each edge that has been looked at, by whichever thread: an apex of its link, if one was found; empty where they are
  /// not written down.
  var apexes: Memory<UInt16> { get }

  /// Of edges what fills them, as far as it is known; empty where it is not written down.
  var fillings: Memory<Filling> { get }

  /// One for another thread, that looks at other edges of the same graph at the same time.
  func another() throws(ToposcopeError) -> any LinkScanner

  /// Looks at links up to the first edge that asks for something, and writes that down. Returns the rank of the next edge.
  /// - Parameter wantsLoops: whether the loops of links matter
  func scan(
    _ ranks: Range<Int32>, wantsLoops: Bool, into findings: inout LinkFindings
  ) throws(ToposcopeError) -> Int32

  /// The number of common neighbours of the ends of an edge, and one that is joined to all others, if there is one: nil also
  /// where there are no common neighbours.
  func apex(_ rank: Int32) throws(ToposcopeError) -> (count: Int, apex: Int32?)

  /// The common neighbours of the edge that ``apex(_:)`` was asked of last, ascending.
  var vertices: [Int32] { get }
}

extension RankedGraph {
  /// What looks at its links.
  /// - Parameter threads: so many find out beforehand what links ask for; not above H2, where all that are no cones are taken apart
  func linkScanner(
    _ maxDimension: Int, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> any LinkScanner {
    guard let lists else { return try RowLinkScanner(self) }
    let kinds =
      maxDimension < 3
      ? try LinkKinds(lists, edges: edges.count, threads: threads, progress: progress)
      : try LinkKinds(edges: edges.count)
    return try ListLinkScanner(self, lists, kinds)
  }
}
