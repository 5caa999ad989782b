import Synchronization
import Testing

@testable import Toposcope

/// What is found out about links ahead of time, against searches vertex by vertex.
@Suite struct LoopLookaheadTests {
  /// The components of the graph on the common neighbours of two vertices, each a set.
  private func components(_ u: Int, _ v: Int, _ graph: BitRows) -> [Set<Int>] {
    var left = Set((0..<graph.count).filter { graph.contains(u, $0) && graph.contains(v, $0) })
    var found: [Set<Int>] = []
    while let start = left.min() {
      var (component, pending): (Set, _) = ([start], [start])
      left.remove(start)
      while let x = pending.popLast() {
        for y in left where graph.contains(x, y) {
          left.remove(y)
          component.insert(y)
          pending.append(y)
        }
      }
      found.append(component)
    }
    return found
  }

  @Test(arguments: 0..<30) func linkComponents(_ seed: Int) throws {
    var generator = SeededGenerator(seed: seed)
    let n = [20, 70, 200, 600][seed % 4]
    let graph = try BitRows(n)
    // From a few edges a vertex, where links fall apart, to half of all.
    let edges = n * Int.random(in: 2...max(3, n / 4), using: &generator)
    for _ in 0..<edges {
      let (a, b) = (Int.random(in: 0..<n, using: &generator), Int.random(in: 0..<n, using: &generator))
      if a != b && abs(a - b) < n / 2 { graph.insert(a, b) }
    }
    var links = try LinkComponents(graph)
    for _ in 0..<10 {
      let (u, v) = (Int.random(in: 0..<n, using: &generator), Int.random(in: 0..<n, using: &generator))
      let expected = components(u, v, graph)
      guard u != v, let first = expected.randomElement(using: &generator)?.randomElement(using: &generator) else {
        continue
      }
      links.find(u, v, in: graph, first: first)
      #expect(links.roots.first == first, "seed \(seed)")
      #expect(links.roots.count == expected.count, "seed \(seed)")
      for component in expected {
        #expect(links.roots.filter { component.contains($0) }.count == 1, "seed \(seed)")
      }
    }
  }

  @Test func scoutTellsTheTruth() throws {
    for kind in [MatrixKind.circle, .integers, .nonmetric] {
      var generator = SeededGenerator(seed: 7)
      let n = 60
      let distances = try distanceMatrix(kind.matrix(n, using: &generator))
      let order = try EdgeOrder(distances, upTo: .infinity, progress: Progress())
      let run = try #require(try order.nextRun())
      let news = try VertexNews(n)
      news.tell { _ in true }
      let links = try LinksAhead(run, in: order.keys, news)
      try LinkScout(vertices: n, news: news).look(links) { false }
      #expect(links.passed(0, searches: 0) { _ in true } == run.count)
      let graph = try BitRows(n)
      var connected = 0
      for i in 0..<run.count {
        let (u, v) = (Int(run[i].tail), Int(run[i].head))
        let expected = components(u, v, graph)
        #expect((links.vertex(i) != nil) == (expected.count == 1), "\(kind), edge \(i)")
        if let vertex = links.vertex(i) {
          connected += 1
          #expect(expected.first?.contains(vertex) == true, "\(kind), edge \(i)")
        }
        graph.insert(u, v)
      }
      #expect(connected > run.count / 2)
    }
  }

  /// Of vertices that are left out nothing is noted, and their edges are not in the scout's graph.
  @Test func whatIsLeftOutIsNotLookedAt() throws {
    var generator = SeededGenerator(seed: 4)
    let n = 60
    let distances = try distanceMatrix(MatrixKind.plane.matrix(n, using: &generator))
    let order = try EdgeOrder(distances, upTo: .infinity, progress: Progress())
    let run = try #require(try order.nextRun())
    let (news, leftOut) = (try VertexNews(n), try VertexBits(n))
    for vertex in stride(from: 0, to: n, by: 7) { leftOut[vertex] = true }
    news.tell { _ in true }
    news.leaveOut(leftOut)
    let links = try LinksAhead(run, in: order.keys, news)
    let scout = try LinkScout(vertices: n, news: news)
    scout.look(links) { false }
    for i in 0..<run.count {
      #expect(scout.graph.contains(Int(run[i].tail), Int(run[i].head)) != leftOut.meets(run[i]))
      if leftOut.meets(run[i]) { #expect(links.vertex(i) == nil) }
    }
  }

  /// Links are given up where those who add edges are faster, and wanted where they search many.
  @Test func onlyWhatHelpsIsLookedAt() throws {
    var generator = SeededGenerator(seed: 3)
    let distances = try distanceMatrix(MatrixKind.plane.matrix(120, using: &generator))
    let order = try EdgeOrder(distances, upTo: .infinity, progress: Progress())
    let run = try #require(try order.nextRun())
    let news = try VertexNews(120)
    let links = try LinksAhead(run, in: order.keys, news)
    _ = links.passed(run.count - 1, searches: 0) { _ in true }
    try LinkScout(vertices: 120, news: news).look(links) { false }
    #expect((0..<run.count).allSatisfy { links.vertex($0) == nil })
  }

  /// A run that another thread prepares is the one that would have come.
  @Test func preparedRuns() throws {
    var generator = SeededGenerator(seed: 5)
    let distances = try distanceMatrix(MatrixKind.integers.matrix(530, using: &generator))
    let (alone, ahead) = try (
      EdgeOrder(distances, upTo: .infinity, progress: Progress()),
      EdgeOrder(distances, upTo: .infinity, progress: Progress())
    )
    var (runs, most) = (0, 0)
    while let run = try alone.nextRun() {
      var told: EdgeRun?
      #expect(ahead.prepare(unless: { false }, tell: { (next, _) in told = next }))
      #expect(!ahead.prepare(unless: { false }))  // once is enough
      let other = try #require(try ahead.nextRun())
      #expect(told?.keys == other.keys && told?.count == other.count && told?.number == runs && other.number == runs)
      let keep = ahead.keys  // as one who still reads it does
      #expect(
        UnsafeBufferPointer(start: run.keys, count: run.count).elementsEqual(
          UnsafeBufferPointer(start: keep.base, count: other.count)))
      most = max(most, run.count)
      runs += 1
    }
    #expect(runs > 1 && most > 1 << 15 && alone.taken == 530 * 529 / 2 && ahead.taken == alone.taken)
    #expect(try ahead.nextRun() == nil)
  }

  /// A run to which another thread helps, by rows from the back, is the one that would have come.
  @Test func sharedRuns() throws {
    var generator = SeededGenerator(seed: 5)
    let distances = try distanceMatrix(MatrixKind.integers.matrix(530, using: &generator))
    let (alone, shared) = try (
      EdgeOrder(distances, upTo: .infinity, progress: Progress()),
      EdgeOrder(distances, upTo: .infinity, progress: Progress())
    )
    #expect(!shared.help())  // nobody is at a run yet
    let isOver = Atomic<Bool>(false)
    try Threads.run(helpers: 2) {
      while !isOver.load(ordering: .relaxed) { if !shared.help() { Threads.pause() } }
    } beside: { () throws(ToposcopeError) in
      defer { isOver.store(true, ordering: .relaxed) }
      while let run = try alone.nextRun() {
        let other = try shared.nextRun()
        #expect(
          UnsafeBufferPointer(start: run.keys, count: run.count).elementsEqual(
            UnsafeBufferPointer(start: other?.keys, count: other?.count ?? 0)))
      }
    }
    #expect(shared.taken == 530 * 529 / 2)
  }

  /// Rows from the back and rows from the front are all rows, in their order.
  @Test func rowsFromBothEnds() throws {
    var generator = SeededGenerator(seed: 6)
    let n = 130
    let distances = try distanceMatrix(MatrixKind.plane.matrix(n, using: &generator))
    for (helped, isRoomy) in [(0, true), (3, true), (100, true), (100, false)] {
      let gathering = BandGathering(distances)
      let most = Int32(bitPattern: Float.infinity.bitPattern)
      let room = try Memory<UInt64>(isRoomy ? n * n : 20 * n)
      gathering.begin(after: -1, upTo: most, room: room)
      for _ in 0..<helped { _ = gathering.help() }
      let front = try Memory<UInt64>(n * n)
      var count = 0
      while let rows = gathering.next() {
        for i in rows { count += gathering.gather(i, into: front.base + count) }
      }
      #expect(helped < 100 || (count == 0) == isRoomy)  // without room the back is left to the front
      let back = gathering.end()
      let keys = withExtendedLifetime((front, room)) {
        (Array(UnsafeBufferPointer(start: front.base, count: count)) + back).map { $0 & 0xFFFF_FFFF }
      }
      #expect(keys == (0..<n).flatMap { i in (i + 1..<n).map { UInt64(i << 16 | $0) } })
    }
  }

  /// Nobody waits for a run that was given up.
  @Test func preparationStops() throws {
    var generator = SeededGenerator(seed: 5)
    let distances = try distanceMatrix(MatrixKind.plane.matrix(530, using: &generator))
    let order = try EdgeOrder(distances, upTo: .infinity, progress: Progress())
    #expect(order.prepare(unless: { true }))
    #expect(throws: ToposcopeError.self) { _ = try order.nextRun() }
  }

  /// Helpers begin nothing while they rest, and go home from there.
  @Test func helpersRest() throws {
    var generator = SeededGenerator(seed: 5)
    let distances = try distanceMatrix(MatrixKind.plane.matrix(530, using: &generator))
    let order = try EdgeOrder(distances, upTo: .infinity, progress: Progress())
    let lookahead = try LoopLookahead(order, threads: 3)
    #expect(lookahead.helpers == 2)
    let isOpen = try lookahead.rest { () throws(ToposcopeError) in
      var isOpen = false
      try Threads.run(helpers: lookahead.helpers) {
        lookahead.help()
      } beside: { () throws(ToposcopeError) in
        for _ in 0..<200 { Threads.pause() }
        isOpen = order.prepare(unless: { false })
        lookahead.end()
      }
      return isOpen
    }
    #expect(isOpen)
  }

  /// A run that a helper has prepared begins with what has been found out about it since.
  @Test func preparedLinks() throws {
    var generator = SeededGenerator(seed: 5)
    let n = 900
    let distances = try distanceMatrix(MatrixKind.plane.matrix(n, using: &generator))
    let order = try EdgeOrder(distances, upTo: .infinity, progress: Progress())
    let lookahead = try LoopLookahead(order, threads: 2)
    let graph = try BitRows(closed: n)
    var (early, runs) = (0, 0)
    try Threads.run(helpers: 1) {
      lookahead.help()
    } beside: { () throws(ToposcopeError) in
      defer { lookahead.end() }
      while let run = try order.nextRun() {
        let links = try lookahead.begin(run)
        let known = links.passed(0, searches: 0) { _ in true }
        lookahead.passed(0, of: links, in: graph)
        if known > 0 { early += 1 }
        runs += 1
        // Until the helper has looked at the next run, if there is one; but not for ever.
        var pauses = 0
        while runs == 2 && pauses < 1_000_000 && lookahead.next.map({ $0.settledCount == $0.count }) != true {
          Threads.pause()
          pauses += 1
        }
        for i in 0..<run.count { graph.insert(Int(run[i].tail), Int(run[i].head)) }
        _ = links.passed(run.count, searches: run.count) { _ in true }  // every link was searched
        lookahead.finish(links)
      }
    }
    #expect(runs > 2 && early > 0)
  }

  /// In the middle of a run the scout goes on from the graph that is there, and tells the truth.
  @Test func beginsInTheMiddle() throws {
    var generator = SeededGenerator(seed: 6)
    let n = 900
    let distances = try distanceMatrix(MatrixKind.plane.matrix(n, using: &generator))
    let order = try EdgeOrder(distances, upTo: .infinity, progress: Progress())
    let lookahead = try LoopLookahead(order, threads: 2)
    let graph = try BitRows(closed: n)
    var components = try LinkComponents(graph)
    var (told, wrong) = (0, 0)
    try Threads.run(helpers: 1) {
      lookahead.help()
    } beside: { () throws(ToposcopeError) in
      defer { lookahead.end() }
      guard let run = try order.nextRun() else { return }
      let links = try lookahead.begin(run)
      let middle = run.count / 2 & ~255
      for i in 0..<run.count {
        if i == middle {
          _ = links.passed(i, searches: 0) { _ in true }  // not one link was searched
          lookahead.passed(i, of: links, in: graph)
          if links.settledCount > 0 { wrong += 1 }
          _ = links.passed(i + n + 1 << 12, searches: i) { _ in true }  // many were
          _ = links.passed(i, searches: i) { _ in true }
          lookahead.passed(i, of: links, in: graph)
          var pauses = 0
          while pauses < 1_000_000 && links.settledCount < run.count {
            Threads.pause()
            pauses += 1
          }
        }
        let (u, v) = (Int(run[i].tail), Int(run[i].head))
        if i > middle, i < links.settledCount, let w = links.vertex(i) {
          components.find(u, v, in: graph, first: w)
          if !graph.contains(u, w) || !graph.contains(v, w) || components.roots.count != 1 { wrong += 1 }
          told += 1
        }
        graph.insert(u, v)
      }
      lookahead.finish(links)
    }
    #expect(told > 0 && wrong == 0)
  }
}
