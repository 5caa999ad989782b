import CToposcopeProcessor

/// Persistent homology in dimensions 0 and 1 of graphs with few edges: ``Loops`` with lists of neighbours in the place of
/// rows of bits. So memory grows with the edges, and vertices may be as many as 32 bits count.
///
/// Triangles are found ahead of the classes (``TriangleLookahead``), and the annotation of an edge is kept where the edge stands
/// in the lists of its ends: those that its triangles ask for are near each other. Every triangle in which an edge is active is looked at, and no link is searched.
struct SparseLoops: LoopEngine {
  var bars0: [PersistencePair] = []
  var bars1: [PersistencePair] = []
  var alive = 0
  var components: Components
  var table: AnnotationTable
  var births: [FiltrationEdge] = []
  var isAlive: [Bool] = []
  var witness: Witness?
  /// What is known of the neighbours of all vertices where one asks when to stop.
  private var nearest: NearestNeighbors?
  private let lists: NeighborhoodLists
  private let finder: TriangleFinder
  private let pace: TriangleLookahead.Pace
  /// What identifies the annotation of each edge, by its place in the list of either end. Each is made current where it is
  /// read: so what is known at an end to be zero decides which of several relations of an edge comes first, and with it what
  /// represents a class, but nothing in the diagrams.
  private let identifiers: Memory<Int32>
  /// The triangles of one edge that is added alone.
  private var triangles: Growing<ClosedTriangle>
  /// Triangles of an edge in which another one may be active.
  private var suspects: Growing<ClosedTriangle>
  /// Annotations that no edge has any more are forgotten when vectors take more words than this.
  private var manyWords: Int
  private let fewWords: Int

  /// - Parameters:
  ///   - edges: All edges that may be added.
  ///   - fewWords: Annotations that take no more words than this are not worth a look at all edges; nil: as many as there
  ///     are edges.
  init(
    vertices: Int, edges: [(edge: Edge, length: Float)], field: PrimeField, fewWords: Int? = nil,
    pace: TriangleLookahead.Pace = TriangleLookahead.Pace(), progress: Progress = Progress()
  ) throws(ToposcopeError) {
    components = Components(vertices)
    table = try AnnotationTable(field: field, progress: progress)
    lists = try NeighborhoodLists(vertices: vertices, edges: edges, progress: progress)
    finder = try TriangleFinder(lists)
    identifiers = try Memory(lists.placeCount)
    try identifiers.takePages(progress)
    triangles = try Growing()
    suspects = try Growing()
    self.pace = pace
    self.fewWords = fewWords ?? max(1 << 12, edges.count)
    manyWords = self.fewWords
  }

  mutating func add(
    _ order: EdgeOrder, upTo limit: Float, pairs: LongerPairs?, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> FiltrationEnd {
    // Cocycles are read from the lists, in which no thread may be ahead then.
    let threads = witness == nil ? threads : 1
    nearest = try pairs.map { (pairs) throws(ToposcopeError) in try NearestNeighbors(vertices: pairs.count) }
    var end = FiltrationEnd(length: limit)
    var stop: Float?
    while !end.isBeforeOthers, let run = try order.nextRun() {
      let lookahead = try TriangleLookahead(run, lists, finder, threads: threads, pace: pace, progress: progress)
      let before = end.edges
      try lookahead.run { (block) throws(ToposcopeError) in
        try settle(block, lookahead)
        end.edges += block.count
        guard alive == 0, components.count <= 1, let pairs, let nearest else { return }
        let next = end.edges - before
        let reached = run[next - 1].length
        if next < run.count && run[next].length == reached { return }
        if stop == nil {
          stop = try pairs.stoppingRadius(nearest: nearest, reached: reached, threads: threads, progress: progress)
        }
        if reached >= stop! {
          (end.length, end.isBeforeOthers) = (reached, true)
          lookahead.stop()
        }
      }
    }
    return end
  }

  private mutating func settle(
    _ block: TriangleLookahead.Block, _ lookahead: TriangleLookahead
  ) throws(ToposcopeError) {
    let identifiers = identifiers.base
    if alive > 0 {
      for i in block.known {
        let places = block.places(i)
        toposcope_fetch(identifiers + Int(places.atTail))
        toposcope_fetch(identifiers + Int(places.atHead))
        guard let triangle = block.triangles(i).first else { continue }
        toposcope_fetch_to_read(identifiers + Int(triangle.atTail))
        toposcope_fetch_to_read(identifiers + Int(triangle.atHead))
      }
    }
    for i in 0..<block.count {
      if i == block.known.upperBound { try lookahead.find(block, from: i) }
      try settle(block[i], block.places(i), block.triangles(i))
      nearest?.add(block[i].tail, block[i].head)
    }
  }

  mutating func add(_ e: FiltrationEdge) throws(ToposcopeError) {
    let rank = lists.append(e.edge)
    triangles.removeAll()
    let places = try finder.find(e.edge, rank, into: &triangles)
    try settle(e, places, UnsafeBufferPointer(start: triangles.base, count: triangles.count))
  }

  /// Settles what the triangles of an edge ask for, and annotates it.
  @inline(__always)
  private mutating func settle(
    _ e: FiltrationEdge, _ places: EdgePlaces, _ triangles: UnsafeBufferPointer<ClosedTriangle>
  ) throws(ToposcopeError) {
    var identifier: Int32 = 0
    if triangles.isEmpty {
      identifier = try addWithoutTriangle(e)
    } else if alive > 0 {
      suspects.removeAll()
      for triangle in triangles
      where identifiers.base[Int(triangle.atTail)] | identifiers.base[Int(triangle.atHead)] != 0 {
        try suspects.append(triangle)
      }
      if suspects.count == 0 { return }
      identifier = try fill(e, anchor: suspects.count < triangles.count ? nil : 0)
    }
    if identifier == 0 { return }
    if table.wordsTaken > manyWords { identifier = try forgetUnused(keeping: identifier) }
    identifiers.base[Int(places.atTail)] = identifier
    identifiers.base[Int(places.atHead)] = identifier
  }

  /// Makes all triangles of an edge say the same as one: a suspect, or one without active edges (nil). Returns the
  /// identifier of what they say.
  private mutating func fill(_ e: FiltrationEdge, anchor: Int?) throws(ToposcopeError) -> Int32 {
    // Which of several relations comes first makes no difference to the bars, but to what represents them.
    if witness != nil {
      var found = UnsafeMutableBufferPointer(start: suspects.base, count: suspects.count)
      found.sort { $0.apex < $1.apex }
    }
    for i in 0..<suspects.count where i != anchor {
      let (first, second) = try (path(e, i), path(e, anchor))
      if first == second { continue }
      try subtract(second, from: first)
      if table.settleSum() { continue }
      if try !isAwaited(e) { try killYoungest(e) }
    }
    return try sum(path(e, anchor))
  }

  /// The path between the ends of an edge over the common neighbour that a suspect has; zero for nil.
  @inline(__always)
  private mutating func path(_ e: FiltrationEdge, _ suspect: Int?) throws(ToposcopeError) -> Path {
    guard let suspect else { return Path(start: .zero, end: .zero) }
    let triangle = suspects[suspect]
    let (u, v, w) = (Int(e.tail), Int(e.head), Int(triangle.apex))
    // Before the calls, for which all of this would be copied otherwise.
    let (first, second) = try (resolved(Int(triangle.atTail)), resolved(Int(triangle.atHead)))
    return Path(start: directed(first, u, w), end: directed(second, w, v))
  }

  /// The identifier at a place, made one that stands for itself.
  @inline(__always)
  private mutating func resolved(_ place: Int) throws(ToposcopeError) -> Int32 {
    let stored = identifiers.base[place]
    let identifier = try table.resolve(stored)
    if identifier != stored { identifiers.base[place] = identifier }
    return identifier
  }

  /// Forgets the annotations that no edge has, but for one. Returns its identifier.
  private mutating func forgetUnused(keeping kept: Int32) throws(ToposcopeError) -> Int32 {
    let kept = try table.resolve(kept)
    let isUsed = try Memory<Bool>(table.bound)
    isUsed.base[Int(kept)] = true
    for place in 0..<lists.placeCount {
      if place & 0xFFFF == 0 { try table.progress.report() }
      isUsed.base[Int(try resolved(place))] = true
    }
    try table.keepOnly(isUsed.base)
    manyWords = max(fewWords, 2 * table.wordsTaken)
    return kept
  }

  func inRows() throws(ToposcopeError) -> Loops {
    var rows = try Loops(continuing: self, progress: table.progress)
    rows.nearest = nearest
    for vertex in 0..<lists.vertexCount {
      if vertex & 0xFF == 0 { try table.progress.report() }
      for place in lists.places(of: Int32(vertex)) { rows.graph.insertHalf(vertex, Int(lists[place].vertex)) }
    }
    return rows
  }

  mutating func annotation(_ a: Int, _ b: Int) throws(ToposcopeError) -> DirectedAnnotation {
    guard let place = lists.places(of: Int32(a)).first(where: { lists[$0].vertex == b }) else { return .zero }
    return directed(try resolved(place), a, b)
  }

  func forEachActive(_ body: (Int, Int, Int32) throws(ToposcopeError) -> Void) throws(ToposcopeError) {
    for a in 0..<Int32(lists.vertexCount) {
      for place in lists.places(of: a) where lists[place].vertex > a && identifiers.base[place] != 0 {
        try body(Int(a), Int(lists[place].vertex), identifiers.base[place])
      }
    }
  }
}
