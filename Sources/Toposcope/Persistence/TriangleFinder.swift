/// Where an edge stands in the lists of its two ends.
struct EdgePlaces: BitwiseCopyable {
  var atTail: UInt32
  var atHead: UInt32
}

/// A triangle that an edge (u, v) closes: the third vertex w, and where it stands in the lists of u and of v.
struct ClosedTriangle: BitwiseCopyable {
  let apex: Int32
  let atTail: UInt32
  let atHead: UInt32

  @inline(__always)
  init(_ apex: Int32, _ atTail: Int, _ atHead: Int) {
    self.apex = apex
    (self.atTail, self.atHead) = (UInt32(truncatingIfNeeded: atTail), UInt32(truncatingIfNeeded: atHead))
  }
}

/// Finds the triangles that edges of a graph close. Each thread has one of its own.
struct TriangleFinder {
  private let lists: NeighborhoodLists
  /// Of every vertex a place where it stands: in the list that was marked last, if it is there.
  private let marks: Memory<UInt32>

  /// So many neighbours are searched as soon as marked.
  private static let few = 16

  init(_ lists: NeighborhoodLists) throws(ToposcopeError) {
    self.lists = lists
    marks = try Memory(lists.vertexCount)
  }

  /// Writes down the triangles of an edge, of which all other edges come before it: in the order of the edges at its head.
  /// - Returns: the places of the edge itself
  @inline(__always)
  func find(
    _ edge: Edge, _ rank: Int32, into triangles: inout Growing<ClosedTriangle>
  ) throws(ToposcopeError) -> EdgePlaces {
    // The edge itself is in both lists, so that they end with it.
    let (tails, heads) = (past(of: edge.tail, rank), past(of: edge.head, rank))
    try tails.count > TriangleFinder.few
      ? mark(tails, heads, into: &triangles) : search(tails, heads, into: &triangles)
    return EdgePlaces(
      atTail: UInt32(truncatingIfNeeded: tails.upperBound), atHead: UInt32(truncatingIfNeeded: heads.upperBound))
  }

  /// The places of a vertex before that of an edge.
  @inline(__always)
  private func past(of vertex: Int32, _ rank: Int32) -> Range<Int> {
    let first = Int(lists.first(vertex))
    var end = first
    while lists[end].rank < rank { end &+= 1 }
    return first..<end
  }

  /// Looks for every neighbour of the head among those of the tail, where a filter does not tell that it is none.
  @inline(__always)
  private func search(
    _ tails: Range<Int>, _ heads: Range<Int>, into triangles: inout Growing<ClosedTriangle>
  ) throws(ToposcopeError) {
    var filter: UInt64 = 0  // what the last bits of the neighbours of the tail may be
    for place in tails { filter |= TriangleFinder.bit(lists[place].vertex) }
    for place in heads {
      let apex = lists[place].vertex
      if filter & TriangleFinder.bit(apex) == 0 { continue }
      guard let match = tails.first(where: { lists[$0].vertex == apex }) else { continue }
      try triangles.append(ClosedTriangle(apex, match, place))
    }
  }

  /// Marks the neighbours of the tail. Nobody could foresee which of the head are among them: so all are written down, and
  /// most of them written over.
  @inline(__always)
  private func mark(
    _ tails: Range<Int>, _ heads: Range<Int>, into triangles: inout Growing<ClosedTriangle>
  ) throws(ToposcopeError) {
    for place in tails { marks.base[Int(lists[place].vertex)] = UInt32(truncatingIfNeeded: place) }
    var count = triangles.count
    try triangles.reserve(count + heads.count + 1)
    let found = triangles.base
    for place in heads {
      let apex = lists[place].vertex
      let match = Int(marks.base[Int(apex)])
      found[count] = ClosedTriangle(apex, match, place)
      let isHere = UInt(bitPattern: match &- tails.lowerBound) < UInt(bitPattern: tails.count)
      count &+= (isHere ? 1 : 0) & (lists[match].vertex == apex ? 1 : 0)
    }
    triangles.setCount(count)
  }

  @inline(__always)
  private static func bit(_ vertex: Int32) -> UInt64 { 1 &<< UInt64(truncatingIfNeeded: vertex & 63) }
}
