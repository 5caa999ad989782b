extension Loops {
  /// Adds the edges of a filtration one after another, until no further one can matter.
  ///
  /// - Parameter distances: Where given, they tell when to stop: no class is alive, and the edges of the relative
  ///   neighbourhood graph are all shorter (``StoppingRadius``).
  /// - Returns: The length after which no edge was looked at, and the number of edges that were.
  mutating func add(
    _ order: EdgeOrder, upTo limit: Float, distances: DistanceMatrix?, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> (length: Float, edges: Int) {
    let nearest = try distances.map { (matrix) throws(ToposcopeError) in try NearestNeighbors(vertices: matrix.count) }
    var stop = Float.infinity  // not known yet
    var before = 0
    while let run = try order.nextRun() {
      for i in 0..<run.count {
        let e = run[i]
        try add(e)
        nearest?.add(e.tail, e.head)
        if i & 255 == 0 { try progress.report(before + i, of: order.expected) }
        guard alive == 0, isConnected, let distances, let nearest else { continue }
        guard i + 1 == run.count || run[i + 1].length > e.length else { continue }
        if stop == .infinity {
          let radius = StoppingRadius(distances, nearest: nearest, reached: e.length)
          stop = min(limit, try radius.longest(threads: threads, progress: progress))
        }
        if e.length >= stop { return (stop, before + i + 1) }
      }
      before += run.count
    }
    return (limit, before)
  }
}
