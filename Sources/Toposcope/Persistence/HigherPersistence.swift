/// Vietoris-Rips persistence in dimension 2 and above, one edge at a time.
///
/// Adding an edge e = (u, v) brings the simplices e ∪ s for the simplices s of its link L, the flag complex on the common
/// neighbours of u and v. Where L is a cone nothing is born and nothing dies. Otherwise an acyclic matching of L pairs
/// almost all of its simplices off, and only e ∪ s with s critical can bear or kill a class: for those the annotations
/// of their facets are added up. Not zero, and the youngest class in the sum dies; zero, and a class is born.
struct HigherPersistence {
  private let graph: RankedGraph
  private let field: PrimeField
  private let maxDimension: Int
  private let isComplete: Bool
  private let progress: Progress
  private let maxMemory: Int?
  private var components: Components
  private var bars0: [PersistencePair] = []
  private let neighbors: CommonNeighbors
  private var small: SmallLink
  private var large: LinkLoops
  private var triangles: TriangleAnnotations
  private var cells: CellAnnotations?

  /// - Parameters:
  ///   - wanted: representatives to keep; cycles in dimension 2 only
  ///   - isComplete: whether classes alive after the last edge never die; if not, their bars are censored
  init(
    _ order: EdgeOrder, maxDimension: Int, field: PrimeField, isComplete: Bool, wanted: Wanted = Wanted(),
    maxMemory: Int? = nil, progress: Progress = Progress()
  ) throws(ToposcopeError) {
    // In floating point: the square of a number of vertices need not fit in an integer.
    let vertices = Double(order.vertexCount)
    let least = 4 * vertices * (vertices + 16) + vertices * (vertices / 8 + 64)
    if least > Double(min(maxMemory ?? .max, AlignedMemory<Float>.physicalMemory)) {
      throw ToposcopeError(.memory, value: least)
    }
    self.maxMemory = maxMemory
    graph = try RankedGraph(order, isClosed: wanted.cycles, progress: progress)
    self.field = field
    self.maxDimension = maxDimension
    self.isComplete = isComplete
    self.progress = progress
    components = Components(graph.count)
    neighbors = try CommonNeighbors(graph.count)
    small = try SmallLink(neighbors.graph)
    large = try LinkLoops()
    triangles = try TriangleAnnotations(graph, field, wanted, isComplete: isComplete, progress: progress)
    if maxDimension > 2 { cells = try CellAnnotations(triangles, maxDimension, isComplete: isComplete) }
  }

  /// The bars of dimension 0 ... maxDimension.
  var diagrams: [[PersistencePair]] {
    let all = [bars0, triangles.loops.bars, triangles.voids.bars] + (cells?.bars ?? [])
    return Array(all.prefix(maxDimension + 1))
  }

  /// Of each bar, in the order of ``diagrams``; none below dimension 2.
  var representatives: [[Representative]] {
    Array(([[], [], triangles.voids.representatives] + (cells?.representatives ?? [])).prefix(maxDimension + 1))
  }

  /// Adds all edges, and closes the diagrams.
  mutating func run() throws(ToposcopeError) {
    for rank in 0..<Int32(graph.edgesBeforeClosing) {
      if rank & 15 == 0 { try report(rank) }
      try add(rank)
    }
    for vertex in 0..<Int32(graph.count) where components.root(vertex) == vertex {
      if triangles.wanted.cycles && Int(vertex) == graph.count - 1 { continue }
      var bar = PersistencePair.component(vertex, death: .infinity, deathEdge: nil)
      bar.isCensored = !isComplete && vertex > 0
      bars0.append(bar)
    }
    for rank in Int32(graph.edgesBeforeClosing)..<Int32(graph.edges.count) {
      try report(rank)
      try add(rank)
    }
    for alive in triangles.loops.alive { triangles.loops.addEssential(alive, graph, Representative()) }
    for alive in triangles.voids.alive {
      let end = Int32(graph.edgesBeforeClosing)
      let cocycle = triangles.wanted.cocycles ? try triangles.cocycle(of: alive, before: end) : []
      triangles.voids.addEssential(alive, graph, Representative(cocycle: cocycle))
    }
    try cells?.finish(triangles)
  }

  private func report(_ rank: Int32) throws(ToposcopeError) {
    try progress.report(Int(rank), of: graph.edges.count)
    guard let maxMemory else { return }
    let taken = RankedGraph.bytes(vertices: graph.count, edges: graph.edges.count) + triangles.byteCount
    if taken > maxMemory { throw ToposcopeError(.memory, value: 2 * Double(taken)) }
  }

  private mutating func add(_ rank: Int32) throws(ToposcopeError) {
    let edge = graph.edges[Int(rank)]
    let (u, v) = (edge.tail, edge.head)
    defer { neighbors.graph.insert(Int(u), Int(v)) }
    let count = neighbors.find(u, v)
    if count == 0 {
      triangles.setUnfilled(rank)
      if let ended = components.join(u, v) {
        if edge.length > 0 && Int(rank) < graph.edgesBeforeClosing {
          bars0.append(.component(ended, death: edge.length, deathEdge: edge.edge))
        }
      } else {
        try triangles.loops.bear(simplexKey(rank, 0), rank)
      }
      return
    }
    let isSmall = count <= SmallLink.capacity
    let isListed = isSmall && neighbors.wordCount > 8  // shorter rows are as good as lists of vertices
    let center: Int32
    if isListed {
      small.list(neighbors.common, words: neighbors.wordCount)
      center = small.nearest(graph.row(u), graph.row(v))
    } else {
      center = graph.aboutNearest(u, v)
    }
    if maxDimension == 2 && triangles.voids.classes.live == 0 {
      // Only the components of the link matter.
      if isListed ? small.isApex(center) : neighbors.isApex(center) { return }
      let roots = furtherComponents(center, isListed)
      if !roots.isEmpty { try fill(rank, u, v, center, roots, isSmall: isSmall, isListed: isListed) }
      return
    }
    if let apex = isListed ? small.apex(first: center) : neighbors.apex(first: center) {
      if maxDimension > 2 { triangles.setPartner(apex, of: rank) }
    } else if maxDimension > 2 {
      try cells!.add(rank, neighbors, &triangles)
    } else {
      let roots = furtherComponents(center, isListed)
      try fill(rank, u, v, center, roots, isSmall: isSmall, isListed: isListed)
    }
  }

  private mutating func furtherComponents(_ center: Int32, _ isListed: Bool) -> [Int32] {
    isListed ? small.furtherComponents(first: center) : neighbors.furtherComponents(first: center)
  }

  /// The triangles and tetrahedra that matter of an edge whose link is not a cone.
  private mutating func fill(
    _ rank: Int32, _ u: Int32, _ v: Int32, _ center: Int32, _ roots: [Int32], isSmall: Bool, isListed: Bool
  ) throws(ToposcopeError) {
    for root in roots {
      let there = try triangles.path(u, center, v)
      let back = try triangles.path(u, root, v)
      let relation = try triangles.loops.classes.sum(there, back, times: field.p - 1)
      if relation != 0 {
        triangles.loops.kill(relation, at: rank, graph, Representative())
      } else {
        try triangles.voids.bear(simplexKey(rank, UInt32(bitPattern: root)), rank)
      }
    }
    if !roots.isEmpty { triangles.setPartner(center, of: rank, furtherRoots: roots) }
    if triangles.voids.classes.live == 0 { return }
    if isSmall && !isListed { small.list(neighbors.common, words: neighbors.wordCount) }
    for loop in isSmall ? small.loops() : try loops(center) {
      let boundary = suspension(of: loop, u, v)
      var relation: UInt32 = 0
      for (a, b, c, value) in boundary {
        relation = try triangles.voids.classes.sum(relation, triangles.triangle(a, b, c), times: value)
      }
      if relation != 0 { try triangles.killVoid(relation, at: rank) { boundary } }
    }
  }

  /// The triangles between a loop of the link and the two ends of the edge, with the values that make them a cycle.
  private func suspension(of loop: [Int32], _ u: Int32, _ v: Int32) -> [(Int32, Int32, Int32, UInt32)] {
    var triangles: [(Int32, Int32, Int32, UInt32)] = []
    triangles.reserveCapacity(2 * loop.count)
    for i in loop.indices {
      let (x, y) = (loop[i], loop[i + 1 == loop.count ? 0 : i + 1])
      for (end, isBack) in [(u, false), (v, true)] {
        let isOdd = field.p > 2 && TriangleAnnotations.isOdd(end, x, y) != isBack
        triangles.append((end, x, y, isOdd ? field.p - 1 : 1))
      }
    }
    return triangles
  }

  /// The loops of a link with many vertices.
  private mutating func loops(_ center: Int32) throws(ToposcopeError) -> [[Int32]] {
    let core = neighbors.core(first: center)
    let vertices = neighbors.listed(core)
    guard vertices.count <= SmallLink.capacity else {
      return try large.loops(core: vertices, neighbors.graph)
    }
    small.list(core, words: neighbors.wordCount)
    return small.loops(isCore: true)
  }
}
