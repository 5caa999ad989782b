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
      try self.init(
        n: rows.count, costEach: points.dimension + 4, count: count, first: first, threads: threads, progress: progress
      ) { rows.fill(row: $0, columns: $1, into: $2) }
    case .distances(let matrix):
      try self.init(n: matrix.count, costEach: 4, count: count, first: first, threads: threads, progress: progress) {
        $2.update(from: matrix.entries + $0 * matrix.count + $1.lowerBound, count: $1.count)
      }
    case .edges:
      throw ToposcopeError(.option)
    }
  }

  /// What a thread does at a time, in numbers that are read: a tenth of a millisecond or so.
  private static let costOfPart = 1 << 18
  /// To make threads for each landmark takes longer than less work than this.
  private static let costOfThreads = 1 << 20

  /// - Parameters:
  ///   - costEach: What it takes to find a distance, in numbers that are read.
  ///   - fill: Writes the distances of a point from some others.
  private init(
    n: Int, costEach: Int, count: Int, first: Int, threads: Int, progress: Progress,
    fill: (_ point: Int, _ others: Range<Int>, _ out: UnsafeMutablePointer<Float>) -> Void
  ) throws(ToposcopeError) {
    guard count >= 0, count <= n, count > 0 || n == 0 else { throw ToposcopeError(.index, row: count, column: n) }
    guard n == 0 || (0..<n).contains(first) else { throw ToposcopeError(.index, row: first, column: n) }
    let part = max(1 << 10, Self.costOfPart / costEach & ~15)
    let parts = (n + part - 1) / part
    let threads = n * costEach < Self.costOfThreads ? 1 : Threads.resolve(threads)
    let (distances, greatest) = (try Memory<Float>(n), try Memory<Float>(parts))
    // The distance of each point from its nearest landmark; -1 for a landmark, which is never chosen again.
    let nearest = try Memory<Float>(n, isZeroed: false)
    nearest.base.update(repeating: .infinity, count: n)
    func points(_ number: Int) -> Range<Int> { number * part..<min(n, (number + 1) * part) }
    var chosen: [Int] = []
    chosen.reserveCapacity(count)
    var (next, radius) = (first, Float(0))
    while chosen.count < count {
      try progress.report(chosen.count, of: count)
      chosen.append(next)
      let landmark = next
      nearest.base[landmark] = -1
      try Threads.forEach(chunks: parts, threads: threads, progress: Progress()) { number in
        if !progress.goesOn() { return }
        let points = points(number)
        fill(landmark, points, distances.base + points.lowerBound)
        greatest.base[number] = lower(
          nearest.base + points.lowerBound, to: distances.base + points.lowerBound, points.count)
      }
      // The first of the farthest points: in the first part that has one.
      var farthest = 0
      radius = -1
      for number in 0..<parts where greatest.base[number] > radius {
        (farthest, radius) = (number, greatest.base[number])
      }
      next = points(farthest).first { nearest.base[$0] == radius } ?? landmark
    }
    try progress.report(count, of: count)
    indices = chosen
    coveringRadius = max(0, radius)
  }
}

/// Lowers numbers to others where those are less. Returns the greatest that is left.
private func lower(
  _ numbers: UnsafeMutablePointer<Float>, to others: UnsafePointer<Float>, _ count: Int
) -> Float {
  typealias Lanes = SIMD8<Float>
  var most = Lanes(repeating: -1)
  var k = 0
  while k &+ 8 <= count {
    let other = UnsafeRawPointer(others + k).loadUnaligned(as: Lanes.self)
    var own = UnsafeRawPointer(numbers + k).loadUnaligned(as: Lanes.self)
    own.replace(with: other, where: other .< own)
    UnsafeMutableRawPointer(numbers + k).storeBytes(of: own, as: Lanes.self)
    most.replace(with: own, where: own .> most)
    k &+= 8
  }
  var greatest: Float = -1
  for lane in 0..<8 { greatest = max(greatest, most[lane]) }
  while k < count {
    numbers[k] = min(numbers[k], others[k])
    greatest = max(greatest, numbers[k])
    k &+= 1
  }
  return greatest
}
