/// Representatives of the bars of H0 and H1, worked out when they are asked for by adding the edges once more.
///
/// The run that found the bars remembers nothing for them, so they cost nothing when nobody asks.
final class LoopRepresentatives: @unchecked Sendable {
  private let input: FiltrationInput
  private let field: PrimeField
  private let limit: Float

  init(_ input: FiltrationInput, field: PrimeField, limit: Float) {
    self.input = input
    self.field = field
    self.limit = limit
  }

  private func edges(_ progress: Progress) throws(ToposcopeError) -> EdgeOrder {
    try input.edgeOrder(upTo: limit, progress: progress)
  }

  /// Calls `body` with the edges in order until it answers false.
  private func forEachEdge(
    _ progress: Progress, _ body: (FiltrationEdge) throws(ToposcopeError) -> Bool
  ) throws(ToposcopeError) {
    let order = try edges(progress)
    var before = 0
    while let run = try order.nextRun() {
      for i in 0..<run.count {
        if i & 63 == 0 { try progress.report(before + i, of: order.expected) }
        if try !body(run[i]) { return }
      }
      before += run.count
    }
  }

  /// An engine in which no class gets a plane, so that identifiers tell everything.
  private func engine(_ witness: Witness, _ progress: Progress) throws(ToposcopeError) -> any LoopEngine {
    var loops = try input.loopEngine(field, hasPlanes: false, progress: progress)
    loops.witness = witness
    return loops
  }

  // MARK: Components

  /// The vertices of the component that ends with a bar of H0, just before it ends.
  func component(_ bar: PersistencePair, progress: Progress) throws(ToposcopeError) -> [[Int32]] {
    var components = Components(input.vertexCount)
    try forEachEdge(progress) { (e) throws(ToposcopeError) in
      if e.edge == bar.deathEdge { return false }
      _ = components.join(e.tail, e.head)
      return true
    }
    let root = components.root(bar.birthEdge.tail)
    var vertices: [[Int32]] = []
    for vertex in 0..<Int32(input.vertexCount) where components.root(vertex) == root { vertices.append([vertex]) }
    return vertices
  }

  // MARK: Cocycles

  /// The cocycles of all bars of H1 by birth edge, each as it is just before the class dies: so it is a cocycle on the
  /// complex of all simplices shorter than the death, and not a coboundary from the birth on.
  func cocycles(progress: Progress) throws(ToposcopeError) -> [Edge: [(simplex: [Int32], value: Int)]] {
    var loops = try engine(Witness(keepsCocycles: true), progress)
    try forEachEdge(progress) { (e) throws(ToposcopeError) in
      try loops.add(e)
      return true
    }
    for cocycle in loops.births.indices where loops.isAlive[cocycle] {
      try progress.report(cocycle, of: loops.births.count)
      let (birth, values) = try (loops.births[cocycle].edge, loops.cocycle(Int32(cocycle)))
      loops.witness?.cocycles[birth] = values
    }
    return loops.witness?.cocycles ?? [:]
  }

  /// The cocycle of a bar of H0: 1 on the vertices of the component that ends.
  func indicator(
    _ bar: PersistencePair, progress: Progress
  ) throws(ToposcopeError) -> [(simplex: [Int32], value: Int)] {
    try component(bar, progress: progress).map { ($0, 1) }
  }

  // MARK: Loops

  /// A loop of few edges that is born with a bar of H1 and bounds when it dies: directed edges in order.
  ///
  /// Let s be the relation that kills the class. A loop bounds at the death if its annotation is a multiple of s, and it is
  /// born with the class if the birth edge is its longest. The shortest such loop is found by breadth-first search for a
  /// path between the ends of the birth edge, over pairs of a vertex and the sum of annotations on the way to it. Where the
  /// graph at the birth has no such loop in one piece, loops of the classes in s are returned one after another.
  func loop(_ bar: PersistencePair, progress: Progress) throws(ToposcopeError) -> [[Int32]] {
    var loops = try engine(Witness(awaited: bar.deathEdge == nil ? nil : bar.birthEdge), progress)
    var before: [Edge] = []  // edges earlier than the birth
    var isBorn = false
    try forEachEdge(progress) { (e) throws(ToposcopeError) in
      try loops.add(e)
      isBorn = isBorn || e.edge == bar.birthEdge
      if !isBorn { before.append(e.edge) }
      return loops.witness?.relation == nil && !(isBorn && bar.deathEdge == nil)
    }
    let paths = GraphPaths(vertices: input.vertexCount, edges: before, progress: progress)
    let (u, v) = (bar.birthEdge.tail, bar.birthEdge.head)
    guard let relation = loops.witness?.relation else {
      // It never dies: every loop through the birth edge will do.
      guard let back = try paths.shortest(from: v, to: u) else { throw ToposcopeError(.internalError) }
      return GraphPaths.ring(back)
    }
    let inverse = field.inverse(relation[0].value)
    let unit = relation.map { Term(cocycle: $0.cocycle, value: field.product($0.value, inverse)) }
    let others = try loops.identifier(of: Array(unit.dropFirst()))
    if let back = try paths.shortest(from: v, to: u, annotation: others, in: &loops) { return GraphPaths.ring(back) }
    let forest = GraphPaths(vertices: input.vertexCount, edges: loops.witness?.forest ?? [], progress: progress)
    var rings: [[Int32]] = []
    for term in unit {
      let edge = loops.births[Int(term.cocycle)].edge
      guard let back = try forest.shortest(from: edge.head, to: edge.tail) else { throw ToposcopeError(.internalError) }
      let isReversed = term.value > field.p / 2
      let ring = GraphPaths.ring(isReversed ? back.reversed() : back)
      for _ in 0..<(isReversed ? field.p - term.value : term.value) { rings += ring }
    }
    return rings
  }
}

/// Shortest paths, in edges, of a graph.
private struct GraphPaths {
  private var starts: [Int]
  private var neighbors: [Int32]
  private let progress: Progress

  /// More states than this are not searched.
  private static let most = 1 << 22

  init(vertices: Int, edges: [Edge], progress: Progress) {
    self.progress = progress
    starts = [Int](repeating: 0, count: vertices + 1)
    for edge in edges {
      starts[Int(edge.tail) + 1] += 1
      starts[Int(edge.head) + 1] += 1
    }
    for vertex in 0..<vertices { starts[vertex + 1] += starts[vertex] }
    neighbors = [Int32](repeating: 0, count: edges.count * 2)
    var next = starts
    for edge in edges {
      neighbors[next[Int(edge.tail)]] = edge.head
      neighbors[next[Int(edge.head)]] = edge.tail
      next[Int(edge.tail)] += 1
      next[Int(edge.head)] += 1
    }
  }

  /// The directed edges round the loop that a path closes.
  static func ring(_ path: [Int32]) -> [[Int32]] {
    path.indices.map { [path[$0], path[($0 + 1) % path.count]] }
  }

  func shortest(from start: Int32, to end: Int32) throws(ToposcopeError) -> [Int32]? {
    try search(from: start, to: end, annotation: 0) { (_, _, _) in 0 }
  }

  /// The shortest path on which the annotations of `loops` add up to that of an identifier.
  func shortest(
    from start: Int32, to end: Int32, annotation: Int32, in loops: inout any LoopEngine
  ) throws(ToposcopeError) -> [Int32]? {
    try search(from: start, to: end, annotation: annotation) { (sum, a, b) throws(ToposcopeError) in
      let before = DirectedAnnotation(identifier: sum, isNegative: false)
      return try loops.sum(Path(start: before, end: loops.annotation(Int(a), Int(b))))
    }
  }

  private func search(
    from start: Int32, to end: Int32, annotation: Int32,
    step: (_ sum: Int32, _ a: Int32, _ b: Int32) throws(ToposcopeError) -> Int32
  ) throws(ToposcopeError) -> [Int32]? {
    var states: [(vertex: Int32, sum: Int32, before: Int)] = [(start, 0, -1)]
    var isKnown: Set<UInt64> = [UInt64(start)]
    var index = 0
    while index < states.count && states.count < GraphPaths.most {
      let state = states[index]
      try progress.report(index, of: max(states.count, index))
      if state.vertex == end && state.sum == annotation {
        var path: [Int32] = []
        var at = index
        while at >= 0 {
          path.append(states[at].vertex)
          at = states[at].before
        }
        return path.reversed()
      }
      for neighbor in neighbors[starts[Int(state.vertex)]..<starts[Int(state.vertex) + 1]] {
        let sum = try step(state.sum, state.vertex, neighbor)
        if isKnown.insert(UInt64(UInt32(bitPattern: sum)) << 32 | UInt64(neighbor)).inserted {
          states.append((neighbor, sum, index))
        }
      }
      index += 1
    }
    return nil
  }
}
