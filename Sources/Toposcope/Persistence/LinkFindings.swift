/// What edges ask for whose link is not contractible as far as it matters: one triangle for every component of the link
/// beyond the first, and one tetrahedron for every loop in the link that may be new. Edges that ask for nothing are left
/// out.
///
/// All of it depends on the graph alone, not on the classes that are alive.
struct LinkFindings {
  private struct Finding: BitwiseCopyable {
    var rank: Int32
    var partner: Int32
    /// The ends of its part of `roots` and of `loopEnds`.
    var rootsEnd: Int32 = 0
    var loopsEnd: Int32 = 0
  }

  private var findings: Growing<Finding>
  /// One vertex of every component but that of the partner.
  private var roots: Growing<Int32>
  /// The vertices along loops, one loop after another.
  private var loopVertices: Growing<Int32>
  private var loopEnds: Growing<Int32>
  /// Of each vertex along a loop.
  private var corners: Growing<Corner>

  /// The ranks of the edges between a vertex along a loop in the link of an edge and the ends of that, and the vertex before it.
  struct Corner: BitwiseCopyable {
    let toTail: Int32
    let toHead: Int32
    let toPrevious: Int32
  }

  init() throws(ToposcopeError) {
    findings = try Growing()
    roots = try Growing()
    loopVertices = try Growing()
    loopEnds = try Growing()
    corners = try Growing()
  }

  var count: Int { findings.count }

  mutating func removeAll() {
    findings.removeAll()
    roots.removeAll()
    loopVertices.removeAll()
    loopEnds.removeAll()
    corners.removeAll()
  }

  // MARK: Writing: roots and loops come before the edge that they belong to

  @inline(__always)
  mutating func addRoot(_ vertex: Int32) throws(ToposcopeError) { try roots.append(vertex) }

  /// Writes the loop of an edge and the path in a forest between its ends.
  /// - Parameter names: the vertices of the graph that the vertices of the forest stand for
  mutating func addLoop(_ from: Int, _ to: Int, _ forest: Forest, _ names: UnsafePointer<Int32>) throws(ToposcopeError)
  {
    var (x, y) = (from, to)
    try loopVertices.append(names[x])
    while x != y {
      if forest.depths[x] >= forest.depths[y] {
        x = Int(forest.parents[x])
        try loopVertices.append(names[x])
      } else {
        y = Int(forest.parents[y])
      }
    }
    var low = loopVertices.count
    y = to
    while y != x {
      try loopVertices.append(names[y])
      y = Int(forest.parents[y])
    }
    var high = loopVertices.count - 1
    while low < high {
      (loopVertices[low], loopVertices[high]) = (loopVertices[high], loopVertices[low])
      (low, high) = (low + 1, high - 1)
    }
    try loopEnds.append(Int32(loopVertices.count))
  }

  /// A spanning forest: of each vertex its parent, -1 for a root, and how far it is from its root.
  struct Forest {
    let parents: UnsafeMutablePointer<Int32>
    let depths: UnsafeMutablePointer<Int32>

    @inline(__always)
    func add(_ x: Int, below parent: Int?) {
      parents[x] = parent.map { Int32(truncatingIfNeeded: $0) } ?? -1
      depths[x] = parent.map { depths[$0] &+ 1 } ?? 0
    }
  }

  /// The last edge; one without anything where there is none.
  private var last: Finding { findings.count > 0 ? findings[findings.count - 1] : Finding(rank: 0, partner: 0) }

  /// True if something has been written since the last edge.
  var isPending: Bool {
    let last = last
    return roots.count > last.rootsEnd || loopEnds.count > last.loopsEnd
  }

  /// Puts names in the place of the vertices that have been written since the last edge.
  func rename(_ names: UnsafePointer<Int32>) {
    let last = last
    for i in Int(last.rootsEnd)..<roots.count { roots[i] = names[Int(roots[i])] }
    let start = last.loopsEnd > 0 ? loopEnds[Int(last.loopsEnd) - 1] : 0
    for i in Int(start)..<loopVertices.count { loopVertices[i] = names[Int(loopVertices[i])] }
  }

  mutating func add(_ rank: Int32, partner: Int32) throws(ToposcopeError) {
    try findings.append(
      Finding(rank: rank, partner: partner, rootsEnd: Int32(roots.count), loopsEnd: Int32(loopEnds.count)))
  }

  /// Looks up the ranks along the loops of the last edge: whoever finds the loops does, so that it need not be done in order.
  mutating func findCorners(_ graph: RankedGraph) throws(ToposcopeError) {
    let edge = graph.edges[Int(last.rank)]
    let (toTail, toHead) = (graph.row(edge.tail), graph.row(edge.head))
    for loop in self[count - 1].loops {
      var x = loop[loop.count - 1]
      for y in loop {
        try corners.append(Corner(toTail: toTail[Int(y)], toHead: toHead[Int(y)], toPrevious: graph.rank(x, y)))
        x = y
      }
    }
  }

  // MARK: Reading

  /// What one edge asks for. It may be read until something is written.
  struct Demand {
    let rank: Int32
    /// A vertex of the first component; -1 where the link is empty.
    let partner: Int32
    /// One vertex of every other component.
    let roots: UnsafeBufferPointer<Int32>
    let loops: Loops
  }

  /// Loops, each the vertices along it.
  struct Loops: RandomAccessCollection {
    fileprivate let vertices: UnsafeMutablePointer<Int32>
    fileprivate let ends: UnsafeMutablePointer<Int32>
    fileprivate let allCorners: UnsafeMutablePointer<Corner>
    let startIndex: Int
    let endIndex: Int

    @inline(__always)
    subscript(i: Int) -> UnsafeBufferPointer<Int32> {
      UnsafeBufferPointer(start: vertices + start(i), count: Int(ends[i]) - start(i))
    }

    /// Of each vertex along a loop, once they have been found.
    @inline(__always)
    func corners(_ i: Int) -> UnsafePointer<Corner> { UnsafePointer(allCorners + start(i)) }

    @inline(__always)
    private func start(_ i: Int) -> Int { i > 0 ? Int(ends[i - 1]) : 0 }
  }

  @inline(__always)
  subscript(i: Int) -> Demand {
    let found = findings[i]
    let before = i > 0 ? findings[i - 1] : Finding(rank: 0, partner: 0)
    return Demand(
      rank: found.rank, partner: found.partner,
      roots: UnsafeBufferPointer(
        start: roots.base + Int(before.rootsEnd), count: Int(found.rootsEnd - before.rootsEnd)),
      loops: Loops(
        vertices: loopVertices.base, ends: loopEnds.base, allCorners: corners.base,
        startIndex: Int(before.loopsEnd), endIndex: Int(found.loopsEnd)))
  }
}
