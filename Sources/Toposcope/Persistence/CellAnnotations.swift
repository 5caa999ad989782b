/// Dimension 3 and above: the annotations of simplices of any dimension, by the matching of the link of their longest edge.
struct CellAnnotations {
  private let graph: RankedGraph
  private let field: PrimeField
  private let maxDimension: Int
  private let progress: Progress
  /// Of each edge whose link is not empty and no cone: the link. Those of edges before all classes alive are let go now and
  /// then, as nobody asks for them: the annotations of their simplices are zero.
  private var links: [Int32: Link] = [:]
  /// So many links may be kept before some are let go.
  private var roomForLinks = 64
  /// What the links held when they were added, or when some were last let go.
  private var linkBytes = 0
  /// levels[k - 3] for dimension k.
  private var levels: [HomologyLevel] = []
  /// Numbers for the faces with three and more vertices that are opposite to longest edges.
  private var faces: [SimplexTable] = []
  private var stack: [Frame] = []

  /// A simplex whose annotation is being worked out from those of the other facets of its cofacet.
  private struct Frame {
    var key: UInt64
    var cofacet: [Int32]
    /// The place in the cofacet of the vertex that the simplex lacks.
    var omitted: Int
    var next = 0
    var sum: UInt32 = 0
  }

  init(_ triangles: TriangleAnnotations, _ maxDimension: Int, isComplete: Bool) throws(ToposcopeError) {
    graph = triangles.graph
    field = triangles.field
    progress = triangles.steps.progress
    self.maxDimension = maxDimension
    for _ in 3...maxDimension { levels.append(try HomologyLevel(field, isComplete: isComplete, progress)) }
  }

  var byteCount: Int {
    linkBytes + levels.reduce(0) { $0 + $1.byteCount } + faces.reduce(0) { $0 + $1.byteCount }
  }

  var bars: [[PersistencePair]] { levels.map { $0.bars } }
  var representatives: [[Representative]] { levels.map { $0.representatives } }

  /// The bars of the classes that are alive at the end.
  mutating func finish(_ triangles: inout TriangleAnnotations) throws(ToposcopeError) {
    for k in levels.indices {
      for alive in levels[k].alive {
        let cocycle = try cocycle(k, of: alive, before: Int32(graph.edgesBeforeClosing), &triangles)
        levels[k].addEssential(alive, graph, Representative(cocycle: cocycle))
      }
    }
  }

  /// The cocycle of a class that is alive, on all simplices of edges before `end`: every simplex is asked. Empty if it
  /// is not wanted.
  private mutating func cocycle(
    _ level: Int, of homologyClass: Int, before end: Int32, _ triangles: inout TriangleAnnotations
  ) throws(ToposcopeError) -> Cochain {
    var cochain: Cochain = []
    guard triangles.wanted.cocycles else { return cochain }
    for rank in levels[level].births[homologyClass]..<max(end, levels[level].births[homologyClass]) {
      let edge = graph.edges[Int(rank)]
      let common = graph.common(edge.tail, edge.head, before: rank)
      try CellAnnotations.forEachClique(
        of: level + 2, in: common, before: rank, graph, progress, [edge.tail, edge.head]
      ) {
        (simplex) throws(ToposcopeError) in
        let value = try annotation(of: simplex.sorted(), &triangles)
        let coefficient = try levels[level].classes.coefficient(of: homologyClass, in: value)
        if coefficient != 0 { cochain.append((simplex.sorted(by: >), Int(coefficient))) }
      }
    }
    return cochain
  }

  /// Joins to some vertices every set of so many others that are joined pairwise by edges before a rank.
  private static func forEachClique(
    of size: Int, in vertices: [Int32], before rank: Int32, _ graph: RankedGraph, _ progress: Progress,
    _ joined: [Int32],
    _ body: (_ simplex: [Int32]) throws(ToposcopeError) -> Void
  ) throws(ToposcopeError) {
    if size == 0 { return try body(joined) }
    try progress.report()
    for (i, x) in vertices.enumerated() {
      let row = graph.row(x)
      let further = vertices[(i + 1)...].filter { row[Int($0)] < rank }
      try forEachClique(of: size - 1, in: further, before: rank, graph, progress, joined + [x], body)
    }
  }

  /// The critical simplices of an edge whose link is not a cone.
  mutating func add(
    _ rank: Int32, _ demand: CellDemand, _ triangles: inout TriangleAnnotations
  ) throws(ToposcopeError) {
    let edge = graph.edges[Int(rank)]
    let (link, critical) = (demand.link, demand.critical)
    if links.count >= roomForLinks {
      let oldest = levels.reduce(Int32.max) { min($0, $1.oldest) }
      links = links.filter { $0.key >= oldest }
      linkBytes = links.values.reduce(0) { $0 + $1.byteCount }
      roomForLinks = max(64, 2 * links.count)
    }
    links[rank] = link
    linkBytes += link.byteCount
    try triangles.setPartner(link.root, of: rank, furtherRoots: critical.filter { $0.count == 1 }.map { $0[0] })
    if let tree = demand.tree { try triangles.setTree(tree, of: rank) }
    for face in critical {
      try addCritical((face + [edge.tail, edge.head]).sorted(), rank, &triangles)
    }
  }

  /// A critical simplex kills the youngest class that its boundary carries, or bears one.
  private mutating func addCritical(
    _ simplex: [Int32], _ rank: Int32, _ triangles: inout TriangleAnnotations
  ) throws(ToposcopeError) {
    let k = simplex.count - 2  // the dimension of its facets
    let relation = try boundary(simplex, &triangles)
    switch (k, relation != 0) {
    case (1, true): try triangles.loops.kill(relation, at: rank, graph, Representative())
    case (2, true):
      try triangles.killVoid(relation, at: rank) {
        simplex.indices.map { i in
          let face = facet(i, of: simplex)
          let triangle = TriangleAnnotations.Triangle(face[0], face[1], face[2], in: graph)
          return (triangle, i & 1 == 0 ? 1 : field.p - 1)
        }
      }
    case (_, true):
      let dying = levels[k - 3].classes.youngest(relation)
      let end = min(rank, Int32(graph.edgesBeforeClosing))
      let cocycle = try cocycle(k - 3, of: dying, before: end, &triangles)
      try levels[k - 3].kill(relation, at: rank, graph, Representative(cocycle: cocycle))
    case (1, false): try triangles.voids.bear(key(of: simplex), rank)
    case (maxDimension, false): break
    case (_, false): try levels[k - 2].bear(key(of: simplex), rank)
    }
  }

  /// The sum of the annotations of the facets of a simplex, with signs.
  private mutating func boundary(
    _ simplex: [Int32], _ triangles: inout TriangleAnnotations
  ) throws(ToposcopeError) -> UInt32 {
    var sum: UInt32 = 0
    for i in simplex.indices {
      let sign = i & 1 == 0 ? 1 : field.p - 1
      switch simplex.count {
      case 3:
        if triangles.loops.classes.live == 0 { return 0 }
        let value = try triangles.edge(simplex[i == 0 ? 1 : 0], simplex[i == 2 ? 1 : 2])
        sum = try triangles.loops.classes.sum(sum, value, times: sign)
      case 4:
        if triangles.voids.classes.live == 0 { return 0 }
        let (a, b, c) = (simplex[i < 1 ? 1 : 0], simplex[i < 2 ? 2 : 1], simplex[i < 3 ? 3 : 2])
        let value = try triangles.triangle(a, b, c)
        sum = try triangles.voids.classes.sum(sum, value, times: sign)
      default:
        let level = simplex.count - 5
        if levels[level].classes.live == 0 { return 0 }
        let value = try annotation(of: facet(i, of: simplex), &triangles)
        sum = try levels[level].classes.sum(sum, value, times: sign)
      }
    }
    switch simplex.count {
    case 3: return try triangles.loops.classes.resolve(sum)
    case 4: return try triangles.voids.classes.resolve(sum)
    default: return try levels[simplex.count - 5].classes.resolve(sum)
    }
  }

  private func facet(_ i: Int, of simplex: [Int32]) -> [Int32] {
    var facet = simplex
    facet.remove(at: i)
    return facet
  }

  /// The longest edge of a simplex, by rank.
  private func longestEdge(_ simplex: [Int32]) -> Int32 {
    var longest: Int32 = 0
    for i in 1..<simplex.count {
      let row = graph.row(simplex[i])
      for j in 0..<i { longest = max(longest, row[Int(simplex[j])]) }
    }
    return longest
  }

  /// A simplex without its longest edge.
  private func opposite(_ simplex: [Int32], _ rank: Int32) -> [Int32] {
    let edge = graph.edges[Int(rank)]
    return simplex.filter { $0 != edge.tail && $0 != edge.head }
  }

  /// See ``simplexKey``; the opposite faces with three and more vertices are numbered in the order of asking.
  private mutating func key(of simplex: [Int32]) throws(ToposcopeError) -> UInt64 {
    let rank = longestEdge(simplex)
    let face = opposite(simplex, rank)
    switch face.count {
    case 1: return simplexKey(rank, UInt32(bitPattern: face[0]))
    case 2: return simplexKey(rank, UInt32(bitPattern: graph.rank(face[0], face[1])))
    default:
      while faces.count < face.count - 2 { faces.append(try SimplexTable(progress)) }
      let key = try key(of: face)
      return simplexKey(rank, try faces[face.count - 3].number(of: key))
    }
  }

  /// The annotation of a simplex, ascending, of dimension 3 and up.
  private mutating func annotation(
    of simplex: [Int32], _ triangles: inout TriangleAnnotations
  ) throws(ToposcopeError) -> UInt32 {
    let level = simplex.count - 4
    if let known = try lookUp(simplex, level, &triangles) { return known }
    var result: UInt32 = 0
    stack.append(try frame(simplex, &triangles))
    while var frame = stack.popLast() {
      var isWaiting = false
      while frame.next < frame.cofacet.count {
        let i = frame.next
        if i != frame.omitted {
          let facet = facet(i, of: frame.cofacet)
          guard let value = try lookUp(facet, level, &triangles) else {
            stack.append(frame)
            stack.append(try self.frame(facet, &triangles))
            isWaiting = true
            break
          }
          // Around the cofacet: sign(omitted) annotation + the sum over i of sign(i) value(i) = 0.
          let sign = (i + frame.omitted) & 1 == 0 ? field.p - 1 : 1
          frame.sum = try levels[level].classes.sum(frame.sum, value, times: sign)
        }
        frame.next += 1
      }
      if isWaiting { continue }
      try progress.report()
      result = frame.sum
      try levels[level].known.set(frame.key, result)
    }
    return result
  }

  /// The annotation of a simplex where it needs no work.
  private mutating func lookUp(
    _ simplex: [Int32], _ level: Int, _ triangles: inout TriangleAnnotations
  ) throws(ToposcopeError) -> UInt32? {
    let rank = longestEdge(simplex)
    if rank < levels[level].oldest { return 0 }
    if let known = try levels[level].known.value(of: key(of: simplex)) { return known }
    return if case .up = try matching(simplex, rank, &triangles) { nil } else { 0 }
  }

  private mutating func frame(
    _ simplex: [Int32], _ triangles: inout TriangleAnnotations
  ) throws(ToposcopeError) -> Frame {
    guard case .up(let apex) = try matching(simplex, longestEdge(simplex), &triangles) else {
      throw ToposcopeError(.internalError)
    }
    let place = simplex.firstIndex { $0 > apex } ?? simplex.count
    var cofacet = simplex
    cofacet.insert(apex, at: place)
    return Frame(key: try key(of: simplex), cofacet: cofacet, omitted: place)
  }

  private mutating func matching(
    _ simplex: [Int32], _ rank: Int32, _ triangles: inout TriangleAnnotations
  ) throws(ToposcopeError) -> Matching {
    if let link = links[rank] { return try link.match(opposite(simplex, rank)[...]) }
    let apex = triangles.partner(rank)
    return simplex.contains(apex) ? .down(apex) : .up(apex)
  }
}
