import CToposcopeProcessor

/// The rank of the edge between any two vertices: a matrix, or, for graphs with few edges, a list a vertex in the order of the
/// neighbours, with a row of bits that says which they are (of very many vertices they are listed, and searched by halving).
struct RankTable {
  /// The rank of pairs that are never joined, and of a vertex with itself. Above all others.
  static let absent = Int32.max

  private let count: Int
  /// A matrix with rows padded to whole vectors, or the ranks of the edges of every vertex.
  private let ranks: Memory<Int32>
  private let rowLength: Int
  private let isSparse: Bool
  /// The other ends of the edges of every vertex, ascending, and where its list begins; none where there are places.
  private let neighbors: Memory<Int32>
  private let starts: Memory<UInt32>
  private let longest: Int
  /// Of every vertex which others it has edges to, 64 in a block; none for a matrix, or where there are too many vertices.
  private let places: Memory<Places>
  private let placesPerRow: Int

  /// Which of 64 vertices are in a list, and where in all lists, one after another, the rank of the first of them stands.
  struct Places: BitwiseCopyable {
    var bits: UInt64 = 0
    var before: Int = 0

    @inline(__always)
    func place(of bit: UInt64) -> Int { before &+ (bits & (bit &- 1)).nonzeroBitCount }
  }

  private struct Neighbor: BitwiseCopyable {
    var vertex: Int32
    var rank: Int32
  }

  /// Smaller matrices are worth their memory.
  private static let smallMatrix = 256

  /// With more vertices the bits would take more memory than they are worth.
  private static let manyVertices = 1 << 13

  /// Whether a table of so many vertices and edges has lists of neighbours.
  static func hasLists(_ vertices: Int, _ edges: Int) -> Bool { vertices > manyVertices && isSparse(vertices, edges) }

  private static func isSparse(_ vertices: Int, _ edges: Int) -> Bool {
    vertices > smallMatrix && edges / vertices < vertices / 16
  }

  private static func placesPerRow(_ vertices: Int) -> Int { (vertices + 63) / 64 }

  private static func rowLength(_ vertices: Int) -> Int { (vertices + 15) / 16 * 16 }

  /// The bytes that the table of so many vertices and edges takes; lists that are searched take twice as many while they are
  /// made.
  static func bytes(vertices: Int, edges: Int, hasLists: Bool) -> Double {
    if hasLists { return 32 * Double(edges) + 8 * Double(vertices) }
    if isSparse(vertices, edges) { return 8 * Double(edges) + 16 * Double(vertices * placesPerRow(vertices)) }
    return 4 * Double(vertices) * Double(rowLength(vertices))
  }

  /// - Parameter hasLists: whether there are lists of neighbours, whatever else would take less time
  init(
    _ vertices: Int, _ edges: Growing<FiltrationEdge>, hasLists: Bool, threads: Int, _ progress: Progress
  ) throws(ToposcopeError) {
    count = vertices
    // Pointers, so that nothing is retained for an edge.
    let list = UnsafePointer(edges.base)
    isSparse = hasLists || RankTable.isSparse(vertices, edges.count)
    rowLength = RankTable.rowLength(vertices)
    guard isSparse else {
      let (cells, overflow) = vertices.multipliedReportingOverflow(by: rowLength)
      guard !overflow else { throw ToposcopeError(.memory, value: 4 * Double(vertices) * Double(rowLength)) }
      ranks = try Memory(cells, isZeroed: false)
      neighbors = try Memory(0)
      starts = try Memory(0)
      longest = 0
      places = try Memory(0)
      placesPerRow = 0
      let matrix = ranks.base
      for vertex in 0..<vertices {
        (matrix + vertex * rowLength).update(repeating: RankTable.absent, count: rowLength)
        if vertex & 0x3F == 0 { try progress.report(0, of: edges.count) }
      }
      for rank in 0..<edges.count {
        let edge = list[rank]
        matrix[Int(edge.tail) &* rowLength &+ Int(edge.head)] = Int32(truncatingIfNeeded: rank)
        matrix[Int(edge.head) &* rowLength &+ Int(edge.tail)] = Int32(truncatingIfNeeded: rank)
        if rank & 0xFFFF == 0 { try progress.report(0, of: edges.count) }
      }
      return
    }
    placesPerRow = hasLists ? 0 : RankTable.placesPerRow(vertices)
    if placesPerRow > 0 {
      ranks = try Memory(2 * edges.count, isZeroed: false)
      let rankLists = ranks.base
      starts = try Memory(0)
      longest = 0
      neighbors = try Memory(0)
      places = try Memory(vertices * placesPerRow)
      let (table, perRow) = (places.base, placesPerRow)
      let block = { (u: Int32, v: Int32) in table + (Int(u) &* perRow &+ Int(v &>> 6)) }
      for rank in 0..<edges.count {
        let edge = list[rank]
        block(edge.tail, edge.head).pointee.bits |= RankTable.bit(edge.head)
        block(edge.head, edge.tail).pointee.bits |= RankTable.bit(edge.tail)
      }
      var before = 0
      for i in 0..<places.count {
        table[i].before = before
        before &+= table[i].bits.nonzeroBitCount
      }
      for rank in 0..<edges.count {
        let edge = list[rank]
        let there = block(edge.tail, edge.head).pointee.place(of: RankTable.bit(edge.head))
        let back = block(edge.head, edge.tail).pointee.place(of: RankTable.bit(edge.tail))
        rankLists[there] = Int32(truncatingIfNeeded: rank)
        rankLists[back] = Int32(truncatingIfNeeded: rank)
        if rank & 0xFFFF == 0 { try progress.report(0, of: edges.count) }
      }
      return
    }
    let room = Dealing.room(2 * edges.count, threads: threads)
    guard room <= UInt32.max else { throw ToposcopeError(.memory, value: 32 * Double(edges.count)) }
    ranks = try Memory(room, isZeroed: false)
    places = try Memory(0)
    starts = try Memory(vertices + 1)
    let first = starts.base
    let dealing = try Dealing(vertices, threads: threads)
    try dealing.forEach(edges.count, progress) { hand, some in
      for rank in some {
        _ = hand.take(list[rank].tail)
        _ = hand.take(list[rank].head)
      }
    }
    dealing.turnCounts(into: first)
    longest = Int((0..<vertices).reduce(0) { max($0, first[$1 + 1] - first[$1]) })
    // In any order first; then the lists of the vertices in turn are dealt out, so that all lists ascend.
    let unsorted = try Memory<Neighbor>(room, isZeroed: false)
    defer { withExtendedLifetime(unsorted) {} }
    let given = unsorted.base
    dealing.begin(at: first)
    try dealing.forEach(edges.count, progress) { hand, some in
      for rank in some {
        let edge = list[rank]
        given[hand.take(edge.tail)] = Neighbor(vertex: edge.head, rank: Int32(truncatingIfNeeded: rank))
        given[hand.take(edge.head)] = Neighbor(vertex: edge.tail, rank: Int32(truncatingIfNeeded: rank))
      }
    }
    neighbors = try Memory(room, isZeroed: false)
    let (neighborLists, rankLists) = (neighbors.base, ranks.base)
    dealing.begin(at: first)
    try dealing.forEach(2 * edges.count, progress) { hand, some in
      var vertex = RankTable.owner(of: some.lowerBound, first, vertices)
      for i in some {
        while i >= first[vertex &+ 1] { vertex &+= 1 }
        let place = hand.take(given[i].vertex)
        neighborLists[place] = Int32(truncatingIfNeeded: vertex)
        rankLists[place] = given[i].rank
      }
    }
  }

  /// The vertex whose list has a place.
  private static func owner(of place: Int, _ starts: UnsafePointer<UInt32>, _ vertices: Int) -> Int {
    var (low, high) = (0, vertices)
    while high - low > 1 {
      let middle = (low + high) / 2
      if place < starts[middle] { high = middle } else { low = middle }
    }
    return low
  }

  @inline(__always)
  private static func bit(_ vertex: Int32) -> UInt64 { 1 &<< UInt64(truncatingIfNeeded: vertex & 63) }

  /// The ranks of the edges of one vertex.
  struct Row {
    fileprivate let ranks: UnsafeMutablePointer<Int32>
    fileprivate let neighbors: UnsafeMutablePointer<Int32>
    fileprivate let places: UnsafeMutablePointer<Places>?
    /// The length of a list; -1 for a row of a matrix.
    fileprivate let count: Int

    @inline(__always)
    subscript(vertex: Int) -> Int32 {
      if count < 0 { return ranks[vertex] }
      guard let places else { return find(Int32(truncatingIfNeeded: vertex)) }
      let (block, bit) = (places[vertex &>> 6], RankTable.bit(Int32(truncatingIfNeeded: vertex)))
      return block.bits & bit == 0 ? RankTable.absent : ranks[block.place(of: bit)]
    }

    private func find(_ vertex: Int32) -> Int32 {
      // By halves down to 64 places, of which nobody could foresee which half is the next: they are all looked at.
      var (low, length) = (0, count)
      while length > 64 {
        let half = length &>> 1
        low = neighbors[low &+ half] <= vertex ? low &+ half : low
        length &-= half
      }
      let found = Int(toposcope_equal(neighbors + low, vertex).trailingZeroBitCount)
      return found < length ? ranks[low &+ found] : RankTable.absent
    }
  }

  @inline(__always)
  subscript(vertex: Int32) -> Row {
    if !isSparse {
      return Row(ranks: ranks.base + Int(vertex) &* rowLength, neighbors: neighbors.base, places: nil, count: -1)
    }
    if placesPerRow > 0 {
      let row = places.base + Int(vertex) &* placesPerRow
      return Row(ranks: ranks.base, neighbors: neighbors.base, places: row, count: 0)
    }
    return allLists.row(vertex)
  }

  /// Of every vertex the other ends of its edges, ascending, and the ranks of these edges; the table keeps their memory.
  struct Lists: BitwiseCopyable, @unchecked Sendable {
    let vertexCount: Int
    /// The length of the longest list.
    let longest: Int
    let neighbors: UnsafeMutablePointer<Int32>
    let ranks: UnsafeMutablePointer<Int32>
    fileprivate let starts: UnsafeMutablePointer<UInt32>

    /// Where the list of a vertex is.
    @inline(__always)
    func places(of vertex: Int32) -> Range<Int> {
      let start = starts + Int(vertex)
      return Range(uncheckedBounds: (Int(start[0]), Int(start[1])))
    }

    @inline(__always)
    func row(_ vertex: Int32) -> Row {
      let places = places(of: vertex)
      return Row(
        ranks: ranks + places.lowerBound, neighbors: neighbors + places.lowerBound, places: nil, count: places.count)
    }

    /// Whether one had better look so many neighbours of a vertex up than go through all.
    @inline(__always)
    func isMuchLonger(_ vertex: Int32, than count: Int) -> Bool { places(of: vertex).count > 32 &* count }

    /// Brings the list of a vertex near the processor.
    @inline(__always)
    func fetch(_ vertex: Int32) {
      let places = places(of: vertex)
      for line in stride(from: places.lowerBound, to: places.upperBound, by: 16) {
        toposcope_fetch_to_read(neighbors + line)
        toposcope_fetch_to_read(ranks + line)
      }
    }
  }

  /// The lists of neighbours; nil for a matrix, or where bits say where neighbours stand.
  var lists: Lists? { isSparse && placesPerRow == 0 ? allLists : nil }

  private var allLists: Lists {
    Lists(
      vertexCount: count, longest: longest, neighbors: neighbors.base, ranks: ranks.base, starts: starts.base)
  }

  /// The vertices that are joined to both of two by edges before a rank, ascending.
  @inline(__always)
  func forEachCommon(_ u: Int32, _ v: Int32, before rank: Int32, _ body: (Int32) -> Void) {
    let (a, b) = (self[u], self[v])
    if isSparse {
      forEachInBoth(a, b) { x, longer in if longer < rank { body(x) } }
    } else {
      for x in 0..<count where max(a.ranks[x], b.ranks[x]) < rank { body(Int32(truncatingIfNeeded: x)) }
    }
  }

  /// The vertex p whose longest edge to u and v, and to x and y where they are given, is shortest: the rank of that edge,
  /// `absent` where there is none.
  @inline(__always)
  func nearest(_ u: Int32, _ v: Int32, _ others: (Int32, Int32)? = nil) -> Int32 {
    if isSparse {
      var best = RankTable.absent
      let rows = others.map { (self[$0.0], self[$0.1]) }
      forEachInBoth(self[u], self[v]) { p, longer in
        if longer >= best { return }
        var longest = longer
        if let rows { longest = max(longest, rows.0[Int(p)], rows.1[Int(p)]) }
        best = min(best, longest)
      }
      return best
    }
    let (c, d) = others ?? (u, v)
    return KernelSet.best.leastGreatest(row(u), row(v), row(c), row(d), rowLength)
  }

  /// The vertices that are in two lists, ascending, each with the greater one of its two ranks.
  @inline(__always)
  private func forEachInBoth(_ a: Row, _ b: Row, _ body: (_ vertex: Int32, _ longer: Int32) -> Void) {
    if let first = a.places, let second = b.places {
      for k in 0..<placesPerRow {
        var both = first[k].bits & second[k].bits
        while both != 0 {
          let bit = both & (0 &- both)
          both ^= bit
          let longer = max(a.ranks[first[k].place(of: bit)], b.ranks[second[k].place(of: bit)])
          body(Int32(truncatingIfNeeded: k &* 64 &+ bit.trailingZeroBitCount), longer)
        }
      }
      return
    }
    var (i, j) = (0, 0)
    while i < a.count, j < b.count {
      let (x, y) = (a.neighbors[i], b.neighbors[j])
      if x == y { body(x, max(a.ranks[i], b.ranks[j])) }
      i &+= x <= y ? 1 : 0
      j &+= y <= x ? 1 : 0
    }
  }

  /// A row of the matrix.
  @inline(__always)
  private func row(_ vertex: Int32) -> UnsafePointer<Int32> { UnsafePointer(ranks.base + Int(vertex) &* rowLength) }
}

/// Deals entries out to lists, one a vertex, on several threads: each goes through all entries in order, and takes those of some
/// of the vertices.
private struct Dealing {
  /// What one thread takes.
  struct Hand {
    private let first: Int32
    private let count: UInt32
    /// Of each of its vertices the next place in the list, and after them a place for what others take.
    private let places: UnsafeMutablePointer<UInt32>

    init(_ vertices: Range<Int>, _ places: UnsafeMutablePointer<UInt32>) {
      (first, count) = (Int32(vertices.lowerBound), UInt32(vertices.count))
      self.places = places
    }

    /// Takes the next place in the list of a vertex. Nobody could foresee which ones are taken: for the others there is one place,
    /// again and again.
    @inline(__always)
    func take(_ vertex: Int32) -> Int {
      let i = min(UInt32(bitPattern: vertex &- first), count)
      let place = places[Int(i)]
      places[Int(i)] = place &+ (i < count ? 1 : 0)
      return Int(place)
    }
  }

  private let vertices: Int
  private let threads: Int
  private let places: Memory<UInt32>

  /// Entries that are dealt out at once: a few milliseconds.
  private static let entriesAtOnce = 1 << 19
  /// Threads do not write near each other, and as many numbers may be read at once.
  private static let apart = 64

  init(_ vertices: Int, threads: Int) throws(ToposcopeError) {
    (self.vertices, self.threads) = (vertices, threads)
    places = try Memory(vertices + Dealing.apart * threads)
  }

  /// How many places lists take that have so many in all, with those that are read after the last.
  static func room(_ count: Int, threads: Int) -> Int { count + apart * (threads + 1) }

  private func own(_ thread: Int) -> Range<Int> { vertices * thread / threads..<vertices * (thread + 1) / threads }

  private func places(_ thread: Int) -> UnsafeMutablePointer<UInt32> {
    places.base + (own(thread).lowerBound + Dealing.apart * thread)
  }

  /// Lets each list begin at a place.
  func begin(at starts: UnsafePointer<UInt32>) {
    for thread in 0..<threads {
      let own = own(thread)
      places(thread).update(from: starts + own.lowerBound, count: own.count)
      places(thread)[own.count] = starts[vertices] + UInt32(Dealing.apart * (thread + 1))
    }
  }

  /// Where the lists begin, one after another, that have as many places as have been taken, and where the last one ends.
  func turnCounts(into starts: UnsafeMutablePointer<UInt32>) {
    starts[0] = 0
    for thread in 0..<threads {
      let (own, counts) = (own(thread), places(thread))
      for i in 0..<own.count { starts[own.lowerBound + i + 1] = starts[own.lowerBound + i] + counts[i] }
    }
  }

  /// Calls `body` for every thread with all of so many entries, some at a time.
  func forEach(
    _ count: Int, _ progress: Progress, _ body: (Hand, Range<Int>) -> Void
  ) throws(ToposcopeError) {
    for start in stride(from: 0, to: count, by: Dealing.entriesAtOnce) {
      let some = start..<min(start + Dealing.entriesAtOnce, count)
      try Threads.forEach(chunks: threads, threads: threads, progress: Progress()) {
        body(Hand(own($0), places($0)), some)
      }
      try progress.report(0, of: count)
    }
  }
}
