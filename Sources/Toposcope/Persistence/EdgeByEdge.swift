extension Loops {
  /// Adds the edges of a filtration one after another, until no further one can matter.
  ///
  /// - Parameter distances: Where given, they tell when to stop: no class is alive, and the edges of the relative
  ///   neighbourhood graph are all shorter (``StoppingRadius``); and which edges need not be added, because others dominate
  ///   one of their ends (``DominatedVertices``).
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

  /// Once one pair in so many has been added, it is worth finding out which edges matter less, or not at all.
  private static var pairsToOneAdded: Int { 16 }

  private mutating func follow(
    _ order: EdgeOrder, _ lookahead: LoopLookahead, upTo limit: Float, distances: DistanceMatrix?, threads: Int,
    progress: Progress
  ) throws(ToposcopeError) -> (length: Float, edges: Int) {
    var nearest = try distances.map { (matrix) throws(ToposcopeError) in try NearestNeighbors(vertices: matrix.count) }
    var open = Float.infinity  // longer edges are in triangles; infinity as long as it is not known
    var dominated = try distances.map { (matrix) throws(ToposcopeError) in try DominatedVertices(matrix, limit: limit) }
    let leftOut = if let dominated { dominated.bits } else { try VertexBits(order.vertexCount) }
    var (before, added) = (0, 0)  // edges of the runs before, and those that were not left out
    var reached: Float = 0  // the length of the last one
    let longestOpen = { (distances: DistanceMatrix, nearest: NearestNeighbors, reached: Float) throws(ToposcopeError) in
      try lookahead.rest { () throws(ToposcopeError) in
        try StoppingRadius(distances, nearest: nearest, reached: reached).longest(threads: threads, progress: progress)
      }
    }
    while let run = try order.nextRun() {
      if let distances, let nearest, alive > 0, isConnected, before >= order.expected / Loops.pairsToOneAdded {
        if open == .infinity { open = try longestOpen(distances, nearest, reached) }
        let count = dominated?.count
        try lookahead.rest { () throws(ToposcopeError) in
          try dominated?.find(nearest, reached: reached, threads: threads, progress: progress)
        }
        if dominated?.count != count { try lookahead.leaveOut(leftOut) }
      }
      let links = try lookahead.begin(run, in: graph)
      var known = 0
      for i in 0..<run.count {
        let e = run[i]
        if i & 255 == 0 {
          known = links.passed(i, searches: searches, isTouched: { isTouched($0) })
          try progress.report(before + i, of: order.expected)
        }
        run.fetch(after: i)
        let soon = i + Loops.edgesFetched
        if soon < run.count {
          let next = run[soon]
          fetch(next, over: soon < known ? links.vertex(soon) : nil, isInTriangle: next.length > open)
        }
        if !leftOut.meets(e) {
          if i < known, let w = links.vertex(i), !leftOut[w] {
            try add(e, over: w)
          } else {
            try add(e, isInTriangle: e.length > open)
          }
          (added, reached) = (added + 1, e.length)
          if open == .infinity { nearest?.add(e.tail, e.head) }
        }
        guard alive == 0, isConnected, let distances, let nearest else { continue }
        guard i + 1 == run.count || run[i + 1].length > e.length else { continue }
        if open == .infinity { open = try longestOpen(distances, nearest, e.length) }
        let stop = max(reached, min(limit, open))
        if reached >= stop { return (stop, added) }
      }
      before += run.count
      _ = links.passed(run.count, searches: searches, isTouched: { isTouched($0) })
      lookahead.finish(links)
    }
    return (limit, added)
  }
}
