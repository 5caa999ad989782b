/// The edges of a filtration by rank, and the rank of the edge between any two vertices.
///
/// The graph as it was before an edge is added is the graph of the edges of smaller rank: the past can be read off at
/// any time.
struct RankedGraph {
  let count: Int
  let edges: Growing<FiltrationEdge>
  private let ranks: RankTable
  /// The lists of neighbours, where links come from them.
  let lists: RankTable.Lists?
  /// What it takes, with what is kept beside it: a partner of every edge and what is known of its link, and rows of bits, where
  /// links come from them.
  let bytes: Double

  /// The edges of greater rank close the complex: they join one more vertex to all others, so that every class dies.
  let edgesBeforeClosing: Int

  /// - Parameters:
  ///   - isClosed: whether a last vertex is joined to all others after everything else
  ///   - limit: the bytes that may be taken, with those of the runs of edges
  ///   - held: those among them that are taken already
  ///   - hasLists: whether links come from lists of neighbours; nil: where vertices have few
  init(
    _ order: EdgeOrder, isClosed: Bool, limit: Int = .max, held: Int = 0, hasLists: Bool? = nil, threads: Int,
    progress: Progress
  ) throws(ToposcopeError) {
    count = order.vertexCount + (isClosed ? 1 : 0)
    var edges = try Growing<FiltrationEdge>()
    while let run = try order.nextRun() {
      let (all, overflow) = (edges.count + run.count + count).addingReportingOverflow(1)
      guard !overflow, all < RankTable.absent else { throw ToposcopeError(.memory, value: 16 * Double(all)) }
      let bytes = Double(held) + RankedGraph.bytesPerEdge * Double(all) + EdgeOrder.bytes(ofRun: run.count)
      if bytes > Double(limit) { throw ToposcopeError(.memory, value: bytes) }
      try edges.reserve(edges.count + run.count)
      let place = edges.base + edges.count
      let each = RankedGraph.edgesPerChunk
      try Threads.forEach(chunks: (run.count + each - 1) / each, threads: threads, progress: Progress()) { chunk in
        for i in chunk * each..<min((chunk + 1) * each, run.count) { place[i] = run[i] }
      }
      edges.setCount(edges.count + run.count)
      try progress.report(0, of: order.expected)
    }
    edgesBeforeClosing = edges.count
    if isClosed {
      for vertex in 0..<Int32(count - 1) {
        try edges.append(FiltrationEdge(length: .infinity, tail: vertex, head: Int32(count - 1)))
      }
    }
    self.edges = edges
    let areShort = hasLists ?? RankedGraph.hasShortLists(vertices: count, edges: edges.count)
    let hasLists = areShort || RankTable.hasLists(count, edges.count)
    let table = RankTable.bytes(vertices: count, edges: edges.count, hasLists: hasLists)
    bytes = table + RankedGraph.bytesBeside(vertices: count, edges: edges.count, hasRows: !areShort)
    let needed = Double(held) + bytes
    if needed > Double(limit) { throw ToposcopeError(.memory, value: needed) }
    ranks = try RankTable(count, edges, hasLists: hasLists, threads: threads, progress)
    lists = areShort ? ranks.lists : nil
  }

  /// Few runs have more: threads are made only for those.
  private static let edgesPerChunk = 1 << 17

  private static let bytesPerEdge = Double(MemoryLayout<FiltrationEdge>.stride)

  private static func bytesBeside(vertices: Int, edges: Int, hasRows: Bool) -> Double {
    let links = hasRows ? Double(BitRows.bytes(vertices)) + 2 * Double(edges) : Double(edges)
    return links + (bytesPerEdge + 4) * Double(edges)
  }

  /// Whether lists tell sooner than rows of bits what links are: where they are much shorter, and no longer than ``LinkKinds`` can
  /// make good use of.
  private static func hasShortLists(vertices: Int, edges: Int) -> Bool {
    RankTable.hasLists(vertices, edges) && edges / vertices < min(vertices / 128, 128)
  }

  @inline(__always)
  func row(_ vertex: Int32) -> RankTable.Row { ranks[vertex] }

  @inline(__always)
  func rank(_ a: Int32, _ b: Int32) -> Int32 { ranks[a][Int(b)] }

  /// The end of an edge that is neither of two vertices, one of which is its other end.
  @inline(__always)
  func end(of rank: Int32, otherThan u: Int32, _ v: Int32) -> Int32 {
    let edge = edges[Int(rank)]
    return edge.tail == u || edge.tail == v ? edge.head : edge.tail
  }

  /// The common neighbour x of u and v that makes the longer one of (u, x) and (v, x) shortest, as the rank of that
  /// edge; `absent` where there is none.
  @inline(__always)
  func nearest(_ u: Int32, _ v: Int32) -> Int32 { ranks.nearest(u, v) }

  /// The vertex p whose longest edge to u, v, x and y is shortest, and the rank of that edge.
  @inline(__always)
  func nearest(_ u: Int32, _ v: Int32, _ x: Int32, _ y: Int32) -> (rank: Int32, vertex: Int32) {
    let rank = ranks.nearest(u, v, (x, y))
    if rank == RankTable.absent { return (rank, -1) }
    // p is an end of that edge, and the other end is one of the four.
    let edge = edges[Int(rank)]
    let isTail = edge.tail == u || edge.tail == v || edge.tail == x || edge.tail == y
    return (rank, isTail ? edge.head : edge.tail)
  }

  /// The common neighbours of u and v in the graph as it was before an edge, ascending.
  @inline(__always)
  func forEachCommon(_ u: Int32, _ v: Int32, before rank: Int32, _ body: (Int32) -> Void) {
    ranks.forEachCommon(u, v, before: rank, body)
  }

  func common(_ u: Int32, _ v: Int32, before rank: Int32) -> [Int32] {
    var found: [Int32] = []
    forEachCommon(u, v, before: rank) { found.append($0) }
    return found
  }
}
