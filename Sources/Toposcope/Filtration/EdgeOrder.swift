/// An edge and the filtration value at which it appears. `tail < head`.
struct FiltrationEdge: Equatable {
  var length: Float
  var tail: Int32
  var head: Int32

  var edge: Edge { Edge(tail, head) }
}

/// Edges that follow one another in the filtration, shortest first; equal ones by tail, then by head. Edges of one
/// length are never split over two runs.
struct EdgeRun {
  /// The bits of the length, then the tail and the head; or the bits of the length, then an index into `listed`.
  let keys: UnsafePointer<UInt64>
  let count: Int
  /// The edges of a sparse filtration by index; nil where keys hold the vertices themselves.
  let listed: UnsafePointer<Edge>?

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
}

/// The edges of a filtration in their total order: by length, then by tail, then by head.
///
/// Lengths are never negative, so their IEEE bits sort like the lengths themselves.
final class EdgeOrder {
  let vertexCount: Int
  /// The number of edges handed out so far.
  private(set) var taken = 0
  /// At most so many edges come.
  let expected: Int
  private var source: Source
  private let progress: Progress
  private var keys: Memory<UInt64>
  private var spare: Memory<UInt64>

  private enum Source {
    case bands(EdgeBands)
    case list(Memory<Edge>, isSorted: Bool)
  }

  /// Every pair of points at a finite distance of at most `limit`.
  init(
    _ distances: DistanceMatrix, upTo limit: Float, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    vertexCount = distances.count
    guard vertexCount <= 1 << 16 else {
      throw ToposcopeError(.memory, value: 8 * Double(vertexCount) * Double(vertexCount))
    }
    expected = vertexCount * (vertexCount - 1) / 2
    source = .bands(EdgeBands(distances, upTo: limit))
    self.progress = progress
    keys = try Memory(vertexCount)
    spare = try Memory(0)
  }

  /// Every listed edge of finite length of at most `limit`. The list is sorted by vertices, and has no edge twice.
  init(
    vertices: Int, edges: [(edge: Edge, length: Float)], upTo limit: Float, progress: Progress
  ) throws(ToposcopeError) {
    vertexCount = vertices
    self.progress = progress
    let isKept = { (length: Float) in length <= limit && length.isFinite }
    let count = edges.reduce(0) { $0 + (isKept($1.length) ? 1 : 0) }
    guard count <= UInt32.max else { throw ToposcopeError(.memory, value: 24 * Double(count)) }
    expected = count
    let listed = try Memory<Edge>(count)
    keys = try Memory(count)
    spare = try Memory(count)
    var index = 0
    for (edge, length) in edges where isKept(length) {
      listed.base[index] = edge
      keys.base[index] = UInt64((length + 0).bitPattern) << 32 | UInt64(index)  // -0 becomes +0
      index += 1
    }
    source = .list(listed, isSorted: false)
  }

  /// The next edges, or nil when there are none left. They stay where they are until the next call.
  func nextRun() throws(ToposcopeError) -> EdgeRun? {
    switch source {
    case .bands(var bands):
      let count = try bands.collect(into: &keys, spare: &spare, progress: progress)
      source = .bands(bands)
      guard let count else { return nil }
      taken += count
      return EdgeRun(keys: keys.base, count: count, listed: nil)
    case .list(let listed, let isSorted):
      if isSorted { return nil }
      var (front, back) = (keys.base, spare.base)
      RadixSort.sort(&front, spare: &back, count: keys.count, least: 0, greatest: Float.infinity.bitPattern)
      if front != keys.base { swap(&keys, &spare) }
      source = .list(listed, isSorted: true)
      taken = keys.count
      return EdgeRun(keys: keys.base, count: keys.count, listed: listed.base)
    }
  }
}
