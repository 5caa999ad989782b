extension Loops {
  /// Adds the edges of a filtration one after another, until no further one can matter.
  ///
  /// - Parameter distances: Where given, they tell when to stop: no class is alive, and the edges of the relative
  ///   neighbourhood graph are all shorter (``StoppingRadius``).
  /// - Returns: The length after which no edge was looked at, and the number of edges that were.
  mutating func add(
    _ order: EdgeOrder, upTo limit: Float, distances: DistanceMatrix?, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> (length: Float, edges: Int) {
    let lookahead = try LoopLookahead(order, threads: threads)
    var end: (length: Float, edges: Int) = (limit, 0)
    try Threads.run(helpers: lookahead.helpers) {
      lookahead.help()
    } beside: { () throws(ToposcopeError) in
      defer { lookahead.end() }
      end = try follow(
        order, lookahead, upTo: limit, distances: distances, threads: threads, progress: progress)
    }
    return end
  }

  /// What an edge needs is fetched while so many before it are added.
  static var edgesFetched: Int { 8 }

  private mutating func follow(
    _ order: EdgeOrder, _ lookahead: LoopLookahead, upTo limit: Float, distances: DistanceMatrix?, threads: Int,
    progress: Progress
  ) throws(ToposcopeError) -> (length: Float, edges: Int) {
    var nearest = try distances.map { (matrix) throws(ToposcopeError) in try NearestNeighbors(vertices: matrix.count) }
    var stop = Float.infinity  // not known yet
    var before = 0
    while let run = try order.nextRun() {
      let links = try lookahead.begin(run, in: graph)
      var known = 0
      for i in 0..<run.count {
        let e = run[i]
        if i & 255 == 0 {
          known = links.passed(i, searches: searches)
          try progress.report(before + i, of: order.expected)
        }
        run.fetch(after: i)
        let soon = i + Loops.edgesFetched
        if soon < run.count { fetch(run[soon], over: soon < known ? links.vertex(soon) : nil) }
        if i < known, let w = links.vertex(i) { try add(e, over: w) } else { try add(e) }
        nearest?.add(e.tail, e.head)
        guard alive == 0, isConnected, let distances, let nearest else { continue }
        guard i + 1 == run.count || run[i + 1].length > e.length else { continue }
        if stop == .infinity {
          let radius = StoppingRadius(distances, nearest: nearest, reached: e.length)
          stop = try lookahead.rest { () throws(ToposcopeError) in
            min(limit, try radius.longest(threads: threads, progress: progress))
          }
        }
        if e.length >= stop { return (stop, before + i + 1) }
      }
      before += run.count
      _ = links.passed(run.count, searches: searches)
      lookahead.finish(links)
    }
    return (limit, before)
  }
}
