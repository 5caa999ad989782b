extension Loops {
  /// Adds the edges of a filtration one after another, until no further one can matter.
  ///
  /// - Parameter pairs: Where given, they tell when to stop: no class is alive, and the edges of the relative
  ///   neighbourhood graph are all shorter (``StoppingRadius``); and a matrix tells which edges need not be added, because
  ///   others dominate one of their ends (``DominatedVertices``).
  mutating func add(
    _ order: EdgeOrder, upTo limit: Float, pairs: LongerPairs?, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> FiltrationEnd {
    let lookahead = try LoopLookahead(order, threads: threads)
    var end = FiltrationEnd(length: limit)
    try Threads.run(helpers: lookahead.helpers) {
      lookahead.help()
    } beside: { () throws(ToposcopeError) in
      defer { lookahead.end() }
      end = try follow(
        order, lookahead, upTo: limit, pairs: pairs, threads: threads, progress: progress)
    }
    return end
  }

  /// What so many edges need is fetched while as many before them are added.
  static var edgesFetched: Int { 8 }

  /// Once one pair in so many has been added, it is worth finding out whose edges need not be.
  private static var pairsToOneAdded: Int { 10 }

  private mutating func follow(
    _ order: EdgeOrder, _ lookahead: LoopLookahead, upTo limit: Float, pairs: LongerPairs?, threads: Int,
    progress: Progress
  ) throws(ToposcopeError) -> FiltrationEnd {
    var nearest = self.nearest
    if let pairs, nearest == nil { nearest = try NearestNeighbors(vertices: pairs.count) }
    defer { self.nearest = nearest }
    var dominated: DominatedVertices?
    if case .matrix(let distances) = pairs { dominated = try DominatedVertices(distances, limit: limit) }
    let leftOut = if let dominated { dominated.leftOut } else { try VertexBits(order.vertexCount) }
    var isAnyLeftOut = false
    var stop = Float.infinity  // not known yet
    var (before, added) = (order.taken, 0)  // edges of the runs before, and edges that were added
    var reached: Float = 0  // the length of the last edge added
    while let run = try order.nextRun() {
      if alive > 0, isConnected, before >= order.expected / Loops.pairsToOneAdded, let nearest {
        let found = try lookahead.rest { () throws(ToposcopeError) in
          try dominated?.find(nearest, reached: reached, threads: threads, progress: progress)
        }
        if let found, found > 0 {
          isAnyLeftOut = true
          try lookahead.leaveOut(leftOut)
        }
      }
      let links = try lookahead.begin(run)
      var known = 0
      for i in 0..<run.count {
        let e = run[i]
        if i & 255 == 0 {
          known = links.passed(i, searches: searches) { isTouched($0) }
          lookahead.passed(i, of: links, in: graph)
          try progress.report(before + i, of: order.expected)
        }
        run.fetch(after: i)
        if i % Loops.edgesFetched == 0 {
          let soon = min(i + Loops.edgesFetched, run.count)
          fetch(soon..<min(soon + Loops.edgesFetched, run.count), of: run, links, known: known)
        }
        if !isAnyLeftOut || !leftOut.meets(e) {
          if i < known, let w = links.vertex(i), !leftOut[w] { try add(e, over: w) } else { try add(e) }
          nearest?.add(e.tail, e.head)
          (added, reached) = (added + 1, e.length)
        }
        guard alive == 0, isConnected, let pairs, let nearest else { continue }
        guard i + 1 == run.count || run[i + 1].length > e.length else { continue }
        if stop == .infinity {
          let reached = reached
          stop = try lookahead.rest { () throws(ToposcopeError) in
            min(
              limit,
              try pairs.stoppingRadius(nearest: nearest, reached: reached, threads: threads, progress: progress))
          }
        }
        if reached >= stop { return FiltrationEnd(length: reached, edges: added, isBeforeOthers: true) }
      }
      before += run.count
      _ = links.passed(run.count, searches: searches) { isTouched($0) }
      lookahead.finish(links)
    }
    return FiltrationEnd(length: limit, edges: added)
  }
}
