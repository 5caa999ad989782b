import Synchronization

/// The diagrams of one filtration.
public final class RipsResult: @unchecked Sendable {
  public let options: RipsOptions
  public let facts: RipsFacts
  /// H0 ... H(maxDimension).
  public let diagrams: [PersistenceDiagram]

  /// Of dimension 2 and above, in the order of the diagrams; empty where there are none.
  private let representatives: [[Representative]]
  /// Of H0 and H1; nil where the options did not ask for any.
  private let loops: LoopRepresentatives?
  private let cocyclesOfLoops = Mutex<[Edge: [(simplex: [Int32], value: Int)]]?>(nil)
  /// The answer given last, for callers that ask for its size first.
  private let lastCycle = Mutex<(dimension: Int, bar: Int, simplices: [[Int32]])?>(nil)

  init(
    options: RipsOptions, facts: RipsFacts, diagrams: [PersistenceDiagram], loops: LoopRepresentatives? = nil,
    representatives: [[Representative]] = []
  ) {
    self.options = options
    self.facts = facts
    self.diagrams = diagrams
    self.loops = loops
    self.representatives = representatives
  }

  /// The bar of that number, or an error.
  private func pair(_ dimension: Int, _ bar: Int) throws(ToposcopeError) -> PersistencePair {
    guard diagrams.indices.contains(dimension) else {
      throw ToposcopeError(.index, row: dimension, column: diagrams.count)
    }
    let pairs = diagrams[dimension].pairs
    guard pairs.indices.contains(bar) else { throw ToposcopeError(.index, row: bar, column: pairs.count) }
    return pairs[bar]
  }

  private func representative(_ dimension: Int, _ bar: Int) throws(ToposcopeError) -> Representative {
    guard representatives.indices.contains(dimension), representatives[dimension].indices.contains(bar) else {
      throw ToposcopeError(.notComputed)
    }
    return representatives[dimension][bar]
  }

  /// A representative cocycle of a bar: simplices, each with its vertices in descending order, and nonzero values mod p.
  ///
  /// It is the cocycle just before the class dies. In dimension 0 it is 1 on the component that ends.
  /// - Throws: ``ToposcopeError`` of kind `notComputed` where ``RipsOptions/cocycles`` did not ask for it; `index`,
  ///   `cancelled`.
  public func cocycle(
    dimension: Int, bar: Int, progress: Progress = Progress()
  ) throws(ToposcopeError) -> [(simplex: [Int32], value: Int)] {
    let pair = try pair(dimension, bar)
    guard options.cocycles, let loops else { throw ToposcopeError(.notComputed) }
    if dimension > 1 {
      let cocycle = try representative(dimension, bar).cocycle
      guard !cocycle.isEmpty else { throw ToposcopeError(.notComputed) }
      return cocycle
    }
    if dimension == 0 { return try loops.indicator(pair, progress: progress) }
    let known = cocyclesOfLoops.withLock { $0 }
    let all = if let known { known } else { try loops.cocycles(progress: progress) }
    cocyclesOfLoops.withLock { $0 = all }
    guard let cocycle = all[pair.birthEdge] else { throw ToposcopeError(.internalError) }
    return cocycle
  }

  /// A representative cycle of a bar: simplices whose sum is born with it and is a boundary at its death. In dimension 1
  /// the edges come in order round a loop; in dimension 0 the vertices of the component that ends with the bar. Up to
  /// dimension 2.
  /// - Throws: ``ToposcopeError`` of kind `notComputed` where ``RipsOptions/cycles`` did not ask for it; `index`,
  ///   `cancelled`.
  public func cycle(
    dimension: Int, bar: Int, progress: Progress = Progress()
  ) throws(ToposcopeError) -> [[Int32]] {
    let pair = try pair(dimension, bar)
    guard options.cycles, let loops else { throw ToposcopeError(.notComputed) }
    if dimension > 1 {
      let cycle = try representative(dimension, bar).cycle
      guard !cycle.isEmpty else { throw ToposcopeError(.notComputed) }
      return cycle
    }
    if let last = lastCycle.withLock({ $0 }), last.dimension == dimension, last.bar == bar { return last.simplices }
    let simplices =
      try dimension == 0 ? loops.component(pair, progress: progress) : loops.loop(pair, progress: progress)
    lastCycle.withLock { $0 = (dimension, bar, simplices) }
    return simplices
  }
}
