import CToposcopeProcessor
import Synchronization

/// An edge and the filtration value at which it appears. `tail < head`.
struct FiltrationEdge: Equatable {
  var length: Float
  var tail: Int32
  var head: Int32

  var edge: Edge { Edge(tail, head) }

  /// After every edge.
  static let none = FiltrationEdge(length: .infinity, tail: .max, head: .max)

  /// The order of a filtration: by length, then by tail, then by head.
  @inline(__always)
  func precedes(_ other: FiltrationEdge) -> Bool {
    length < other.length || length == other.length && edge.precedes(other.edge)
  }
}

/// Edges that follow one another in the filtration, shortest first; equal ones by tail, then by head. Edges of one
/// length are never split over two runs.
struct EdgeRun {
  /// The bits of the length, then the tail and the head; or the bits of the length, then an index into `listed`.
  let keys: UnsafePointer<UInt64>
  let count: Int
  /// The edges of a sparse filtration by index; nil where keys hold the vertices themselves.
  let listed: UnsafePointer<Edge>?
  /// The number of runs before this one.
  let number: Int

  @inline(__always)
  subscript(i: Int) -> FiltrationEdge {
    let key = keys[i]
    let length = Float(bitPattern: UInt32(truncatingIfNeeded: key &>> 32))
    if let listed {
      let edge = listed[Int(UInt32(truncatingIfNeeded: key))]
      return FiltrationEdge(length: length, tail: edge.tail, head: edge.head)
    }
    return FiltrationEdge(
      length: length, tail: Int32(truncatingIfNeeded: key &>> 16 & 0xFFFF),
      head: Int32(truncatingIfNeeded: key & 0xFFFF))
  }

  /// Brings edges some way after `i` near the processor, which does not see by itself that they are read in order, as rows
  /// of a graph are read in between. The place may lie beyond the last edge.
  @inline(__always)
  func fetch(after i: Int) { toposcope_fetch_to_read(UnsafeRawPointer(keys) + (i &+ EdgeRun.edgesFetched) &* 8) }
  private static let edgesFetched = 64
}

/// The edges of a filtration in their total order: by length, then by tail, then by head.
///
/// Lengths are never negative, so their IEEE bits sort like the lengths themselves. While the edges of one run are in use,
/// another thread may prepare the next one.
final class EdgeOrder: @unchecked Sendable {
  let vertexCount: Int
  /// The number of edges handed out so far.
  private(set) var taken = 0
  /// At most so many edges come.
  let expected: Int
  private let progress: Progress
  /// Those handed out last.
  private(set) var keys: Memory<UInt64>

  // What belongs to the next run is touched by the thread that has claimed it.
  private let stage = Atomic<Stage>(.open)
  private var source: Source
  /// Where a thread that waits for the next run may help with it.
  private let gathering: BandGathering?
  private var nextKeys: Memory<UInt64>
  private var nextCount: Int?
  private var collected = 0
  private var spare: Memory<UInt64>
  private var failure: ToposcopeError?

  /// What has become of the next run.
  private enum Stage: UInt8, AtomicRepresentable {
    case open, claimed, prepared
  }

  private enum Source {
    case bands(EdgeBands)
    case list(Memory<Edge>, isSorted: Bool)
  }

  /// Every pair of points at a finite distance of at most `limit`.
  /// - Parameters:
  ///   - before: Only those that come after all edges of this order are wanted, which has handed out all of its own, and of
  ///     which `least` is the greatest length.
  ///   - mayEndEarly: Whether the first runs may be all that is asked for.
  /// - Precondition: vertices fit in 16 bits.
  init(
    _ distances: DistanceMatrix, after before: (order: EdgeOrder, least: Float)? = nil, upTo limit: Float,
    mayEndEarly: Bool = true, progress: Progress
  ) throws(ToposcopeError) {
    vertexCount = distances.count
    expected = vertexCount * (vertexCount - 1) / 2
    taken = before?.order.taken ?? 0
    let bands = EdgeBands(distances, after: before?.least, upTo: limit, mayEndEarly: mayEndEarly)
    source = .bands(bands)
    gathering = bands.gathering
    self.progress = progress
    keys = try Memory(0)
    nextKeys = try Memory(vertexCount)
    spare = try Memory(0)
  }

  /// Every listed edge of finite length of at most `limit`. The list is sorted by vertices, and has no edge twice.
  /// - Parameter expected: At most so many edges come, with those that follow elsewhere; nil: as many as there are here.
  init(
    vertices: Int, edges: [(edge: Edge, length: Float)], upTo limit: Float, expected: Int? = nil, progress: Progress
  ) throws(ToposcopeError) {
    vertexCount = vertices
    self.progress = progress
    let isKept = { (length: Float) in length <= limit && length.isFinite }
    var count = 0
    try progress.forEachPart(of: edges.count) { part in
      for i in part where isKept(edges[i].length) { count += 1 }
    }
    guard count <= UInt32.max else { throw ToposcopeError(.memory, value: 24 * Double(count)) }
    self.expected = expected ?? count
    let listed = try Memory<Edge>(count)
    self.keys = try Memory(0)
    let keys = try Memory<UInt64>(count)
    nextKeys = keys
    spare = try Memory(count)
    var index = 0
    try progress.forEachPart(of: edges.count) { part in
      for (edge, length) in edges[part] where isKept(length) {
        listed.base[index] = edge
        keys.base[index] = UInt64((length + 0).bitPattern) << 32 | UInt64(index)  // -0 becomes +0
        index += 1
      }
    }
    source = .list(listed, isSorted: false)
    gathering = nil
  }

  /// Whether it is worth working ahead: there are several runs, so that there is something to prepare, or a long one.
  var isLong: Bool {
    switch source {
    case .bands(let bands): bands.count > 1
    case .list(let edges, _): edges.count > EdgeOrder.manyEdges
    }
  }
  private static let manyEdges = 1 << 16

  /// The bytes that a run of so many edges takes, with those that its sorting takes.
  static func bytes(ofRun count: Int) -> Double { 16 * Double(count) }

  /// The next edges, or nil when there are none left. They stay where they are until the next call.
  func nextRun() throws(ToposcopeError) -> EdgeRun? {
    if claim() {
      if taken > 0 { swap(&keys, &nextKeys) }  // nobody needs the run before
      try collect { (done, all) throws(ToposcopeError) in try progress.report(done, of: all) }
    } else {
      while stage.load(ordering: .acquiring) != .prepared {
        try progress.report(taken, of: expected)
        if !help() { Threads.pause() }
      }
      if let failure { throw failure }
    }
    swap(&keys, &nextKeys)
    let next = run(in: keys)
    if let next {
      taken += next.count
    } else {
      (keys, nextKeys, spare) = (try Memory(0), try Memory(0), try Memory(0))
    }
    stage.store(.open, ordering: .releasing)
    return next
  }

  /// The run that was collected last, which is in `keys`.
  private func run(in keys: Memory<UInt64>) -> EdgeRun? {
    var listed: UnsafePointer<Edge>?
    if case .list(let edges, _) = source { listed = UnsafePointer(edges.base) }
    return nextCount.map { EdgeRun(keys: keys.base, count: $0, listed: listed, number: collected - 1) }
  }

  /// Prepares the next run, if nobody has or does. Returns whether there was anything to do.
  ///
  /// - Parameters:
  ///   - isOver: Whether nobody wants it any more.
  ///   - tell: Called with the run, and the memory that it is in, before it can be handed out.
  func prepare(
    unless isOver: () -> Bool, tell: (EdgeRun, Memory<UInt64>) throws(ToposcopeError) -> Void = { _, _ in }
  ) -> Bool {
    guard claim() else { return false }
    do throws(ToposcopeError) {
      try collect { (_, _) throws(ToposcopeError) in
        if isOver() || progress.isCancelled { throw ToposcopeError(.cancelled) }
      }
      if let run = run(in: nextKeys) { try tell(run, nextKeys) }
    } catch { failure = error }
    stage.store(.prepared, ordering: .releasing)
    return true
  }

  /// Leaves out edges of some vertices as soon as that saves work: those who ask get some of them all the same.
  func leaveOut(_ vertices: VertexBits) { gathering?.leaveOut(vertices) }

  /// Does a little of the work on the next run, if another thread is at it. Returns whether there was anything to do.
  func help() -> Bool { gathering?.help() ?? false }

  private func claim() -> Bool {
    stage.compareExchange(expected: .open, desired: .claimed, ordering: .acquiring).exchanged
  }

  private func collect(goOn: (Int, Int) throws(ToposcopeError) -> Void) throws(ToposcopeError) {
    collected += 1
    switch source {
    case .bands(var bands):
      // Who still reads the run before the last keeps its memory.
      if !isKnownUniquelyReferenced(&nextKeys) { nextKeys = try Memory(0) }
      nextCount = try bands.collect(into: &nextKeys, spare: &spare, goOn: goOn)
      source = .bands(bands)
    case .list(let listed, let isSorted):
      nextCount = nil
      if isSorted { return }
      var (front, back) = (nextKeys.base, spare.base)
      try RadixSort.sort(&front, spare: &back, count: nextKeys.count) { () throws(ToposcopeError) in
        try goOn(0, nextKeys.count)
      }
      if front != nextKeys.base { swap(&nextKeys, &spare) }
      source = .list(listed, isSorted: true)
      nextCount = nextKeys.count
    }
  }
}
