/// Looks at the links of the edges of a graph, one edge after another, and adds each to a graph of its own.
///
/// Most links are cones. A vertex that shows it is seldom looked for: if v′ is a near neighbour of v, then the vertex that
/// was joined to all common neighbours of u and v′ is likely to be joined to all those of u and v.
struct LinkScanner {
  let neighbors: CommonNeighbors
  private let graph: RankedGraph
  /// Links of up to 64, 128 and 256 vertices, and larger ones.
  private var small: SmallLink<UInt64>
  private var medium: SmallLink<SIMD2<UInt64>>
  private var large: SmallLink<SIMD4<UInt64>>
  private var huge: LinkLoops
  /// Of each edge that has been looked at: a vertex in the middle of its link, if possible joined to all of it.
  let middles: Memory<UInt16>
  /// Whether what is found may depend on which edges this scanner has looked at (never which edges ask for something).
  private let isFree: Bool

  static let unknown = UInt16.max
  /// Of so many common neighbours the nearest is found by looking at each.
  private static let few = 64

  init(_ graph: RankedGraph, isFree: Bool) throws(ToposcopeError) {
    self.graph = graph
    self.isFree = isFree
    neighbors = try CommonNeighbors(graph.count)
    small = try SmallLink(neighbors.graph)
    medium = try SmallLink(neighbors.graph)
    large = try SmallLink(neighbors.graph)
    huge = try LinkLoops(neighbors.graph)
    middles = try Memory(graph.edges.count)
    middles.base.update(repeating: LinkScanner.unknown, count: graph.edges.count)
  }

  /// Adds an edge without looking at its link.
  @inline(__always)
  func pass(_ rank: Int32) {
    let edge = graph.edges[Int(rank)]
    neighbors.graph.insert(Int(edge.tail), Int(edge.head))
  }

  /// Takes the edge away that was added last.
  func takeBack(_ rank: Int32) {
    let edge = graph.edges[Int(rank)]
    neighbors.graph.remove(Int(edge.tail), Int(edge.head))
  }

  /// Writes down what an edge asks for, and adds it.
  /// - Parameter wantsLoops: whether the loops of the link matter
  @inline(__always)
  mutating func scan(_ rank: Int32, wantsLoops: Bool, into findings: inout LinkFindings) throws(ToposcopeError) {
    let edge = graph.edges[Int(rank)]
    let (u, v) = (edge.tail, edge.head)
    var center: Int32 = -1
    if !isConeByNeighbors(rank, u, v, &center) {
      try examine(rank, u, v, center, wantsLoops: wantsLoops, &findings)
    }
    neighbors.graph.insert(Int(u), Int(v))
  }

  /// True if the middle of the link of a neighbouring edge shows that the link is a cone; otherwise `center` is such a
  /// middle that is in the link, if there is one.
  @inline(__always)
  private func isConeByNeighbors(_ rank: Int32, _ u: Int32, _ v: Int32, _ center: inout Int32) -> Bool {
    for i in 0..<2 {
      if isCone(rank, u, v, u, graph.near(v, i), &center) { return true }
      if isCone(rank, u, v, v, graph.near(u, i), &center) { return true }
    }
    return false
  }

  @inline(__always)
  private func isCone(
    _ rank: Int32, _ u: Int32, _ v: Int32, _ a: Int32, _ b: Int32, _ center: inout Int32
  ) -> Bool {
    guard neighbors.graph.contains(Int(a), Int(b)) else { return false }
    let beside = graph.rank(a, b)
    if beside >= rank { return false }
    let middle = middles.base[Int(beside)]
    if middle == LinkScanner.unknown { return false }
    switch neighbors.part(of: Int32(middle), u, v) {
    case .apart: return false
    case .neighbor:
      if center < 0 { center = Int32(middle) }
      return false
    case .apex:
      middles.base[Int(rank)] = middle
      return true
    }
  }

  private mutating func examine(
    _ rank: Int32, _ u: Int32, _ v: Int32, _ likely: Int32, wantsLoops: Bool, _ findings: inout LinkFindings
  ) throws(ToposcopeError) {
    let count = neighbors.find(u, v)
    if count == 0 { return try findings.add(rank, partner: -1) }
    if count <= UInt64.capacity { return try examineSmall(rank, u, v, wantsLoops: wantsLoops, &findings) }
    var center = likely
    if center < 0 || !isFree {
      center = graph.end(of: graph.nearest(u, v), otherThan: u, v)
      if neighbors.isApex(center) {
        middles.base[Int(rank)] = UInt16(truncatingIfNeeded: center)
        return
      }
    }
    middles.base[Int(rank)] = UInt16(truncatingIfNeeded: center)
    if wantsLoops {
      let left = neighbors.reduce(first: center, few: UInt64.capacity, many: SIMD4<UInt64>.capacity)
      if left == 1 { return }
      if left <= UInt64.capacity {
        small.read(neighbors.reduced)
        center = try small.examine(&findings)
      } else if left <= SIMD2<UInt64>.capacity {
        medium.read(neighbors.reduced)
        center = try medium.examine(&findings)
      } else if left <= SIMD4<UInt64>.capacity {
        large.read(neighbors.reduced)
        center = try large.examine(&findings)
      } else {
        center = try huge.examine(neighbors.reduced, count: left, &findings)
      }
    } else {
      try neighbors.findComponents(first: center, &findings)
    }
    if findings.isPending { try findings.add(rank, partner: center) }
  }

  /// The same for the link of the vertices that ``neighbors`` has found, where one word holds them all: a vertex that is
  /// joined to the others is then easily looked for.
  private mutating func examineSmall(
    _ rank: Int32, _ u: Int32, _ v: Int32, wantsLoops: Bool, _ findings: inout LinkFindings
  ) throws(ToposcopeError) {
    small.read(neighbors.common)
    var apexes = small.apexes
    if !apexes.isEmpty {
      let (a, b) = (graph.row(u), graph.row(v))
      var (best, nearest) = (Int32.max, Int32(0))
      while !apexes.isEmpty {
        let x = small.name(apexes.removeFirst())
        let longer = max(a[Int(x)], b[Int(x)])
        if longer < best { (best, nearest) = (longer, x) }
      }
      middles.base[Int(rank)] = UInt16(truncatingIfNeeded: nearest)
      return
    }
    let center = small.center
    middles.base[Int(rank)] = UInt16(truncatingIfNeeded: small.name(center))
    let partner = wantsLoops ? try small.examine(&findings) : try small.findComponents(from: center, &findings)
    if findings.isPending { try findings.add(rank, partner: partner) }
  }

  /// The common neighbour x that makes the longer one of (u, x) and (v, x) shortest.
  private mutating func nearest(_ u: Int32, _ v: Int32, _ count: Int) -> Int32 {
    if count > LinkScanner.few { return graph.end(of: graph.nearest(u, v), otherThan: u, v) }
    let (a, b) = (graph.row(u), graph.row(v))
    var (best, nearest) = (Int32.max, Int32(0))
    for k in 0..<neighbors.wordCount {
      var rest = neighbors.common[k]
      while rest != 0 {
        let x = k &* 64 &+ rest.trailingZeroBitCount
        rest &= rest &- 1
        let longer = max(a[x], b[x])
        if longer < best { (best, nearest) = (longer, Int32(truncatingIfNeeded: x)) }
      }
    }
    return nearest
  }

  /// A vertex that is joined to all common neighbours of the ends of an edge, if there is one; nil also where there are
  /// no common neighbours. They are left in ``neighbors``.
  mutating func apex(_ rank: Int32) -> (count: Int, apex: Int32?) {
    let edge = graph.edges[Int(rank)]
    let count = neighbors.find(edge.tail, edge.head)
    return (count, count == 0 ? nil : neighbors.apex(first: nearest(edge.tail, edge.head, count)))
  }
}
