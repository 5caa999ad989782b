import Synchronization

/// Looks at the links of edges ahead of the classes, on several threads.
///
/// What an edge asks for depends on the graph alone, and the order of the edges is known. So every thread has a graph of
/// its own, adds all edges to it, and looks at the links of some blocks of them; another thread follows in order, and
/// settles what was found.
///
/// Loops are looked for only while a class is alive that they could kill. A thread that looks ahead cannot know; it goes by
/// what was so a moment ago, and a block that lacks its loops is looked at again by the thread that needs them.
final class LinkLookahead: @unchecked Sendable {
  /// The findings of one block of edges.
  final class Block {
    fileprivate(set) var ranks: Range<Int32> = 0..<0
    fileprivate(set) var findings: LinkFindings
    fileprivate(set) var hasLoops = false
    fileprivate var failure: ToposcopeError?

    init() throws(ToposcopeError) { findings = try LinkFindings() }
  }

  /// One thread's graph, and the edges that are in it.
  private final class Worker {
    var scanner: LinkScanner
    var next: Int32 = 0

    init(_ scanner: LinkScanner) { self.scanner = scanner }

    func move(to rank: Int32) {
      while next < rank {
        scanner.pass(next)
        next += 1
      }
      while next > rank {
        next -= 1
        scanner.takeBack(next)
      }
    }
  }

  /// How the work is cut up.
  struct Pace {
    /// With fewer edges than this one thread is as fast.
    var fewEdges = 1 << 15
    /// Above H2 links differ too much for that: one thread begins, and others help it if there is more to do after so many
    /// seconds, as most small complexes are done before others would have begun.
    var secondsAlone = 0.004
    /// Every thread has bit rows of its own. Where they take more than these bytes, filling them costs more than is gained.
    var mostBytes = 1 << 26
    var edgesPerBlock: Int32 = 64

    func isWorthThreads(_ graph: RankedGraph, _ maxDimension: Int) -> Bool {
      (maxDimension > 2 || graph.edges.count >= fewEdges) && BitRows.bytes(graph.count) <= mostBytes
    }
  }

  private static let blocksPerRound = 64
  private let edgesPerBlock: Int32

  private let end: Int32
  private let progress: Progress
  private let wantsLoops: Atomic<Bool>
  private let workers: [Worker]
  /// Those that are being filled, and those that are being settled.
  private var filling: [Block] = []
  private var filled: [Block] = []

  /// - Parameter scanner: that of the calling thread, in which all edges will be
  init(
    _ graph: RankedGraph, _ scanner: LinkScanner, isFree: Bool, threads: Int, pace: Pace, progress: Progress
  ) throws(ToposcopeError) {
    end = Int32(graph.edgesBeforeClosing)
    edgesPerBlock = pace.edgesPerBlock
    self.progress = progress
    wantsLoops = Atomic(!isFree)
    var workers = [Worker(scanner)]
    while workers.count < threads { workers.append(Worker(try LinkScanner(beside: scanner))) }
    self.workers = workers
    for _ in 0..<LinkLookahead.blocksPerRound {
      filling.append(try Block())
      filled.append(try Block())
    }
  }

  /// Looks at all edges, and calls `settle` with each block, in order, on the calling thread. It returns whether loops
  /// matter from there on.
  func run(_ settle: (Block) throws(ToposcopeError) -> Bool) throws(ToposcopeError) {
    var start: Int32 = 0
    var isFilled = false
    while start < end || isFilled {
      let stop = min(end, start + edgesPerBlock * Int32(LinkLookahead.blocksPerRound))
      let nextBlock = Atomic<Int>(0)
      let nextWorker = Atomic<Int>(1)
      let round = start..<stop
      try Threads.run(helpers: start < end ? workers.count - 1 : 0) {
        fill(round, workers[nextWorker.wrappingAdd(1, ordering: .relaxed).oldValue], nextBlock)
      } beside: { () throws(ToposcopeError) in
        if isFilled {
          for block in filled where !block.ranks.isEmpty {
            if let failure = block.failure { throw failure }
            wantsLoops.store(try settle(block), ordering: .relaxed)
          }
        }
        fill(round, workers[0], nextBlock)
        try progress.report(Int(start), of: Int(end))
      }
      swap(&filling, &filled)
      isFilled = start < stop
      start = stop
    }
  }

  /// Brings the graph of the calling thread to where it was before an edge was added, or to where it will be.
  func move(to rank: Int32) { workers[0].move(to: rank) }

  /// Says that edges have been added to that graph.
  func hasAdded(_ ranks: Range<Int32>) { workers[0].next = ranks.upperBound }

  private func fill(_ round: Range<Int32>, _ worker: Worker, _ nextBlock: borrowing Atomic<Int>) {
    while !progress.isCancelled {
      let number = nextBlock.wrappingAdd(1, ordering: .relaxed).oldValue
      if number >= filling.count { break }
      let block = filling[number]
      let start = min(round.lowerBound + Int32(number) * edgesPerBlock, round.upperBound)
      let stop = min(start + edgesPerBlock, round.upperBound)
      block.ranks = start..<stop
      block.findings.removeAll()
      if block.ranks.isEmpty { continue }
      block.hasLoops = wantsLoops.load(ordering: .relaxed)
      worker.move(to: start)
      do throws(ToposcopeError) {
        while worker.next < stop {
          worker.next = try worker.scanner.scan(
            worker.next..<stop, wantsLoops: block.hasLoops, into: &block.findings)
        }
      } catch { block.failure = error }
    }
    worker.move(to: round.upperBound)
  }
}
