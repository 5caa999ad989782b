import Synchronization

/// Looks at the links of edges ahead of the classes, on several threads.
///
/// What an edge asks for depends on the graph alone, and the order of the edges is known. So every thread has a scanner of
/// its own, and looks at the links of some blocks of edges; the thread that called follows in order, and settles what was
/// found.
///
/// Loops are looked for only while a class is alive that they could kill. A thread that looks ahead cannot know; it goes by
/// whether one is alive where the calling thread is at that moment, and a block that lacks its loops is looked at again by
/// the thread that needs them.
final class LinkLookahead: @unchecked Sendable {
  /// What is known of the edges of a block.
  final class Block {
    fileprivate(set) var ranks: Range<Int32> = 0..<0
    fileprivate(set) var findings: LinkFindings
    fileprivate(set) var extent = Extent.nothing

    init() throws(ToposcopeError) { findings = try LinkFindings() }
  }

  /// How much is known.
  enum Extent { case nothing, components, loops }

  /// How the work is cut up.
  struct Pace {
    /// With fewer edges than this one thread is as fast.
    var fewEdges = 1 << 15
    /// Above H2 links differ too much for that: one thread begins, and others help it if there is more to do after so many
    /// seconds, as most small complexes are done before others would have begun.
    var secondsAlone = 0.004
    /// Where links come from rows of bits, every thread has its own. Where they take more than these bytes, filling them costs more than is gained.
    var mostBytes = 1 << 26
    var edgesPerBlock: Int32 = 64

    func isWorthThreads(_ graph: RankedGraph, _ maxDimension: Int) -> Bool {
      (maxDimension > 2 || graph.edges.count >= fewEdges)
        && (graph.lists != nil || BitRows.bytes(graph.count) <= mostBytes)
    }
  }

  /// The further ahead, the more often it has changed meanwhile whether loops are wanted.
  private static let blocksAhead = 128
  private let edgesPerBlock: Int32

  private let end: Int32
  private let progress: Progress
  private let wantsLoops: Atomic<Bool>
  private let scanners: [any LinkScanner]
  private let work: WorkAhead<Block>

  /// - Parameter scanner: that of the calling thread
  init(
    _ graph: RankedGraph, _ scanner: any LinkScanner, isFree: Bool, threads: Int, pace: Pace, progress: Progress
  ) throws(ToposcopeError) {
    end = Int32(graph.edgesBeforeClosing)
    edgesPerBlock = pace.edgesPerBlock
    self.progress = progress
    wantsLoops = Atomic(!isFree)
    var scanners = [scanner]
    while scanners.count < threads { scanners.append(try scanner.another()) }
    self.scanners = scanners
    let blocks = (Int(end) + Int(edgesPerBlock) - 1) / Int(edgesPerBlock)
    work = try WorkAhead(blocks, atMost: LinkLookahead.blocksAhead, progress: progress) {
      () throws(ToposcopeError) in try Block()
    }
  }

  /// Looks at all edges, and calls `settle` with each block, in order, on the calling thread. It returns whether loops
  /// matter from there on.
  func run(_ settle: (Block) throws(ToposcopeError) -> Bool) throws(ToposcopeError) {
    var next = 0
    try work.run(threads: scanners.count) { (thread, number, block) throws(ToposcopeError) in
      let start = Int32(number) * edgesPerBlock
      block.ranks = start..<min(start + edgesPerBlock, end)
      block.findings.removeAll()
      if thread == 0 && number == next {
        block.extent = .nothing  // the thread that called is about to settle it, and then knows what it wants
      } else {
        try look(block, scanners[thread])
      }
    } report: { (number) throws(ToposcopeError) in
      try progress.report(number * Int(edgesPerBlock), of: Int(end))
    } settle: { (number, block) throws(ToposcopeError) in
      wantsLoops.store(try settle(block), ordering: .relaxed)
      next = number + 1
    }
  }

  private func look(_ block: Block, _ scanner: any LinkScanner) throws(ToposcopeError) {
    var next = block.ranks.lowerBound
    block.extent = wantsLoops.load(ordering: .relaxed) ? .loops : .components
    while next < block.ranks.upperBound {
      if !wantsLoops.load(ordering: .relaxed) { block.extent = .components }
      try progress.report(Int(next), of: Int(end))
      next = try scanner.scan(
        next..<block.ranks.upperBound, wantsLoops: block.extent == .loops, into: &block.findings)
    }
  }
}
