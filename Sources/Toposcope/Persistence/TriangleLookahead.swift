import Synchronization

/// Finds the triangles of edges ahead of the classes, on several threads.
///
/// Which triangles an edge closes depends on the graph alone, and the order of the edges is known. The graph as it was can be
/// read while it grows, so there is one for all threads; whoever looks farthest ahead adds the edges to it.
final class TriangleLookahead: @unchecked Sendable {
  /// What is known of a few edges that follow one another.
  final class Block {
    fileprivate(set) var start = 0
    fileprivate(set) var count = 0
    /// The edges whose triangles are known.
    fileprivate(set) var known = 0..<0
    fileprivate let edges: Memory<FiltrationEdge>
    fileprivate let places: Memory<EdgePlaces>
    /// Where the triangles of each edge end.
    fileprivate let ends: Memory<Int32>
    fileprivate(set) var found: Growing<ClosedTriangle>

    fileprivate init(_ most: Int) throws(ToposcopeError) {
      edges = try Memory(most, isZeroed: false)
      places = try Memory(most, isZeroed: false)
      ends = try Memory(most, isZeroed: false)
      found = try Growing()
    }

    subscript(i: Int) -> FiltrationEdge { edges.base[i] }

    /// Where an edge stands.
    func places(_ i: Int) -> EdgePlaces { places.base[i] }

    /// The triangles of an edge.
    func triangles(_ i: Int) -> UnsafeBufferPointer<ClosedTriangle> {
      let first = i > known.lowerBound ? Int(ends.base[i - 1]) : 0
      return UnsafeBufferPointer(start: found.base + first, count: Int(ends.base[i]) - first)
    }
  }

  /// How the work is cut up.
  struct Pace {
    /// With fewer edges than this one thread is as fast.
    var fewEdges = 1 << 15
    var edgesPerBlock = 64
    /// A block with more triangles than this ends early, so that those that wait take little memory.
    var manyTriangles = 1 << 13
  }

  private static let blocksAhead = 128
  /// Finding triangles takes less time than what follows, so that more threads would only wait.
  private static let mostThreads = 4

  /// So many edges are added at a time.
  private static let edgesAdded = 1 << 10

  private let run: EdgeRun
  /// The rank of the first edge of the run.
  private let first: Int
  private let lists: NeighborhoodLists
  private let pace: Pace
  private let progress: Progress
  private let finders: [TriangleFinder]
  /// The edges of the run that are in the lists. Whoever adds some has the lock.
  private let added = Atomic<Int>(0)
  private let adding = Mutex<Void>(())
  private let work: WorkAhead<Block>

  /// - Parameters:
  ///   - run: edges that follow those in the lists
  ///   - finder: that of the calling thread
  init(
    _ run: EdgeRun, _ lists: NeighborhoodLists, _ finder: TriangleFinder, threads: Int, pace: Pace, progress: Progress
  ) throws(ToposcopeError) {
    (self.run, self.lists, self.pace, self.progress) = (run, lists, pace, progress)
    first = Int(lists.edgeCount)
    let threads = run.count < pace.fewEdges ? 1 : min(threads, TriangleLookahead.mostThreads)
    var finders = [finder]
    while finders.count < threads { finders.append(try TriangleFinder(lists)) }
    self.finders = finders
    let blocks = (run.count + pace.edgesPerBlock - 1) / pace.edgesPerBlock
    work = try WorkAhead(blocks, atMost: threads == 1 ? 1 : TriangleLookahead.blocksAhead, progress: progress) {
      () throws(ToposcopeError) in try Block(pace.edgesPerBlock)
    }
  }

  /// Looks at all edges, and calls `settle` with each block, in order, on the calling thread.
  func run(_ settle: (Block) throws(ToposcopeError) -> Void) throws(ToposcopeError) {
    try work.run(threads: finders.count) { (thread, number, block) throws(ToposcopeError) in
      let start = number * pace.edgesPerBlock
      let end = min(start + pace.edgesPerBlock, run.count)
      if added.load(ordering: .acquiring) < end { addEdges(to: end) }
      (block.start, block.count) = (first + start, end - start)
      read(start, into: block)
      try find(block, from: 0, finders[thread])
    } report: { (number) throws(ToposcopeError) in
      try progress.report(first + number * pace.edgesPerBlock, of: first + run.count)
    } settle: { (_, block) throws(ToposcopeError) in
      try settle(block)
    }
  }

  /// Tells, while a block is settled, that no further one is wanted.
  func stop() { work.stop() }

  private func addEdges(to end: Int) {
    adding.withLock { _ in
      let start = added.load(ordering: .relaxed)
      if start >= end { return }
      let stop = min(max(end, start + TriangleLookahead.edgesAdded), run.count)
      lists.append(run, start..<stop)
      added.store(stop, ordering: .releasing)
    }
  }

  /// Reads the edges of a block, and fetches their lists.
  private func read(_ start: Int, into block: Block) {
    for i in 0..<block.count {
      let e = run[start + i]
      block.edges.base[i] = e
      lists.fetchStarts(e.edge)
    }
    for i in 0..<block.count { lists.fetch(block.edges.base[i].edge) }
  }

  /// Finds the triangles of the edges of a block from one on, on the calling thread.
  func find(_ block: Block, from start: Int) throws(ToposcopeError) { try find(block, from: start, finders[0]) }

  private func find(_ block: Block, from start: Int, _ finder: TriangleFinder) throws(ToposcopeError) {
    var found = block.found
    found.removeAll()
    var i = start
    while i < block.count && found.count < pace.manyTriangles {
      let rank = Int32(truncatingIfNeeded: block.start + i)
      block.places.base[i] = try finder.find(block.edges.base[i].edge, rank, into: &found)
      block.ends.base[i] = Int32(truncatingIfNeeded: found.count)
      i += 1
    }
    block.found = found
    block.known = start..<i
  }
}
