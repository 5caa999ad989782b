import CToposcopeProcessor

/// Looks at the links of the edges of a graph with few edges, as its lists of neighbours and ranks tell them.
///
/// The lists say what the graph was before any edge, so that links may be looked at in any order, and all threads read the
/// same lists. The vertex that is joined to most of a link is likely to be the nearest one, which is found with the others.
final class ListLinkScanner: LinkScanner {
  private let graph: RankedGraph
  private let lists: RankTable.Lists
  private let kinds: LinkKinds
  private var finder: NeighborFinder
  /// A graph on the common neighbours of the ends of one edge, numbered anew.
  private var links: OpenLinks
  private var capacity = SmallLink.capacity
  let apexes: Memory<UInt16>
  var fillings: Memory<Filling> { kinds.fillings }

  /// - Parameter kinds: of each edge what is known of its link
  init(_ graph: RankedGraph, _ lists: RankTable.Lists, _ kinds: LinkKinds) throws(ToposcopeError) {
    (self.graph, self.lists, self.kinds) = (graph, lists, kinds)
    apexes = try Memory(0)
    finder = try NeighborFinder(lists)
    links = try OpenLinks(vertices: capacity, edges: .max)
  }

  func another() throws(ToposcopeError) -> any LinkScanner { try ListLinkScanner(graph, lists, kinds) }

  func scan(
    _ ranks: Range<Int32>, wantsLoops: Bool, into findings: inout LinkFindings
  ) throws(ToposcopeError) -> Int32 {
    let edges = UnsafePointer(graph.edges.base)
    for rank in ranks {
      let kind = kinds[rank]
      if kind == .contractible || kind == .connected && !wantsLoops { continue }
      let edge = edges[Int(rank)]
      if kind == .empty || finder.find(edge.tail, edge.head, before: rank) == 0 {
        try findings.add(rank, partner: -1)
        return rank + 1
      }
      if kind == .open && finder.isApex(finder.nearest, before: rank) { continue }
      let partner = try examine(before: rank, wantsLoops: wantsLoops, &findings)
      if findings.isPending {
        try findings.add(rank, partner: partner)
        try findings.findCorners(graph)
        return rank + 1
      }
    }
    return ranks.upperBound
  }

  private func examine(
    before rank: Int32, wantsLoops: Bool, _ findings: inout LinkFindings
  ) throws(ToposcopeError) -> Int32 {
    if finder.count <= OpenLinks.few {
      return try links.examine(finder.vertices, count: finder.count, wantsLoops: wantsLoops, &findings) {
        finder.row($0, before: rank)
      }
    }
    try draw(before: rank)
    let center = Int32(truncatingIfNeeded: finder.nearest)
    let partner = try links.examine(from: center, wantsLoops: wantsLoops, &findings)
    findings.rename(finder.vertices)
    return finder.vertices[Int(partner)]
  }

  /// Makes the graph on the common neighbours found last.
  private func draw(before rank: Int32) throws(ToposcopeError) {
    if finder.count > capacity {
      capacity = min(2 * finder.count, graph.count)
      links = try OpenLinks(vertices: capacity, edges: .max)
    }
    let neighbors = links.neighbors
    let words = neighbors.wordCount
    neighbors.common.update(repeating: 0, count: words)
    for i in 0..<finder.count {
      neighbors.common[i &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: i & 63)
      let row = neighbors.graph.row(i)
      row.update(repeating: 0, count: words)
      row[i &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: i & 63)
      finder.forEachNeighbor(of: i, before: rank) { row[$0 &>> 6] |= $1 &<< UInt64(truncatingIfNeeded: $0 & 63) }
    }
  }

  func apex(_ rank: Int32) throws(ToposcopeError) -> (count: Int, apex: Int32?) {
    let edge = graph.edges[Int(rank)]
    let count = finder.find(edge.tail, edge.head, before: rank)
    if count == 0 { return (0, nil) }
    let nearest = finder.nearest
    if finder.isApex(nearest, before: rank) { return (count, finder.vertices[nearest]) }
    try draw(before: rank)
    return (count, links.neighbors.apex(first: Int32(nearest)).map { finder.vertices[Int($0)] })
  }

  var vertices: [Int32] { Array(UnsafeBufferPointer(start: finder.vertices, count: finder.count)) }
}
