import CToposcopeProcessor

/// Looks at the links of the edges of a graph, one edge after another, and adds each to a graph of its own.
///
/// Most links are cones. An apex of one is likely to be an apex of the next one at the same vertex, and the vertex that
/// another was joined to first is likely to be one of any of its links.
struct LinkScanner {
  let neighbors: CommonNeighbors
  private let graph: RankedGraph
  private var small: SmallLink
  private var large: LinkLoops
  /// Of each edge that has been looked at, by whichever thread: an apex of its link, if one was found. The one vertex that
  /// 16 bits cannot name closes a complex of 65,536 others; it is there only where representatives are wanted, and then
  /// nobody reads this.
  let apexes: Memory<UInt16>
  /// Of each vertex: the apex of a link found last, and the vertex that it was joined to first; itself where there is none.
  private let likely: Memory<Int32>

  static let unknown = UInt16.max
  /// Of so many common neighbours the nearest is found by looking at each; and they fill one word.
  private static let few = 64

  init(_ graph: RankedGraph) throws(ToposcopeError) {
    let apexes = try Memory<UInt16>(graph.edges.count)
    apexes.base.update(repeating: LinkScanner.unknown, count: graph.edges.count)
    try self.init(graph, apexes)
  }

  /// For another thread that looks at other edges of the same graph at the same time: each writes the apexes of its own.
  init(beside other: LinkScanner) throws(ToposcopeError) { try self.init(other.graph, other.apexes) }

  private init(_ graph: RankedGraph, _ apexes: Memory<UInt16>) throws(ToposcopeError) {
    self.graph = graph
    self.apexes = apexes
    neighbors = try CommonNeighbors(graph.count, edges: graph.edges.count)
    small = try SmallLink(neighbors.graph)
    large = try LinkLoops(neighbors.graph)
    likely = try Memory(2 * graph.count)
    for i in 0..<2 * graph.count { likely.base[i] = Int32(truncatingIfNeeded: i / 2) }
  }

  /// Adds edges without looking at their links, or takes the latest away, until those before `rank`, and no others, are
  /// there.
  ///
  /// It is mutating, as is ``pass(_:)``, though it changes nothing that it holds itself: otherwise all of this is copied for
  /// the call, and threads that count references to the same memory wait for one another.
  /// - Parameter next: the rank of the edge to be added next
  mutating func move(_ next: inout Int32, to rank: Int32) {
    while next < rank {
      pass(next)
      next += 1
    }
    while next > rank {
      next -= 1
      let edge = graph.edges[Int(next)]
      neighbors.graph.remove(Int(edge.tail), Int(edge.head))
    }
  }

  /// Adds an edge without looking at its link.
  @inline(__always)
  mutating func pass(_ rank: Int32) {
    let edge = graph.edges[Int(rank)]
    let (u, v) = (edge.tail, edge.head)
    neighbors.insert(Int(u), Int(v))
    let (first, second) = (2 &* Int(u) &+ 1, 2 &* Int(v) &+ 1)
    if likely.base[first] == u { likely.base[first] = v }
    if likely.base[second] == v { likely.base[second] = u }
  }

  /// Adds edges up to the first that asks for something, and writes that down. Returns the rank of the next edge.
  /// - Parameter wantsLoops: whether the loops of links matter
  mutating func scan(
    _ ranks: Range<Int32>, wantsLoops: Bool, into findings: inout LinkFindings
  ) throws(ToposcopeError) -> Int32 {
    var rank = ranks.lowerBound
    let known = findings.count
    while rank < ranks.upperBound && findings.count == known {
      let link = neighbors.addCones(
        graph.edges, rank..<ranks.upperBound, isConnectedEnough: !wantsLoops, likely: likely, apexes: apexes)
      if link.rank == ranks.upperBound { return link.rank }
      try examine(link.rank, link.vertex, wantsLoops: wantsLoops, &findings)
      pass(link.rank)
      rank = link.rank + 1
    }
    return rank
  }

  private mutating func examine(
    _ rank: Int32, _ center: Int32, wantsLoops: Bool, _ findings: inout LinkFindings
  ) throws(ToposcopeError) {
    if center < 0 { return try findings.add(rank, partner: -1) }
    var partner = center
    var (left, vertices) = (neighbors.count, neighbors.common)
    if !wantsLoops {
      if left <= LinkScanner.few {
        small.read(vertices, count: left)
        partner = try small.findComponents(&findings)
      } else {
        try neighbors.findComponents(first: center, &findings)
      }
    } else {
      if left > LinkScanner.few {
        left = neighbors.reduce(first: center, few: LinkScanner.few, many: SmallLink.capacity)
        if left == 1 { return }
        vertices = neighbors.reduced
      }
      if left <= SmallLink.capacity {
        small.read(vertices, count: left)
        partner = try small.examine(&findings)
      } else {
        partner = try large.examine(vertices, count: left, &findings)
      }
    }
    if findings.isPending { try findings.add(rank, partner: partner) }
  }

  /// The common neighbour x that makes the longer one of (u, x) and (v, x) shortest.
  private mutating func nearest(_ u: Int32, _ v: Int32, _ count: Int) -> Int32 {
    if count > LinkScanner.few { return graph.end(of: graph.nearest(u, v), otherThan: u, v) }
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

  /// A vertex that is joined to all common neighbours of the ends of an edge, if there is one; nil also where there are
  /// no common neighbours. They are left in ``neighbors``.
  mutating func apex(_ rank: Int32) -> (count: Int, apex: Int32?) {
    let edge = graph.edges[Int(rank)]
    let count = neighbors.find(edge.tail, edge.head)
    return (count, count == 0 ? nil : neighbors.apex(first: nearest(edge.tail, edge.head, count)))
  }
}
