/// The part of a link that is left when dominated vertices have been taken away as long as that is cheap, its vertices
/// numbered anew, so that every row is a few words.
///
/// Rows are closed: every vertex counts as its own neighbour.
struct SmallLink<Vertices: VertexSet> {
  private let graph: BitRows
  private var count = 0
  /// Which vertices of the graph the link has, ascending.
  private let vertices: UnsafeMutablePointer<Int32>
  private let rows: UnsafeMutablePointer<Vertices>
  /// Counts of the neighbours that have been placed: vertex i is in plane k if bit k of its count is set.
  private let planes: UnsafeMutablePointer<Vertices>
  private let forest: LinkFindings.Forest
  private let memory: Memory<Int32>
  private let rowMemory: Memory<Vertices>
  private let gathering: BitGathering

  private static var planeCount: Int { Vertices.capacity.trailingZeroBitCount }

  init(_ graph: BitRows) throws(ToposcopeError) {
    self.graph = graph
    let capacity = Vertices.capacity
    memory = try Memory(3 * capacity)
    rowMemory = try Memory(capacity + SmallLink.planeCount)
    gathering = try BitGathering(graph.wordsPerRow)
    vertices = memory.base
    forest = LinkFindings.Forest(parents: memory.base + capacity, depths: memory.base + 2 * capacity)
    rows = rowMemory.base
    planes = rowMemory.base + capacity
  }

  /// Reads the link of the vertices that some bits stand for, `Vertices.capacity` at most.
  mutating func read(_ bits: UnsafeMutablePointer<UInt64>) {
    count = gathering.gather(
      graph, bits, to: vertices, UnsafeMutableRawPointer(rows).assumingMemoryBound(to: UInt64.self),
      wordsEach: Vertices.capacity / 64)
  }

  /// Writes down one vertex of every component but the first, of which a vertex is returned.
  mutating func findComponents(_ findings: inout LinkFindings) throws(ToposcopeError) -> Int32 {
    var left = Vertices.first(count)
    _ = takeComponent(&left)
    while !left.isEmpty { try findings.addRoot(vertices[takeComponent(&left)]) }
    return vertices[0]
  }

  /// Writes down the components of the link and the loops that may be new: see ``LinkLoops``. Returns a vertex of the
  /// first component.
  mutating func examine(_ findings: inout LinkFindings) throws(ToposcopeError) -> Int32 {
    let all = Vertices.first(count)
    if growsFromStar(all) { return vertices[0] }
    let core = core(of: all)
    let first = core.first
    forest.add(first, below: nil)
    startCounting(first)
    var placed = Vertices(only: first)
    var left = core & ~placed
    while !left.isEmpty {
      let x = mostNeighborsPlaced(left)
      var below = rows[x] & placed
      place(x, &placed, &left)
      if below.isEmpty {
        forest.add(x, below: nil)
        try findings.addRoot(vertices[x])
        continue
      }
      forest.add(x, below: takeComponent(&below))
      while !below.isEmpty { try findings.addLoop(x, takeComponent(&below), forest, vertices) }
    }
    return vertices[first]
  }

  /// True if its vertices can be placed so that each has a connected link among those before it, after a star, which is a
  /// cone: then there is one component, and no loop. Most links that are no cones are of this kind, and it takes less to
  /// see than a core.
  private func growsFromStar(_ all: Vertices) -> Bool {
    var placed = rows[center]
    var isGrown = true
    while isGrown {
      isGrown = false
      var left = all & ~placed
      if left.isEmpty { return true }
      while !left.isEmpty {
        let x = left.removeFirst()
        var below = rows[x] & placed
        if below.isEmpty { continue }
        _ = takeComponent(&below)
        if !below.isEmpty { continue }
        placed = placed | Vertices(only: x)
        isGrown = true
      }
    }
    return false
  }

  /// The first of the vertices that are joined to most others.
  private var center: Int {
    var (center, most) = (0, 0)
    for i in 0..<count {
      let joined = rows[i].count
      if joined > most { (center, most) = (i, joined) }
    }
    return center
  }

  /// What is left when, as long as there is one, a vertex that is dominated by another has been removed.
  private func core(of all: Vertices) -> Vertices {
    var alive = all
    var changed = true
    while changed {
      changed = false
      var rest = alive
      while !rest.isEmpty {
        let y = rest.removeFirst()
        // What is joined to a vertex that y is not joined to is not dominated by y.
        var dominated = alive & rows[y] & ~Vertices(only: y)
        var missing = alive & ~rows[y]
        while !missing.isEmpty && !dominated.isEmpty { dominated = dominated & ~rows[missing.removeFirst()] }
        if dominated.isEmpty { continue }
        alive = alive & ~dominated
        rest = rest & alive
        changed = true
      }
    }
    return alive
  }

  /// Takes the component of the first of some vertices away from them; returns that vertex.
  @inline(__always)
  private func takeComponent(_ below: inout Vertices) -> Int {
    let root = below.first
    takeComponent(of: root, &below)
    return root
  }

  /// Takes the component of one of some vertices away from them.
  @inline(__always)
  private func takeComponent(of root: Int, _ below: inout Vertices) {
    // Rows are closed: the root goes with its neighbours.
    var frontier = rows[root] & below & ~Vertices(only: root)
    below = below & ~rows[root]
    while !frontier.isEmpty && !below.isEmpty {
      let found = rows[frontier.removeFirst()] & below
      frontier = frontier | found
      below = below & ~found
    }
  }

  // MARK: Maximum cardinality search

  @inline(__always)
  private func startCounting(_ first: Int) {
    planes[0] = rows[first]
    for k in 1..<SmallLink.planeCount { planes[k] = Vertices() }
  }

  @inline(__always)
  private func place(_ x: Int, _ placed: inout Vertices, _ left: inout Vertices) {
    placed = placed | Vertices(only: x)
    left = left & ~Vertices(only: x)
    var carry = rows[x]
    var k = 0
    while k < SmallLink.planeCount && !carry.isEmpty {
      let sum = planes[k] ^ carry
      carry = carry & planes[k]
      planes[k] = sum
      k &+= 1
    }
  }

  /// The first of the vertices left that has most neighbours placed.
  @inline(__always)
  private func mostNeighborsPlaced(_ left: Vertices) -> Int {
    var candidates = left
    var k = SmallLink.planeCount
    while k > 0 {
      k &-= 1
      let some = candidates & planes[k]
      if !some.isEmpty { candidates = some }
    }
    return candidates.first
  }
}
