import CToposcopeProcessor
import Synchronization

/// Works ahead of ``Loops`` on other threads: prepares the next run of edges, and looks at the links of edges that are to
/// be added soon.
///
/// Whether the link of an edge is connected depends on the graph alone, and where it is, all triangles of the edge say the
/// same. The thread that looks ahead has a graph of its own, so that it sees each link as it will be. What it finds only
/// saves time: where nothing is known, the thread that follows looks for itself, and never waits. So the results do not
/// depend on what was known.
///
/// The two graphs may differ in edges of vertices that are left out (``DominatedVertices``), as the scout hears of these
/// sooner or later. Sending each of them to the one that dominates it maps either link onto its part without them, which is
/// the same in both. So a link that is connected here is connected there, and a vertex of it is in both, unless it is left
/// out itself.
final class LoopLookahead: @unchecked Sendable {
  /// One thread looks at links, one prepares runs; where there is one only, it does both.
  let helpers: Int

  private let order: EdgeOrder
  private let isOver = Atomic<Bool>(false)
  private let isResting = Atomic<Bool>(false)
  private let helping = Atomic<Int>(0)
  /// The run that is being added, and the next one, if another thread has prepared it.
  private let runs = Mutex<(current: LinksAhead?, next: LinksAhead?)>((nil, nil))
  /// Whether links were wanted at the end of the last run.
  private var isWanted = false
  /// The number of the run before whose first edge to be looked at the scout's graph is the one that ``Loops`` has, but for
  /// edges of vertices that are left out: then it is the scout's. Otherwise ``passed(_:of:in:)`` may write to it.
  private let ready = Atomic<Int>(none)
  private static let none = -1
  private let news: VertexNews
  private let scout: LinkScout?

  init(_ order: EdgeOrder, threads: Int) throws(ToposcopeError) {
    self.order = order
    helpers = order.isLong ? min(threads - 1, 2) : 0
    news = try VertexNews(helpers > 0 ? order.vertexCount : 0)
    scout = helpers > 0 ? try LinkScout(vertices: order.vertexCount, news: news) : nil
  }

  /// Tells of the run that is about to be added.
  func begin(_ run: EdgeRun) throws(ToposcopeError) -> LinksAhead {
    let prepared = runs.withLock { (runs) -> LinksAhead? in
      guard let next = runs.next, next.run.number == run.number else { return nil }  // it may be the one after this
      runs.next = nil
      return next
    }
    let links = if let prepared { prepared } else { try LinksAhead(run, in: order.keys, news) }
    links.isWanted = isWanted
    if helpers > 0 { runs.withLock { $0.current = links } }
    return links
  }

  /// Tells that some edges of the run have been added to `graph`. If links are wanted, and the scout has fallen behind or not
  /// begun, it goes on from there.
  func passed(_ edges: Int, of links: LinksAhead, in graph: BitRows) {
    guard let scout, links.isWanted, ready.load(ordering: .acquiring) == LoopLookahead.none else { return }
    scout.graph.copy(graph)
    links.start = edges
    ready.store(links.run.number, ordering: .releasing)
  }

  /// Leaves out edges of some vertices as soon as that saves work.
  func leaveOut(_ vertices: VertexBits) throws(ToposcopeError) {
    order.leaveOut(try VertexBits(vertices))
    news.leaveOut(vertices)
  }

  /// Tells that the run has been added, so that its memory may be used for another one.
  func finish(_ links: LinksAhead) {
    isWanted = links.isWanted
    if helpers > 0 { runs.withLock { $0.current = nil } }
  }

  /// What is known of the next run, if a helper has prepared it.
  var next: LinksAhead? { runs.withLock { $0.next } }

  /// Sends the helpers home.
  func end() { isOver.store(true, ordering: .relaxed) }

  /// What a helper does.
  func help() {
    let helper = helping.wrappingAdd(1, ordering: .relaxed).oldValue
    while goesOn() {
      if (helper == 1 || helpers == 1) && prepare() { continue }
      if helper == 0 && lookAtLinks() { continue }
      if !order.help() { Threads.pause() }
    }
  }

  /// Calls `body` while the helpers rest, so that it has their processors.
  func rest<Result>(while body: () throws(ToposcopeError) -> Result) throws(ToposcopeError) -> Result {
    isResting.store(true, ordering: .relaxed)
    defer { isResting.store(false, ordering: .relaxed) }
    return try body()
  }

  /// Whether a helper has to go on, asked every moment; comes back when it may.
  private func goesOn() -> Bool {
    while !isOver.load(ordering: .relaxed) {
      if !isResting.load(ordering: .relaxed) { return true }
      Threads.pause()
    }
    return false
  }

  /// Prepares the next run, if nobody has or does.
  private func prepare() -> Bool {
    order.prepare {
      !goesOn()
    } tell: { (run, keys) throws(ToposcopeError) in
      let links = try LinksAhead(run, in: keys, news)
      runs.withLock { $0.next = links }
    }
  }

  /// Looks at the links of the current run, or when that is done at those of the next one, if that is worth it and possible.
  private func lookAtLinks() -> Bool {
    let number = ready.load(ordering: .acquiring)
    guard let scout, number != LoopLookahead.none else { return false }
    let (current, next) = runs.withLock { $0 }
    guard let current else { return false }
    if number < current.run.number {
      ready.store(LoopLookahead.none, ordering: .releasing)  // a run was missed
      return false
    }
    guard current.isWanted, let links = [current, next].first(where: { $0?.run.number == number }) ?? nil else {
      return false
    }
    let isDone = scout.look(links) { !goesOn() }
    ready.store(isDone ? number + 1 : LoopLookahead.none, ordering: .releasing)
    return true
  }
}

/// What is known of the links of the edges of one run.
final class LinksAhead: @unchecked Sendable {
  fileprivate let run: EdgeRun
  /// The number of edges before the first that the scout looks at: it says so before the run is the scout's.
  fileprivate(set) var start = 0
  /// Where the run is: kept for those who still read it.
  private let keys: Memory<UInt64>
  /// For each edge that has been looked at a vertex of its link, if that is known to be connected; otherwise its tail, which
  /// is never in it.
  private let vertices: Memory<UInt16>
  /// The number of edges that have been added.
  private let added = Atomic<Int>(0)
  /// Nothing more will be known of so many edges.
  private let settled = Atomic<Int>(0)
  private let news: VertexNews
  private let wanted = Atomic<Bool>(false)
  /// What was told when it was last judged whether links are wanted.
  private var judged = (edges: 0, searches: 0)

  private var edgesPerJudgement: Int { max(1 << 12, news.vertices) }

  /// - Parameters:
  ///   - keys: The memory in which the run is.
  ///   - news: Of no vertices where nothing will be found.
  init(_ run: EdgeRun, in keys: Memory<UInt64>, _ news: VertexNews) throws(ToposcopeError) {
    self.run = run
    self.keys = keys
    self.news = news
    vertices = try Memory(news.vertices > 0 ? run.count : 0, isZeroed: false)
  }

  /// Whether it is worth looking at links: whether of the last edges a sixteenth or more needed a look at theirs.
  fileprivate(set) var isWanted: Bool {
    get { wanted.load(ordering: .relaxed) }
    set { wanted.store(newValue, ordering: .relaxed) }
  }

  /// Tells how many edges have been added, how many searches of links there have been in all, and which vertices live
  /// classes touch. Returns the number of edges whose ``vertex(_:)`` may be asked for.
  func passed(_ edges: Int, searches: Int, isTouched: (Int) -> Bool) -> Int {
    added.store(edges, ordering: .relaxed)
    if edges == 0 { judged.searches = searches }
    if edges >= judged.edges + edgesPerJudgement {
      isWanted = (searches - judged.searches) * 16 >= edges - judged.edges
      if isWanted { news.tell(isTouched) }
      judged = (edges, searches)
    }
    return settledCount
  }

  /// The number of edges in the run.
  var count: Int { run.count }
  var settledCount: Int { settled.load(ordering: .acquiring) }

  /// A vertex of the link of an edge that has been looked at, if that is known to be connected.
  @inline(__always)
  func vertex(_ i: Int) -> Int? {
    let vertex = Int(vertices.base[i])
    return vertex != Int(run[i].tail) ? vertex : nil
  }

  fileprivate var addedCount: Int { added.load(ordering: .relaxed) }
  @inline(__always)
  fileprivate func set(_ i: Int, _ vertex: Int) { vertices.base[i] = UInt16(truncatingIfNeeded: vertex) }
  fileprivate func settle(_ count: Int) { settled.store(count, ordering: .releasing) }
}

/// Finds connected links in a graph of its own.
final class LinkScout {
  let graph: BitRows
  private let centers: LinkCenters
  private var components: LinkComponents
  private let news: VertexNews
  /// Those that live classes touched some time ago.
  private let touched: VertexBits
  private let leftOut: VertexBits

  private static let edgesPerBlock = 256
  /// Who has been caught up with goes so many edges ahead: every edge has to be added, but not every link looked at.
  private static let lead = 1 << 12

  init(vertices: Int, news: VertexNews) throws(ToposcopeError) {
    self.news = news
    touched = try VertexBits(vertices)
    leftOut = try VertexBits(vertices)
    graph = try BitRows(closed: vertices)
    centers = try LinkCenters(graph)
    components = try LinkComponents(graph)
  }

  /// Adds all edges of a run from its start on, and looks at the links of those that will not have been added elsewhere by then.
  /// Gives up, and returns false, when all have been.
  @discardableResult
  func look(_ links: LinksAhead, unless isOver: () -> Bool) -> Bool {
    let run = links.run
    var (start, first) = (links.start, links.start)
    while start < run.count && !isOver() {
      let stop = min(start + LinkScout.edgesPerBlock, run.count)
      let added = links.addedCount
      if added == run.count { return false }
      if added > 0 && start < added + LinkScout.edgesPerBlock { first = added + LinkScout.lead }
      news.read(touched, leftOut)
      for i in start..<stop {
        run.fetch(after: i)
        let soon = i &+ Loops.edgesFetched
        if soon < run.count { fetch(run[soon]) }
        let e = run[i]
        let (u, v) = (Int(e.tail), Int(e.head))
        let isLeftOut = leftOut.meets(e)
        links.set(i, start >= first && !isLeftOut && touched.meets(e) ? connectedLink(u, v) ?? u : u)
        if !isLeftOut { graph.insert(u, v) }
      }
      links.settle(stop)
      start = stop
    }
    return start == run.count
  }

  @inline(__always)
  private func fetch(_ e: FiltrationEdge) {
    let (u, v) = (Int(e.tail), Int(e.head))
    graph.fetch(u, v)
    if touched.meets(e) {
      toposcope_fetch(graph.row(u))
      toposcope_fetch(graph.row(v))
    }
  }

  /// A vertex of the link of an edge, if it is connected.
  @inline(__always)
  private func connectedLink(_ u: Int, _ v: Int) -> Int? {
    let word = graph.firstCommonWord(u, v)
    if word == graph.wordsPerRow { return nil }
    if let center = centers.find(u, v, firstCommonWord: word) { return center }
    let first = word &<< 6 &+ (graph.row(u)[word] & graph.row(v)[word]).trailingZeroBitCount
    components.find(u, v, in: graph, first: first)
    return components.roots.count == 1 ? first : nil
  }
}
