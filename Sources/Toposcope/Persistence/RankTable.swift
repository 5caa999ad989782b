import CToposcopeProcessor

/// The rank of the edge between any two vertices: a matrix, or, for graphs with few edges, a sorted list a vertex, with a
/// row of bits that says where in the list a neighbour stands (of very many vertices the lists are searched by halving).
struct RankTable {
  /// The rank of pairs that are never joined, and of a vertex with itself. Above all others.
  static let absent = Int32.max

  private let count: Int
  /// A matrix with rows padded to whole vectors, or the ranks of the edges of every vertex.
  private let ranks: Memory<Int32>
  private let rowLength: Int
  /// The other ends of the edges of every vertex, ascending; none for a matrix.
  private let neighbors: Memory<Int32>
  private let starts: Memory<Int>
  private let isSparse: Bool
  /// Of every vertex which others it has edges to, 64 in a block; none for a matrix, or where there are too many vertices.
  private let places: Memory<Places>
  private let placesPerRow: Int

  /// Which of 64 vertices are in a list, and the number of those before them that are.
  struct Places: BitwiseCopyable {
    var bits: UInt64 = 0
    var before: Int = 0
  }

  private struct Neighbor: BitwiseCopyable {
    var vertex: Int32
    var rank: Int32
  }

  /// Smaller matrices are worth their memory.
  private static let smallMatrix = 512

  /// With more vertices the bits would take more memory than they are worth.
  private static let manyVertices = 1 << 13

  private static func placesPerRow(_ vertices: Int) -> Int { vertices <= manyVertices ? (vertices + 63) / 64 : 0 }

  private static func isSparse(_ vertices: Int, _ edges: Int) -> Bool {
    vertices > smallMatrix && edges / vertices < vertices / 16
  }

  private static func rowLength(_ vertices: Int) -> Int { (vertices + 15) / 16 * 16 }

  /// The bytes that the table of so many vertices and edges takes; of a sparse one twice as many while it is made.
  static func bytes(vertices: Int, edges: Int) -> Double {
    isSparse(vertices, edges)
      ? 32 * Double(edges) + 16 * Double(vertices) * Double(1 + placesPerRow(vertices))
      : 4 * Double(vertices) * Double(rowLength(vertices))
  }

  init(_ vertices: Int, _ edges: Growing<FiltrationEdge>, _ progress: Progress) throws(ToposcopeError) {
    count = vertices
    // Pointers, so that nothing is retained for an edge.
    let list = UnsafePointer(edges.base)
    isSparse = RankTable.isSparse(vertices, edges.count)
    rowLength = RankTable.rowLength(vertices)
    guard isSparse else {
      let (cells, overflow) = vertices.multipliedReportingOverflow(by: rowLength)
      guard !overflow else { throw ToposcopeError(.memory, value: 4 * Double(vertices) * Double(rowLength)) }
      ranks = try Memory(cells, isZeroed: false)
      neighbors = try Memory(0)
      starts = try Memory(0)
      places = try Memory(0)
      placesPerRow = 0
      let matrix = ranks.base
      for vertex in 0..<vertices {
        (matrix + vertex * rowLength).update(repeating: RankTable.absent, count: rowLength)
        try progress.report(0, of: edges.count)
      }
      for rank in 0..<edges.count {
        let edge = list[rank]
        matrix[Int(edge.tail) &* rowLength &+ Int(edge.head)] = Int32(truncatingIfNeeded: rank)
        matrix[Int(edge.head) &* rowLength &+ Int(edge.tail)] = Int32(truncatingIfNeeded: rank)
        if rank & 0xFFFF == 0 { try progress.report(0, of: edges.count) }
      }
      return
    }
    starts = try Memory(vertices + 1)
    let first = starts.base
    for rank in 0..<edges.count {
      first[Int(list[rank].tail) &+ 1] &+= 1
      first[Int(list[rank].head) &+ 1] &+= 1
    }
    for vertex in 0..<vertices { first[vertex + 1] += first[vertex] }
    // By rank first; then the lists of the vertices in turn are dealt out, so that all lists ascend.
    let byRank = try Memory<Neighbor>(2 * edges.count, isZeroed: false)
    let ends = try Memory<Int>(vertices, isZeroed: false)
    defer { withExtendedLifetime((byRank, ends)) {} }
    let (byRanks, next) = (byRank.base, ends.base)
    next.update(from: first, count: vertices)
    for rank in 0..<edges.count {
      let edge = list[rank]
      let (tail, head) = (Int(edge.tail), Int(edge.head))
      byRanks[next[tail]] = Neighbor(vertex: edge.head, rank: Int32(truncatingIfNeeded: rank))
      byRanks[next[head]] = Neighbor(vertex: edge.tail, rank: Int32(truncatingIfNeeded: rank))
      next[tail] &+= 1
      next[head] &+= 1
    }
    next.update(from: first, count: vertices)
    ranks = try Memory(2 * edges.count, isZeroed: false)
    neighbors = try Memory(2 * edges.count, isZeroed: false)
    let (rankLists, neighborLists) = (ranks.base, neighbors.base)
    for vertex in 0..<vertices {
      for i in first[vertex]..<first[vertex + 1] {
        let neighbor = byRanks[i]
        let place = next[Int(neighbor.vertex)]
        next[Int(neighbor.vertex)] = place &+ 1
        neighborLists[place] = Int32(truncatingIfNeeded: vertex)
        rankLists[place] = neighbor.rank
      }
      if vertex & 0xFF == 0 { try progress.report(0, of: edges.count) }
    }
    placesPerRow = RankTable.placesPerRow(vertices)
    places = try Memory(vertices * placesPerRow)
    if placesPerRow == 0 { return }
    for vertex in 0..<vertices {
      let row = places.base + vertex * placesPerRow
      let (start, end) = (first[vertex], first[vertex + 1])
      var block = 0
      for i in start..<end {
        let neighbor = neighborLists[i]
        while block < Int(neighbor >> 6) {
          block &+= 1
          row[block].before = i &- start
        }
        row[block].bits |= 1 << UInt64(truncatingIfNeeded: neighbor & 63)
      }
    }
  }

  /// The ranks of the edges of one vertex.
  struct Row {
    fileprivate let ranks: UnsafeMutablePointer<Int32>
    fileprivate let neighbors: UnsafeMutablePointer<Int32>
    fileprivate let places: UnsafeMutablePointer<Places>?
    /// The length of a list; -1 for a row of a matrix.
    fileprivate let count: Int

    @inline(__always)
    subscript(vertex: Int) -> Int32 {
      if count < 0 { return ranks[vertex] }
      guard let places else { return find(Int32(truncatingIfNeeded: vertex)) }
      let (block, bit) = (places[vertex &>> 6], UInt64(1) &<< UInt64(truncatingIfNeeded: vertex & 63))
      return block.bits & bit == 0 ? RankTable.absent : ranks[block.before &+ (block.bits & (bit &- 1)).nonzeroBitCount]
    }

    private func find(_ vertex: Int32) -> Int32 {
      if count == 0 { return RankTable.absent }
      // The last place that is not beyond the vertex.
      var (low, length) = (0, count)
      while length > 1 {
        let half = length &>> 1
        low = neighbors[low &+ half] <= vertex ? low &+ half : low
        length &-= half
      }
      return neighbors[low] == vertex ? ranks[low] : RankTable.absent
    }
  }

  @inline(__always)
  subscript(vertex: Int32) -> Row {
    if !isSparse {
      return Row(ranks: ranks.base + Int(vertex) &* rowLength, neighbors: neighbors.base, places: nil, count: -1)
    }
    let start = starts.base[Int(vertex)]
    return Row(
      ranks: ranks.base + start, neighbors: neighbors.base + start,
      places: placesPerRow > 0 ? places.base + Int(vertex) &* placesPerRow : nil,
      count: starts.base[Int(vertex) &+ 1] &- start)
  }

  /// The vertices that are joined to both of two by edges before a rank, ascending.
  @inline(__always)
  func forEachCommon(_ u: Int32, _ v: Int32, before rank: Int32, _ body: (Int32) -> Void) {
    let (a, b) = (self[u], self[v])
    if !isSparse {
      for x in 0..<count where Swift.max(a.ranks[x], b.ranks[x]) < rank { body(Int32(truncatingIfNeeded: x)) }
      return
    }
    var (i, j) = (0, 0)
    while i < a.count, j < b.count {
      let (x, y) = (a.neighbors[i], b.neighbors[j])
      if x == y && Swift.max(a.ranks[i], b.ranks[j]) < rank { body(x) }
      i &+= x <= y ? 1 : 0
      j &+= y <= x ? 1 : 0
    }
  }

  /// The vertex p whose longest edge to u and v, and to x and y where they are given, is shortest: the rank of that edge,
  /// `absent` where there is none.
  @inline(__always)
  func nearest(_ u: Int32, _ v: Int32, _ others: (Int32, Int32)? = nil) -> Int32 {
    if isSparse {
      var best = RankTable.absent
      let rows = others.map { (self[$0.0], self[$0.1]) }
      let (a, b) = (self[u], self[v])
      var (i, j) = (0, 0)
      while i < a.count, j < b.count {
        let (p, q) = (a.neighbors[i], b.neighbors[j])
        if p == q && Swift.max(a.ranks[i], b.ranks[j]) < best {
          var longest = Swift.max(a.ranks[i], b.ranks[j])
          if let rows { longest = Swift.max(longest, rows.0[Int(p)], rows.1[Int(p)]) }
          best = min(best, longest)
        }
        i &+= p <= q ? 1 : 0
        j &+= q <= p ? 1 : 0
      }
      return best
    }
    let (c, d) = others ?? (u, v)
    return KernelSet.best.leastGreatest(row(u), row(v), row(c), row(d), rowLength)
  }

  /// A row of the matrix.
  @inline(__always)
  private func row(_ vertex: Int32) -> UnsafePointer<Int32> { UnsafePointer(ranks.base + Int(vertex) &* rowLength) }
}
