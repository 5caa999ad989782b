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
  private let keys: Memory<UInt64>
  private let listed: Memory<Edge>?
  private var done = false

  /// Every pair of points at a finite distance of at most `limit`.
  init(
    _ distances: DistanceMatrix, upTo limit: Float, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    vertexCount = distances.count
    guard vertexCount <= 1 << 16 else {
      throw ToposcopeError(.memory, value: 8 * Double(vertexCount) * Double(vertexCount))
    }
    var found: [UInt64] = []
    for i in 0..<vertexCount {
      try progress.report(i, of: vertexCount)
      for j in (i + 1)..<max(vertexCount, i + 1) {
        let length = distances[i, j] + 0  // -0 becomes +0
        if length <= limit && length.isFinite {
          found.append(UInt64(length.bitPattern) << 32 | UInt64(i) << 16 | UInt64(j))
        }
      }
    }
    found.sort()
    keys = try Memory(found.count)
    listed = nil
    for (i, key) in found.enumerated() { keys.base[i] = key }
  }

  /// Every listed edge of finite length of at most `limit`. No edge may be listed twice.
  init(
    vertices: Int, edges: [(edge: Edge, length: Float)], upTo limit: Float, progress: Progress
  ) throws(ToposcopeError) {
    vertexCount = vertices
    let kept = edges.filter { $0.length <= limit && $0.length.isFinite }
      .sorted { ($0.edge.tail, $0.edge.head) < ($1.edge.tail, $1.edge.head) }
    let listed = try Memory<Edge>(kept.count)
    keys = try Memory(kept.count)
    for (i, item) in kept.enumerated() {
      listed.base[i] = item.edge
      keys.base[i] = UInt64((item.length + 0).bitPattern) << 32 | UInt64(i)
    }
    var sorted = UnsafeMutableBufferPointer(start: keys.base, count: keys.count)
    sorted.sort()
    self.listed = listed
  }

  /// The next edges, or nil when there are none left. They stay where they are until the next call.
  func nextRun() throws(ToposcopeError) -> EdgeRun? {
    guard !done else { return nil }
    done = true
    taken += keys.count
    return EdgeRun(keys: keys.base, count: keys.count, listed: listed.map { UnsafePointer<Edge>($0.base) })
  }
}
