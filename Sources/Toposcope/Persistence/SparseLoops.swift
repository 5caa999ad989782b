/// Persistent homology in dimensions 0 and 1 of graphs with few edges, one edge at a time: ``Loops`` with lists of
/// neighbours in the place of rows of bits. So memory grows with the edges, and vertices may be as many as 32 bits count.
///
/// The annotations of the edges to a common neighbour are found with it. So every triangle in which an edge is active is
/// looked at, and no link is searched.
struct SparseLoops: LoopEngine {
  var bars0: [PersistencePair] = []
  var bars1: [PersistencePair] = []
  var alive = 0
  var components: Components
  var table: AnnotationTable
  var births: [FiltrationEdge] = []
  var isAlive: [Bool] = []
  var witness: Witness?
  private let lists: NeighborhoodLists
  /// Common neighbours on whose triangles an edge may be active, as places in the lists of the two ends.
  private var suspects: Growing<Place>
  /// Annotations that no edge has any more are forgotten when vectors take more words than this.
  private var manyWords: Int
  private let fewWords: Int

  private struct Place: BitwiseCopyable {
    var inTail: Int32
    var inHead: Int32
  }

  /// - Parameters:
  ///   - edges: All edges that may be added.
  ///   - fewWords: Annotations that take no more words than this are not worth a look at all edges; nil: half of what
  ///     the lists take.
  init(
    vertices: Int, edges: [(edge: Edge, length: Float)], field: PrimeField, fewWords: Int? = nil
  ) throws(ToposcopeError) {
    components = Components(vertices)
    table = try AnnotationTable(field: field)
    lists = try NeighborhoodLists(vertices: vertices, edges: edges)
    suspects = try Growing()
    self.fewWords = fewWords ?? max(1 << 12, edges.count)
    manyWords = self.fewWords
  }

  mutating func add(
    _ order: EdgeOrder, upTo limit: Float, distances: DistanceMatrix?, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> (length: Float, edges: Int) {
    var before = 0
    while let run = try order.nextRun() {
      for i in 0..<run.count {
        if i & 255 == 0 { try progress.report(before + i, of: order.expected) }
        let soon = i + Loops.edgesFetched
        if soon < run.count {
          lists.fetch(Int(run[soon].tail))
          lists.fetch(Int(run[soon].head))
        }
        try add(run[i])
      }
      before += run.count
    }
    return (limit, before)
  }

  mutating func add(_ e: FiltrationEdge) throws(ToposcopeError) {
    let (u, v) = (Int(e.tail), Int(e.head))
    var identifier: Int32 = 0
    switch try findSuspects(u, v) {
    case .unfilled: identifier = try addWithoutTriangle(e)
    case .calm: break
    case .active(let anchor): identifier = try fill(e, anchor)
    }
    if identifier != 0 && table.wordsTaken > manyWords { identifier = try forgetUnused(keeping: identifier) }
    lists.insert(u, v, identifier)
  }

  /// What is known of the triangles of an edge.
  private enum Triangles {
    /// There are none.
    case unfilled
    /// No edge in them is active.
    case calm
    /// Some are suspect, and all are to say the same as one: the first suspect, or a triangle without active edges (nil).
    case active(anchor: Int?)
  }

  @inline(__always)
  private mutating func findSuspects(_ u: Int, _ v: Int) throws(ToposcopeError) -> Triangles {
    let (a, b) = (lists[u], lists[v])
    var (i, j) = (0, 0)
    var (isFilled, isCalm) = (false, false)
    suspects.removeAll()
    while i < a.count && j < b.count {
      let (x, y) = (a[i], b[j])
      if x.vertex == y.vertex {
        isFilled = true
        if alive == 0 { return .calm }
        if x.identifier | y.identifier == 0 {
          isCalm = true
        } else {
          try suspects.append(
            Place(inTail: Int32(truncatingIfNeeded: i), inHead: Int32(truncatingIfNeeded: j)))
        }
      }
      i &+= x.vertex <= y.vertex ? 1 : 0
      j &+= y.vertex <= x.vertex ? 1 : 0
    }
    if !isFilled { return .unfilled }
    return suspects.count == 0 ? .calm : .active(anchor: isCalm ? nil : 0)
  }

  /// Makes all triangles of an edge say the same. Returns the identifier of what they say.
  private mutating func fill(_ e: FiltrationEdge, _ anchor: Int?) throws(ToposcopeError) -> Int32 {
    for i in 0..<suspects.count where i != anchor {
      let (first, second) = try (path(e, i), path(e, anchor))
      if first == second { continue }
      try subtract(second, from: first)
      if table.settleSum() { continue }
      if try !isAwaited(e) { try killYoungest(e) }
    }
    return try sum(path(e, anchor))
  }

  /// The path between the ends of an edge over the common neighbour that a suspect is; zero for nil.
  @inline(__always)
  private mutating func path(_ e: FiltrationEdge, _ suspect: Int?) throws(ToposcopeError) -> Path {
    guard let suspect else { return Path(start: .zero, end: .zero) }
    let place = suspects[suspect]
    let (u, v) = (Int(e.tail), Int(e.head))
    let w = Int(lists[u][Int(place.inTail)].vertex)
    return try Path(
      start: directed(resolved(u, Int(place.inTail)), u, w), end: directed(resolved(v, Int(place.inHead)), w, v))
  }

  /// The identifier that one end of an edge holds, made one that stands for itself.
  @inline(__always)
  private mutating func resolved(_ vertex: Int, _ place: Int) throws(ToposcopeError) -> Int32 {
    let stored = lists[vertex][place].identifier
    let identifier = try table.resolve(stored)
    if identifier != stored { lists[vertex][place].identifier = identifier }
    return identifier
  }

  /// Forgets the annotations that no edge has, but for one. Returns its identifier.
  private mutating func forgetUnused(keeping kept: Int32) throws(ToposcopeError) -> Int32 {
    let kept = try table.resolve(kept)
    let isUsed = try Memory<Bool>(table.bound)
    isUsed.base[Int(kept)] = true
    for vertex in 0..<lists.vertexCount {
      for place in 0..<lists[vertex].count { isUsed.base[Int(try resolved(vertex, place))] = true }
    }
    try table.keepOnly(isUsed.base)
    manyWords = max(fewWords, 2 * table.wordsTaken)
    return kept
  }

  mutating func annotation(_ a: Int, _ b: Int) throws(ToposcopeError) -> DirectedAnnotation {
    guard let place = lists.place(of: b, in: a) else { return .zero }
    return try directed(resolved(a, place), a, b)
  }

  func forEachActive(_ body: (Int, Int, Int32) throws(ToposcopeError) -> Void) throws(ToposcopeError) {
    for a in 0..<lists.vertexCount {
      for neighbor in lists[a] where neighbor.vertex > a && neighbor.identifier != 0 {
        try body(a, Int(neighbor.vertex), neighbor.identifier)
      }
    }
  }
}
