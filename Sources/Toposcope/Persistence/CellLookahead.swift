import Synchronization

/// Takes links apart ahead of the classes, for dimension 3 and above, on several threads.
///
/// How a link is taken apart, and which of its simplices are critical, depends on the graph alone, and the order of the
/// edges is known. So every thread has a graph of its own, takes the next few edges that nobody has taken, and adds those
/// between to its graph. The thread that called settles the edges in order, and does the same as the others whenever the
/// next ones are not ready. All links are kept, whoever took them apart, so it may be done any time ahead.
final class CellLookahead: @unchecked Sendable {
  /// What the link of an edge says.
  enum Finding {
    case empty
    case cone(apex: Int32)
    case other(CellDemand)
  }

  /// A few edges that follow one another.
  private final class Block: @unchecked Sendable {
    var findings: [Finding] = []
    var failure: ToposcopeError?
    let isReady = Atomic<Bool>(false)
  }

  /// One thread's graph, and the edges that are in it.
  private final class Scout {
    var scanner: LinkScanner
    var next: Int32
    let isCaller: Bool

    init(_ scanner: LinkScanner, next: Int32 = 0, isCaller: Bool) {
      (self.scanner, self.next, self.isCaller) = (scanner, next, isCaller)
    }

    func move(to rank: Int32) {
      while next < rank {
        scanner.pass(next)
        next += 1
      }
    }
  }

  /// Links differ much in what they take, and the last ones are waited for.
  private static let edgesPerBlock = 4

  private let graph: RankedGraph
  private let limit: Int
  private let progress: Progress
  private let ranks: Range<Int>
  private let scouts: [Scout]
  private let blocks: [Block]
  private let nextBlock = Atomic<Int>(0)
  private let nextScout = Atomic<Int>(1)
  private let isOver = Atomic<Bool>(false)

  /// - Parameters:
  ///   - start: the first edge that is looked at
  ///   - scanner: that of the calling thread, in which all edges before that one are, and all before the closing ones will be
  ///   - limit: see ``Link``
  init(
    _ graph: RankedGraph, from start: Int32, _ scanner: LinkScanner, limit: Int, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    (self.graph, self.limit, self.progress) = (graph, limit, progress)
    ranks = Int(start)..<graph.edgesBeforeClosing
    var scouts = [Scout(scanner, next: start, isCaller: true)]
    while scouts.count < threads { scouts.append(Scout(try LinkScanner(beside: scanner), isCaller: false)) }
    self.scouts = scouts
    let count = (ranks.count + CellLookahead.edgesPerBlock - 1) / CellLookahead.edgesPerBlock
    blocks = (0..<count).map { _ in Block() }
  }

  /// Looks at all edges from the first on, and calls `settle` with each, in order, on the calling thread.
  func run(_ settle: (Int32, Finding) throws(ToposcopeError) -> Void) throws(ToposcopeError) {
    try Threads.run(helpers: scouts.count - 1) {
      let scout = scouts[nextScout.wrappingAdd(1, ordering: .relaxed).oldValue]
      while !isOver.load(ordering: .relaxed) && !progress.isCancelled && lookAtNext(scout) {}
    } beside: { () throws(ToposcopeError) in
      defer { isOver.store(true, ordering: .relaxed) }
      for (number, block) in blocks.enumerated() {
        let start = ranks.lowerBound + number * CellLookahead.edgesPerBlock
        while !block.isReady.load(ordering: .acquiring) {
          if !lookAtNext(scouts[0]) { Threads.pause() }
          try progress.report(start, of: graph.edges.count)
        }
        for (i, finding) in block.findings.enumerated() {
          try settle(Int32(start + i), finding)
        }
        if let failure = block.failure { throw failure }
        block.findings = []
      }
      scouts[0].move(to: Int32(ranks.upperBound))
    }
  }

  /// Looks at the next edges that nobody has taken; false if there are none left.
  private func lookAtNext(_ scout: Scout) -> Bool {
    let number = nextBlock.wrappingAdd(1, ordering: .relaxed).oldValue
    guard number < blocks.count else { return false }
    let block = blocks[number]
    let start = ranks.lowerBound + number * CellLookahead.edgesPerBlock
    do throws(ToposcopeError) {
      for rank in Int32(start)..<Int32(min(start + CellLookahead.edgesPerBlock, ranks.upperBound)) {
        scout.move(to: rank)
        block.findings.append(
          try CellLookahead.look(
            rank, graph, &scout.scanner, limit: limit, progress: progress, isCaller: scout.isCaller))
      }
    } catch { block.failure = error }
    block.isReady.store(true, ordering: .releasing)
    return true
  }

  /// What the link of an edge says, when those before it are in the graph of `scanner`.
  static func look(
    _ rank: Int32, _ graph: RankedGraph, _ scanner: inout LinkScanner, limit: Int, progress: Progress,
    isCaller: Bool = true
  ) throws(ToposcopeError) -> Finding {
    let (count, apex) = scanner.apex(rank)
    if count == 0 { return .empty }
    if let apex { return .cone(apex: apex) }
    let standing = Standing(progress, done: Int(rank), total: graph.edges.count, isCaller: isCaller)
    let link = try Link(scanner.neighbors.vertices, limit: limit, standing) { graph.rank($0, $1) < rank }
    return .other(try CellDemand(link))
  }
}

/// What an edge asks for whose link is neither empty nor a cone.
struct CellDemand {
  let link: Link
  /// See ``Link/critical()``.
  let critical: [[Int32]]
  /// See ``Link/tree()``. Only where edges are critical: a way of another choice could run over the very triangle that is
  /// about to be checked.
  let tree: [Int32: Int32]?

  init(_ link: Link) throws(ToposcopeError) {
    self.link = link
    critical = try link.critical()
    tree = critical.contains { $0.count == 2 } ? try link.tree() : nil
  }
}
