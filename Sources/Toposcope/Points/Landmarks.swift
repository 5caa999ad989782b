/// A subsample of a point cloud that lies close to all of it.
public struct Landmarks: Sendable {
  /// The points chosen, in the order of their choice.
  public let indices: [Int]
  /// The greatest distance of any point from its nearest landmark.
  ///
  /// Where the metric is one, the diagrams of the landmarks lie within twice this of those of the whole cloud, in
  /// bottleneck distance.
  public let coveringRadius: Float

  /// Farthest-point sampling (Gonzalez 1985): each landmark is the point farthest from those before it, the first such
  /// point where there are several. Takes O(count n) time and O(n) memory besides the distances.
  /// - Parameters:
  ///   - count: how many, in 1 ... n (0 for no points).
  ///   - first: the point to begin with.
  /// - Throws: ``ToposcopeError/Kind/index`` for a count or first point out of range; what the distances throw.
  public init(
    of input: RipsInput, count: Int, first: Int = 0, threads: Int = 0, progress: Progress = Progress()
  ) throws(ToposcopeError) {
    switch input {
    case .points(let points, let metric):
      let rows = try DistanceRows(points, metric: metric, threads: threads, progress: progress)
      try self.init(n: rows.count, count: count, first: first, progress: progress) { rows.fill(row: $0, into: $1) }
    case .distances(let matrix):
      try self.init(n: matrix.count, count: count, first: first, progress: progress) {
        $1.update(from: matrix.entries + $0 * matrix.count, count: matrix.count)
      }
    case .edges:
      throw ToposcopeError(.option)
    }
  }

  private init(
    n: Int, count: Int, first: Int, progress: Progress, row: (Int, UnsafeMutablePointer<Float>) -> Void
  ) throws(ToposcopeError) {
    guard count >= 0, count <= n, count > 0 || n == 0 else { throw ToposcopeError(.index, row: count, column: n) }
    guard n == 0 || (0..<n).contains(first) else { throw ToposcopeError(.index, row: first, column: n) }
    let distances = try AlignedMemory<Float>(max(1, n))
    // The distance of each point from its nearest landmark; -1 for a landmark, which is never chosen again.
    var nearest = [Float](repeating: .infinity, count: n)
    var chosen: [Int] = []
    chosen.reserveCapacity(count)
    var (next, radius) = (first, Float(0))
    while chosen.count < count {
      try progress.report(chosen.count, of: count)
      chosen.append(next)
      nearest[next] = -1
      row(next, distances.pointer)
      radius = -1
      for i in 0..<n {
        nearest[i] = min(nearest[i], distances.pointer[i])
        if nearest[i] > radius { (radius, next) = (nearest[i], i) }
      }
    }
    indices = chosen
    coveringRadius = max(0, radius)
  }
}
