/// Takes links apart ahead of the classes, for dimension 3 and above, on several threads.
///
/// How a link is taken apart, and which of its simplices are critical, depends on the graph alone, and the order of the
/// edges is known. So every thread has a scanner of its own, and takes the next few edges that nobody has taken. All links
/// are kept, whoever took them apart.
final class CellLookahead: @unchecked Sendable {
  /// What the link of an edge says.
  enum Finding {
    case empty
    case cone(apex: Int32)
    case other(CellDemand)
  }

  /// What the links of a few edges that follow one another say.
  private final class Block {
    var findings: [Finding] = []
  }

  /// Links differ much in what they take, and the last ones are waited for.
  private static let edgesPerBlock = 4
  /// Links that wait to be settled take memory.
  private static let blocksAhead = 1 << 12

  private let graph: RankedGraph
  private let limit: Int
  private let progress: Progress
  private let start: Int32
  private let end: Int32
  private let scanners: [any LinkScanner]
  private let work: WorkAhead<Block>

  /// - Parameters:
  ///   - start: the first edge that is looked at
  ///   - scanner: that of the calling thread
  ///   - limit: see ``Link``
  init(
    _ graph: RankedGraph, from start: Int32, _ scanner: any LinkScanner, limit: Int, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    (self.graph, self.limit, self.progress, self.start) = (graph, limit, progress, start)
    end = Int32(graph.edgesBeforeClosing)
    var scanners = [scanner]
    while scanners.count < threads { scanners.append(try scanner.another()) }
    self.scanners = scanners
    let count = (Int(end - start) + CellLookahead.edgesPerBlock - 1) / CellLookahead.edgesPerBlock
    work = try WorkAhead(count, atMost: CellLookahead.blocksAhead, progress: progress, Block.init)
  }

  /// Looks at all edges from the first on, and calls `settle` with each, in order, on the calling thread.
  func run(_ settle: (Int32, Finding) throws(ToposcopeError) -> Void) throws(ToposcopeError) {
    try work.run(threads: scanners.count) { (thread, number, block) throws(ToposcopeError) in
      for rank in ranks(number) {
        block.findings.append(
          try CellLookahead.look(rank, graph, scanners[thread], limit: limit, progress: progress))
      }
    } report: { (number) throws(ToposcopeError) in
      try progress.report(Int(ranks(number).lowerBound), of: graph.edges.count)
    } settle: { (number, block) throws(ToposcopeError) in
      for (rank, finding) in zip(ranks(number), block.findings) { try settle(rank, finding) }
      block.findings = []
    }
  }

  private func ranks(_ number: Int) -> Range<Int32> {
    let first = start + Int32(number * CellLookahead.edgesPerBlock)
    return first..<min(first + Int32(CellLookahead.edgesPerBlock), end)
  }

  /// What the link of an edge says.
  static func look(
    _ rank: Int32, _ graph: RankedGraph, _ scanner: any LinkScanner, limit: Int, progress: Progress
  ) throws(ToposcopeError) -> Finding {
    let (count, apex) = try scanner.apex(rank)
    if count == 0 { return .empty }
    if let apex { return .cone(apex: apex) }
    let link = try Link(scanner.vertices, limit: limit, progress) { graph.rank($0, $1) < rank }
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
