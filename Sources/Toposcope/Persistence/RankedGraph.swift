/// The edges of a filtration by rank, and the rank of the edge between any two vertices.
///
/// The graph as it was before an edge is added is the graph of the edges of smaller rank: the past can be read off at
/// any time.
struct RankedGraph {
  let count: Int
  private(set) var edges: Growing<FiltrationEdge>
  /// One row a vertex, padded with `absent` to whole vectors.
  private let ranks: Memory<Int32>
  let rowLength: Int
  /// Of every vertex the two that it is joined to first; itself where there are fewer.
  private let nearestTwo: Memory<Int32>

  /// The rank of pairs that are never joined, and of a vertex with itself. Above all others.
  static let absent = Int32.max
  private typealias Block = SIMD8<Int32>

  /// The edges of greater rank close the complex: they join one more vertex to all others, so that every class dies.
  private(set) var edgesBeforeClosing = 0

  /// - Parameter isClosed: whether a last vertex is joined to all others after everything else
  init(_ order: EdgeOrder, isClosed: Bool, progress: Progress) throws(ToposcopeError) {
    count = order.vertexCount + (isClosed ? 1 : 0)
    rowLength = (count + 15) / 16 * 16
    let (cells, overflow) = count.multipliedReportingOverflow(by: rowLength)
    guard !overflow else { throw ToposcopeError(.memory, value: 4 * Double(count) * Double(rowLength)) }
    edges = try Growing()
    ranks = try Memory(cells)
    nearestTwo = try Memory(2 * count)
    for i in 0..<2 * count { nearestTwo.base[i] = Int32(i / 2) }
    for vertex in 0..<count {
      (ranks.base + vertex * rowLength).update(repeating: RankedGraph.absent, count: rowLength)
      try progress.report(0, of: order.expected)
    }
    while let run = try order.nextRun() {
      for i in 0..<run.count { try add(run[i]) }
      try progress.report(0, of: order.expected)
    }
    edgesBeforeClosing = edges.count
    if isClosed {
      for vertex in 0..<Int32(count - 1) {
        try add(FiltrationEdge(length: .infinity, tail: vertex, head: Int32(count - 1)))
      }
    }
  }

  private mutating func add(_ edge: FiltrationEdge) throws(ToposcopeError) {
    let rank = Int32(edges.count)
    guard rank < RankedGraph.absent - 1 else { throw ToposcopeError(.memory, value: 16 * Double(edges.count)) }
    row(edge.tail)[Int(edge.head)] = rank
    row(edge.head)[Int(edge.tail)] = rank
    setNear(edge.tail, edge.head)
    setNear(edge.head, edge.tail)
    try edges.append(edge)
  }

  @inline(__always)
  private func setNear(_ vertex: Int32, _ other: Int32) {
    let two = nearestTwo.base + 2 &* Int(vertex)
    if two[1] == vertex { two[two[0] == vertex ? 0 : 1] = other }
  }

  /// The vertex that another is joined to first (0) or next (1); itself where there is none.
  @inline(__always)
  func near(_ vertex: Int32, _ i: Int) -> Int32 { nearestTwo.base[2 &* Int(vertex) &+ i] }

  /// The bytes that a graph of so many vertices and edges takes.
  static func bytes(vertices: Int, edges: Int) -> Int { 4 * vertices * (vertices + 15) + 12 * edges }

  @inline(__always)
  func row(_ vertex: Int32) -> UnsafeMutablePointer<Int32> { ranks.base + Int(vertex) &* rowLength }

  @inline(__always)
  func rank(_ a: Int32, _ b: Int32) -> Int32 { row(a)[Int(b)] }

  /// The end of an edge that is neither of two vertices, one of which is its other end.
  @inline(__always)
  func end(of rank: Int32, otherThan u: Int32, _ v: Int32) -> Int32 {
    let edge = edges[Int(rank)]
    return edge.tail == u || edge.tail == v ? edge.head : edge.tail
  }

  /// The common neighbour x of u and v that makes the longer one of (u, x) and (v, x) shortest, as the rank of that
  /// edge; `absent` where there is none.
  @inline(__always)
  func nearest(_ u: Int32, _ v: Int32) -> Int32 {
    let (a, b) = (blocks(u), blocks(v))
    var best = Block(repeating: RankedGraph.absent)
    for i in 0..<(rowLength / 8) { best = pointwiseMin(best, pointwiseMax(a[i], b[i])) }
    return best.min()
  }

  /// The vertex p whose longest edge to u, v, x and y is shortest, as the rank of that edge.
  @inline(__always)
  func nearest(_ u: Int32, _ v: Int32, _ x: Int32, _ y: Int32) -> (rank: Int32, vertex: Int32) {
    let (a, b, c, d) = (blocks(u), blocks(v), blocks(x), blocks(y))
    var best = Block(repeating: RankedGraph.absent)
    for i in 0..<(rowLength / 8) {
      best = pointwiseMin(best, pointwiseMax(pointwiseMax(a[i], b[i]), pointwiseMax(c[i], d[i])))
    }
    let rank = best.min()
    if rank == RankedGraph.absent { return (rank, -1) }
    // p is an end of that edge, and the other end is one of the four.
    let edge = edges[Int(rank)]
    let isTail = edge.tail == u || edge.tail == v || edge.tail == x || edge.tail == y
    return (rank, isTail ? edge.head : edge.tail)
  }

  @inline(__always)
  private func blocks(_ vertex: Int32) -> UnsafePointer<Block> {
    UnsafeRawPointer(row(vertex)).assumingMemoryBound(to: Block.self)
  }
}
