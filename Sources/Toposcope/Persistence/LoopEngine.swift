/// An engine for H0 and H1 that adds the edges of a filtration one after another: its classes, and the annotations of
/// the edges. How it finds the triangles of an edge is its own affair.
protocol LoopEngine {
  var bars0: [PersistencePair] { get set }
  var bars1: [PersistencePair] { get set }
  var components: Components { get set }
  var table: AnnotationTable { get set }
  /// The number of live classes of H1.
  var alive: Int { get set }
  /// The edge that bore each class, and its length.
  var births: [FiltrationEdge] { get set }
  var isAlive: [Bool] { get set }
  /// What is remembered for representatives; nil, and nothing, where none are wanted.
  var witness: Witness? { get set }

  /// Adds the next edge.
  mutating func add(_ e: FiltrationEdge) throws(ToposcopeError)

  /// Adds all edges, until no further one can matter.
  ///
  /// - Parameter pairs: Where given, they may tell when to stop.
  mutating func add(
    _ order: EdgeOrder, upTo limit: Float, pairs: LongerPairs?, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> FiltrationEnd

  /// The same, with rows of bits, in which there is room for every edge.
  func inRows() throws(ToposcopeError) -> Loops

  /// The annotation of the edge from a to b, of live classes only.
  mutating func annotation(_ a: Int, _ b: Int) throws(ToposcopeError) -> DirectedAnnotation

  /// Calls `body` with every edge that has an annotation, the smaller vertex first, and its identifier.
  func forEachActive(_ body: (Int, Int, Int32) throws(ToposcopeError) -> Void) throws(ToposcopeError)
}

/// How far the edges of a filtration have been added.
struct FiltrationEnd {
  /// No edge was added after this length.
  var length: Float
  /// The number of edges that were added.
  var edges = 0
  /// Whether none of the edges that are left can matter.
  var isBeforeOthers = false
}

extension LoopEngine {
  /// Counts in an edge that is in no triangle. Returns its annotation: not zero if it bears a class.
  mutating func addWithoutTriangle(_ e: FiltrationEdge) throws(ToposcopeError) -> Int32 {
    if let ended = components.join(e.tail, e.head) {
      witness?.forest.append(e.edge)
      if e.length > 0 { bars0.append(.component(ended, death: e.length, deathEdge: e.edge)) }
      return 0
    }
    births.append(e)
    isAlive.append(true)
    alive += 1
    return try table.bear()
  }

  /// Makes the difference of two paths the sum of the table.
  mutating func subtract(_ second: Path, from first: Path) throws(ToposcopeError) {
    let field = table.field
    table.clearSum()
    try table.add(first.start.identifier, times: first.start.sign(in: field))
    try table.add(first.end.identifier, times: first.end.sign(in: field))
    try table.add(second.start.identifier, times: second.start.negated.sign(in: field))
    try table.add(second.end.identifier, times: second.end.negated.sign(in: field))
  }

  /// Takes down what is wanted of the class that the sum is about to kill at `e`. True if its death was awaited: then it
  /// must not be killed.
  mutating func isAwaited(_ e: FiltrationEdge) throws(ToposcopeError) -> Bool {
    if witness == nil { return false }
    let relation = table.total.vector.terms
    if try testify(relation, e) { return true }
    table.clearSum()
    try table.add(relation)
    return table.settleSum()
  }

  /// The youngest class in the sum dies at `e`.
  mutating func killYoungest(_ e: FiltrationEdge) throws(ToposcopeError) {
    let dying = try Int(table.kill())
    isAlive[dying] = false
    alive -= 1
    let birth = births[dying]
    if e.length > birth.length {
      bars1.append(PersistencePair(birth: birth.length, death: e.length, birthEdge: birth.edge, deathEdge: e.edge))
    }
  }

  /// The identifier of an annotation.
  mutating func identifier(of terms: [Term]) throws(ToposcopeError) -> Int32 { try table.identifier(of: terms) }

  /// The annotation of the edge from a to b, which has an identifier that stands for itself if a < b.
  @inline(__always)
  func directed(_ identifier: Int32, _ a: Int, _ b: Int) -> DirectedAnnotation {
    DirectedAnnotation(identifier: identifier, isNegative: a > b && table.field.p != 2 && identifier != 0)
  }

  /// The identifier of what a path adds up to.
  mutating func sum(_ path: Path) throws(ToposcopeError) -> Int32 {
    if path.end.identifier == 0 && !path.start.isNegative { return path.start.identifier }
    if path.start.identifier == 0 && !path.end.isNegative { return path.end.identifier }
    table.clearSum()
    try table.add(path.start.identifier, times: path.start.sign(in: table.field))
    try table.add(path.end.identifier, times: path.end.sign(in: table.field))
    return try table.identifierOfSum()
  }

  /// The bars of the classes that are alive at the end.
  mutating func finish(censored: Bool, progress: Progress = Progress()) throws(ToposcopeError) {
    bars0 += components.essentialBars(isCensored: censored)
    let (births, isAlive) = (births, isAlive)
    var bars = bars1
    bars1 = []
    bars.reserveCapacity(bars.count + isAlive.count { $0 })
    try progress.forEachPart(of: births.count) { part in
      for cocycle in part where isAlive[cocycle] {
        let birth = births[cocycle]
        bars.append(
          PersistencePair(
            birth: birth.length, death: .infinity, birthEdge: birth.edge, deathEdge: nil, isCensored: censored))
      }
    }
    bars1 = bars
  }
}

/// The annotation of an edge in one of its two directions: those are the negatives of one another.
struct DirectedAnnotation: Equatable {
  var identifier: Int32
  /// False over Z/2, and where the annotation is zero.
  var isNegative: Bool

  static let zero = DirectedAnnotation(identifier: 0, isNegative: false)

  @inline(__always)
  func sign(in field: PrimeField) -> UInt32 { isNegative ? field.p &- 1 : 1 }
  var negated: DirectedAnnotation { DirectedAnnotation(identifier: identifier, isNegative: !isNegative) }
}

/// The annotations of two edges, one after the other. Their order makes no difference, so that of two that differ the
/// greater identifier comes first.
struct Path: Equatable {
  let start: DirectedAnnotation
  let end: DirectedAnnotation

  @inline(__always)
  init(start: DirectedAnnotation, end: DirectedAnnotation) {
    (self.start, self.end) = start.identifier < end.identifier ? (end, start) : (start, end)
  }
}
