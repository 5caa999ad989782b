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
  /// The bytes that may be taken; nil: as many as there are.
  private let limit: Int?
  /// Those of the distances or edges that the filtration comes from, among them.
  private let held: Int
  private let threads: Int
  private let pace: LinkLookahead.Pace
  private var components: Components
  private var bars0: [PersistencePair] = []
  private let scanner: any LinkScanner
  private var findings: LinkFindings
  private var triangles: TriangleAnnotations
  private var cells: CellAnnotations?

  /// - Parameters:
  ///   - wanted: representatives to keep; cycles in dimension 2 only
  ///   - isComplete: whether classes alive after the last edge never die; if not, their bars are censored
  ///   - limit: the bytes that may be taken; nil: as many as there are
  ///   - held: those among them that are taken already
  ///   - hasLists: whether links come from lists of neighbours; nil: where vertices have few
  init(
    _ order: EdgeOrder, maxDimension: Int, field: PrimeField, isComplete: Bool, wanted: Wanted = Wanted(),
    limit: Int? = nil, held: Int = 0, hasLists: Bool? = nil, threads: Int = 1,
    pace: LinkLookahead.Pace = LinkLookahead.Pace(), progress: Progress = Progress()
  ) throws(ToposcopeError) {
    (self.limit, self.held) = (limit, held)
    graph = try RankedGraph(
      order, isClosed: wanted.cycles, limit: min(limit ?? .max, AlignedMemory<Float>.physicalMemory),
      held: held, hasLists: hasLists, threads: threads, progress: progress)
    self.pace = pace
    self.threads = pace.isWorthThreads(graph, maxDimension) ? threads : 1
    self.field = field
    self.maxDimension = maxDimension
    self.isComplete = isComplete
    self.progress = progress
    components = Components(graph.count)
    scanner = try graph.linkScanner(maxDimension, threads: self.threads, progress: progress)
    findings = try LinkFindings()
    triangles = try TriangleAnnotations(
      graph, scanner, field, wanted, isComplete: isComplete, progress: progress)
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
    if threads > 1 {
      try maxDimension > 2 ? runCellsAhead() : runAhead()
    } else {
      try add(0..<Int32(graph.edgesBeforeClosing))
    }
    for vertex in 0..<Int32(graph.count) where components.root(vertex) == vertex {
      if triangles.wanted.cycles && Int(vertex) == graph.count - 1 { continue }
      var bar = PersistencePair.component(vertex, death: .infinity, deathEdge: nil)
      bar.isCensored = !isComplete && vertex > 0
      bars0.append(bar)
    }
    try add(Int32(graph.edgesBeforeClosing)..<Int32(graph.edges.count))
    for alive in triangles.loops.alive { triangles.loops.addEssential(alive, graph, Representative()) }
    for alive in triangles.voids.alive {
      let end = Int32(graph.edgesBeforeClosing)
      let cocycle = triangles.wanted.cocycles ? try triangles.cocycle(of: alive, before: end) : []
      triangles.voids.addEssential(alive, graph, Representative(cocycle: cocycle))
    }
    try cells?.finish(&triangles)
  }

  /// What so many findings need is fetched before they are settled.
  private static var findingsFetched: Int { 4 }

  /// Adds all edges but those that close the complex; the links are looked at on several threads.
  private mutating func runAhead() throws(ToposcopeError) {
    let lookahead = try LinkLookahead(graph, scanner, isFree: isFree, threads: threads, pace: pace, progress: progress)
    try lookahead.run { (block) throws(ToposcopeError) in
      try report(block.ranks.lowerBound)
      var next = block.ranks.lowerBound
      if block.extent == .loops || block.extent == .components && !wantsLoops {
        next = block.ranks.upperBound
        for i in 0..<block.findings.count {
          let soon = i + HigherPersistence.findingsFetched
          if soon < block.findings.count { triangles.fetch(block.findings[soon].rank) }
          try settle(block.findings[i])
          if wantsLoops && block.extent != .loops {
            next = block.findings[i].rank + 1
            break
          }
        }
      }
      if next < block.ranks.upperBound { try add(next..<block.ranks.upperBound) }
      return wantsLoops
    }
  }

  /// Whether a class is alive that a loop in a link could kill. Where representatives are wanted all loops are looked for
  /// at all times, so that they do not depend on the number of threads.
  private var wantsLoops: Bool { !isFree || triangles.voids.classes.live > 0 }

  /// Whether only the bars are wanted, which do not depend on the choice of loops and roots.
  private var isFree: Bool { triangles.wanted == Wanted() }

  private mutating func report(_ rank: Int32) throws(ToposcopeError) {
    try progress.report(Int(rank), of: graph.edges.count)
    guard let limit else { return }
    let more = held + triangles.byteCount + (cells?.byteCount ?? 0)
    let taken = graph.bytes + Double(more)
    if taken > Double(limit) { throw ToposcopeError(.memory, value: 2 * taken) }
  }

  private mutating func add(_ ranks: Range<Int32>) throws(ToposcopeError) {
    if maxDimension > 2 {
      for rank in ranks {
        if rank & 15 == 0 { try report(rank) }
        try settle(rank, CellLookahead.look(rank, graph, scanner, limit: maxDimension, progress: progress))
      }
      return
    }
    var next = ranks.lowerBound
    while next < ranks.upperBound {
      try report(next)
      let end = min(next + 64, ranks.upperBound)
      while next < end {
        next = try scanner.scan(next..<end, wantsLoops: wantsLoops, into: &findings)
        if findings.count == 0 { break }
        try settle(findings[0])
        findings.removeAll()
      }
    }
  }

  /// Bears and kills the classes of one edge.
  private mutating func settle(_ found: LinkFindings.Demand) throws(ToposcopeError) {
    let rank = found.rank
    if found.partner < 0 { return try addUnfilled(rank) }
    let edge = graph.edges[Int(rank)]
    for root in found.roots {
      let there = try triangles.path(edge.tail, found.partner, edge.head)
      let back = try triangles.path(edge.tail, root, edge.head)
      let difference = try triangles.loops.classes.sum(there, back, times: field.p - 1)
      let relation = try triangles.loops.classes.resolve(difference)
      if relation != 0 {
        try triangles.loops.kill(relation, at: rank, graph, Representative())
      } else {
        try triangles.voids.bear(simplexKey(rank, UInt32(bitPattern: root)), rank)
      }
    }
    if !found.roots.isEmpty { try triangles.setPartner(found.partner, of: rank, furtherRoots: found.roots) }
    if triangles.voids.classes.live == 0 { return }
    try triangles.makeSums(over: found.loops, edge.tail, edge.head) {
      (number, relation, triangles) throws(ToposcopeError) in
      try triangles.killVoid(relation, at: rank) { () throws(ToposcopeError) in
        var boundary: [(TriangleAnnotations.Triangle, UInt32)] = []
        try TriangleAnnotations.forEachOfSuspension(number, of: found.loops, edge.tail, edge.head, field) {
          boundary.append(($0, $1))
        }
        return boundary
      }
    }
  }

  /// An edge without a link joins two components, or bears a loop.
  private mutating func addUnfilled(_ rank: Int32) throws(ToposcopeError) {
    let edge = graph.edges[Int(rank)]
    triangles.setUnfilled(rank)
    if let ended = components.join(edge.tail, edge.head) {
      if edge.length > 0 && Int(rank) < graph.edgesBeforeClosing {
        bars0.append(.component(ended, death: edge.length, deathEdge: edge.edge))
      }
    } else {
      try triangles.loops.bear(simplexKey(rank, 0), rank)
    }
  }

  /// The same for dimension 3 and above, where links that are no cones are kept.
  private mutating func runCellsAhead() throws(ToposcopeError) {
    var (next, alone, stopwatch) = (Int32(0), 0.0, Stopwatch())
    let end = Int32(graph.edgesBeforeClosing)
    while alone < pace.secondsAlone && next < end {
      let block = next..<min(next + 16, end)
      try add(block)
      next = block.upperBound
      alone += stopwatch.lap()
    }
    if next == end { return }
    let lookahead = try CellLookahead(
      graph, from: next, scanner, limit: maxDimension, threads: threads, progress: progress)
    try lookahead.run { (rank, found) throws(ToposcopeError) in
      if rank & 15 == 0 { try report(rank) }
      try settle(rank, found)
    }
  }

  private mutating func settle(_ rank: Int32, _ found: CellLookahead.Finding) throws(ToposcopeError) {
    switch found {
    case .empty: try addUnfilled(rank)
    case .cone(let apex): try triangles.setPartner(apex, of: rank)
    case .other(let demand): try cells!.add(rank, demand, &triangles)
    }
  }
}
