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
  /// The leading 15 bits of the ranks, for a first look.
  private let coarse: Memory<Int16>
  private let isCoarse: Bool

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
    isCoarse = 512 < count && count <= 2048
    coarse = try Memory(isCoarse ? cells : 0)
    if isCoarse { coarse.base.update(repeating: Int16.max, count: cells) }
    var shift: Int32 = 0
    while order.expected >> Int(shift) >= Int(Int16.max) { shift += 1 }
    for vertex in 0..<count {
      (ranks.base + vertex * rowLength).update(repeating: RankedGraph.absent, count: rowLength)
      try progress.report(0, of: order.expected)
    }
    while let run = try order.nextRun() {
      for i in 0..<run.count { try add(run[i], shift) }
      try progress.report(0, of: order.expected)
    }
    edgesBeforeClosing = edges.count
    if isClosed {
      for vertex in 0..<Int32(count - 1) {
        try add(FiltrationEdge(length: .infinity, tail: vertex, head: Int32(count - 1)), shift)
      }
    }
  }

  private mutating func add(_ edge: FiltrationEdge, _ shift: Int32) throws(ToposcopeError) {
    let rank = Int32(edges.count)
    guard rank < RankedGraph.absent - 1 else { throw ToposcopeError(.memory, value: 16 * Double(edges.count)) }
    let (there, back) = (Int(edge.tail) * rowLength + Int(edge.head), Int(edge.head) * rowLength + Int(edge.tail))
    ranks.base[there] = rank
    ranks.base[back] = rank
    if isCoarse {
      coarse.base[there] = Int16(truncatingIfNeeded: min(rank &>> shift, Int32(Int16.max - 1)))
      coarse.base[back] = coarse.base[there]
    }
    try edges.append(edge)
  }

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
    for i in 0..<(rowLength / 8) {
      let longer = a[i].replacing(with: b[i], where: b[i] .> a[i])
      best.replace(with: longer, where: longer .< best)
    }
    return best.min()
  }

  /// A common neighbour of u and v that is about as near to both as the nearest.
  @inline(__always)
  func aboutNearest(_ u: Int32, _ v: Int32) -> Int32 {
    guard isCoarse else { return end(of: nearest(u, v), otherThan: u, v) }
    typealias Lanes = SIMD8<Int16>
    let a = UnsafeRawPointer(coarse.base + Int(u) &* rowLength).assumingMemoryBound(to: Lanes.self)
    let b = UnsafeRawPointer(coarse.base + Int(v) &* rowLength).assumingMemoryBound(to: Lanes.self)
    var best = Lanes(repeating: Int16.max)
    for i in 0..<(rowLength / 8) {
      let longer = a[i].replacing(with: b[i], where: b[i] .> a[i])
      best.replace(with: longer, where: longer .< best)
    }
    let bound = Lanes(repeating: best.min())
    for i in 0..<(rowLength / 8) {
      let isBest = (a[i] .<= bound) .& (b[i] .<= bound)
      if any(isBest) {
        for j in 0..<8 where isBest[j] { return Int32(i * 8 + j) }
      }
    }
    return 0
  }

  /// The vertex p whose longest edge to u, v, x and y is shortest, as the rank of that edge.
  @inline(__always)
  func nearest(_ u: Int32, _ v: Int32, _ x: Int32, _ y: Int32) -> (rank: Int32, vertex: Int32) {
    let (a, b, c, d) = (row(u), row(v), row(x), row(y))
    var best = (rank: RankedGraph.absent, vertex: Int32(-1))
    for p in 0..<count {
      let longest = max(max(a[p], b[p]), max(c[p], d[p]))
      if longest < best.rank { best = (longest, Int32(p)) }
    }
    return best
  }

  @inline(__always)
  private func blocks(_ vertex: Int32) -> UnsafePointer<Block> {
    UnsafeRawPointer(row(vertex)).assumingMemoryBound(to: Block.self)
  }
}
