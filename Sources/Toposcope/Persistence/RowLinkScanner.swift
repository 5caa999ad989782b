/// Looks at the links of the edges of a graph, one edge after another, and adds each to rows of bits of its own.
///
/// Most links are cones. An apex of one is likely to be an apex of the next one at the same vertex, and the vertex that
/// another was joined to first is likely to be one of any of its links.
final class RowLinkScanner: LinkScanner {
  private let graph: RankedGraph
  private var links: OpenLinks
  private let neighbors: CommonNeighbors
  /// The edges before this one, and no others, are in the rows.
  private var next: Int32 = 0
  /// The one vertex that 16 bits cannot name closes a complex of 65,536 others; it is there only where representatives are
  /// wanted, and then nobody reads this.
  let apexes: Memory<UInt16>
  let fillings: Memory<Filling>
  /// Of each vertex: the apex of a link found last, and the vertex that it was joined to first; itself where there is none.
  private let likely: Memory<Int32>

  static let unknown = UInt16.max

  convenience init(_ graph: RankedGraph) throws(ToposcopeError) {
    let apexes = try Memory<UInt16>(graph.edges.count)
    apexes.base.update(repeating: RowLinkScanner.unknown, count: graph.edges.count)
    try self.init(graph, apexes)
  }

  private init(_ graph: RankedGraph, _ apexes: Memory<UInt16>) throws(ToposcopeError) {
    self.graph = graph
    self.apexes = apexes
    fillings = try Memory(0)
    links = try OpenLinks(vertices: graph.count, edges: graph.edges.count)
    neighbors = links.neighbors
    likely = try Memory(2 * graph.count)
    for i in 0..<2 * graph.count { likely.base[i] = Int32(truncatingIfNeeded: i / 2) }
  }

  /// Each writes the apexes of its own edges.
  func another() throws(ToposcopeError) -> any LinkScanner { try RowLinkScanner(graph, apexes) }

  /// Adds edges without looking at their links, or takes the latest away, until those before `rank`, and no others, are
  /// there.
  private func move(to rank: Int32) {
    let edges = UnsafePointer(graph.edges.base)
    for i in next..<max(next, rank) { pass(edges[Int(i)]) }
    for i in (rank..<max(next, rank)).reversed() {
      neighbors.graph.remove(Int(edges[Int(i)].tail), Int(edges[Int(i)].head))
    }
    next = rank
  }

  /// Adds an edge without looking at its link.
  @inline(__always)
  private func pass(_ edge: FiltrationEdge) {
    let (u, v) = (edge.tail, edge.head)
    neighbors.insert(Int(u), Int(v))
    let (first, second) = (2 &* Int(u) &+ 1, 2 &* Int(v) &+ 1)
    if likely.base[first] == u { likely.base[first] = v }
    if likely.base[second] == v { likely.base[second] = u }
  }

  func scan(
    _ ranks: Range<Int32>, wantsLoops: Bool, into findings: inout LinkFindings
  ) throws(ToposcopeError) -> Int32 {
    move(to: ranks.lowerBound)
    let known = findings.count
    while next < ranks.upperBound && findings.count == known {
      let link = neighbors.addCones(
        graph.edges, next..<ranks.upperBound, isConnectedEnough: !wantsLoops, likely: likely, apexes: apexes)
      next = link.rank
      if next == ranks.upperBound { break }
      var partner = link.vertex
      if partner >= 0 { partner = try links.examine(from: partner, wantsLoops: wantsLoops, &findings) }
      if partner < 0 || findings.isPending {
        try findings.add(next, partner: partner)
        try findings.findCorners(graph)
      }
      move(to: next + 1)
    }
    return next
  }

  func apex(_ rank: Int32) -> (count: Int, apex: Int32?) {
    move(to: rank)
    let edge = graph.edges[Int(rank)]
    let count = neighbors.find(edge.tail, edge.head)
    return (count, count == 0 ? nil : neighbors.apex(first: nearest(edge.tail, edge.head, count)))
  }

  var vertices: [Int32] { neighbors.vertices }

  /// The common neighbour x that makes the longer one of (u, x) and (v, x) shortest.
  private func nearest(_ u: Int32, _ v: Int32, _ count: Int) -> Int32 {
    if count > OpenLinks.few { return graph.end(of: graph.nearest(u, v), otherThan: u, v) }
    let (a, b) = (graph.row(u), graph.row(v))
    var (best, nearest) = (Int32.max, Int32(0))
    for k in 0..<neighbors.wordCount {
      var rest = neighbors.common[k]
      while rest != 0 {
        let x = k &* 64 &+ rest.trailingZeroBitCount
        rest &= rest &- 1
        let longer = max(a[x], b[x])
        if longer < best { (best, nearest) = (longer, Int32(truncatingIfNeeded: x)) }
      }
    }
    return nearest
  }
}
