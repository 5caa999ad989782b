import CToposcopeProcessor

/// The annotations of edges and triangles, worked out when they are asked for.
///
/// Once an edge e = (u, v) with a nonempty link has been added, the cocycles vanish around every simplex. So the
/// annotation of e is that of any path (u, w, v); and that of a triangle e ∪ x follows a path in the link from x to the
/// vertex whose triangle with e has annotation zero: the partner of e, or the root of the component of x.
///
/// What is called often is mutating even where it changes nothing: otherwise all of this is copied for the call.
struct TriangleAnnotations {
  let graph: RankedGraph
  let field: PrimeField
  /// Of each edge: 0 where the partner is not known yet, and may be any common neighbour; `unfilled` where there is none;
  /// 1 more than the partner, with flags for edges that have more to them.
  private let partners: Memory<UInt32>
  private static let unfilled: UInt32 = 1 << 31
  private static let furtherRoots: UInt32 = 1 << 30
  private static let tree: UInt32 = 1 << 29
  private static let givenTree: UInt32 = 1 << 28
  private static let vertex: UInt32 = givenTree - 1
  /// Of each edge an apex of its link, if one was found, which will do for a partner; empty where none was written down, or ways
  /// may not be chosen freely.
  private let apexes: Memory<UInt16>
  /// See ``LinkScanner/fillings``.
  private let fillings: Memory<Filling>
  let wanted: Wanted
  /// Of classes of H2 that have died, where cycles are wanted: a cycle that is born with the class and bounds.
  var cycles: [Int: TriangleChain] = [:]
  var loops: HomologyLevel
  var voids: HomologyLevel
  /// Of edges whose link has more than one component: one vertex of each further one.
  private var rootLists: VertexLists
  /// Of some edges: the vertices of the link, ascending, then the next vertex on the way from each to its root.
  private var trees: VertexLists
  /// Room for a search in a link.
  private let search: Memory<Int32>
  private var edgeStack: Growing<EdgeFrame>
  private var stack: Growing<Frame>
  /// What is being summed up.
  private var summands: Growing<SummedTriangle>
  private var values: Growing<LazyAnnotations.Summand>
  /// Triangles and edges that were worked out: long vectors take long to add.
  var steps: CountedWork

  /// An edge whose annotation is being worked out: the sum of the two others of its triangle with its partner.
  private struct EdgeFrame: BitwiseCopyable {
    let triangle: Triangle
    var isHalf = false
    var first: UInt32 = 0
  }

  /// A triangle (u, v, x) with the longest edge (u, v), and the ranks of its edges.
  struct Triangle: BitwiseCopyable {
    /// Of the longest edge.
    var rank: Int32
    var u: Int32
    var v: Int32
    var x: Int32
    var ux: Int32
    var vx: Int32

    var key: UInt64 { simplexKey(rank, UInt32(bitPattern: x)) }

    /// The triangle of three vertices.
    @inline(__always)
    init(_ a: Int32, _ b: Int32, _ c: Int32, in graph: RankedGraph) {
      let row = graph.row(a)
      self.init(a, b, c, row[Int(b)], row[Int(c)], graph.rank(b, c))
    }

    /// The same from the ranks of its edges.
    @inline(__always)
    init(_ a: Int32, _ b: Int32, _ c: Int32, _ ab: Int32, _ ac: Int32, _ bc: Int32) {
      if bc > max(ab, ac) {
        (rank, u, v, x, ux, vx) = (bc, b, c, a, ab, ac)
      } else if ab > ac {
        (rank, u, v, x, ux, vx) = (ab, a, b, c, ac, bc)
      } else {
        (rank, u, v, x, ux, vx) = (ac, a, c, b, ab, bc)
      }
    }
  }

  /// A triangle whose annotation is being worked out, and the way p that it goes:
  /// (u, v, x) = (v, x, p) - (u, x, p) + (u, v, p).
  private struct Frame: BitwiseCopyable {
    let triangle: Triangle
    var p: Int32 = -1
    var up: Int32 = 0
    var vp: Int32 = 0
    var xp: Int32 = 0
    var next: Int32 = 0
    /// The last part that can be other than zero: (u, v, p) is not where p is the partner of (u, v).
    var last: Int32 = 2
    var sum: UInt32 = 0

    /// A part, 0, 1 or 2.
    @inline(__always)
    func part(_ number: Int32) -> Triangle {
      if number == 2 {
        var further = triangle
        (further.x, further.ux, further.vx) = (p, up, vp)
        return further
      }
      let (w, wx, wp) = number == 0 ? (triangle.v, triangle.vx, vp) : (triangle.u, triangle.ux, up)
      return Triangle(w, triangle.x, p, wx, wp, xp)
    }
  }

  /// A triangle in one of several sums of annotations.
  private struct SummedTriangle: BitwiseCopyable {
    var frame: Frame
    var factor: UInt32
    /// The number of the sum.
    var sum: Int32
    /// The annotation; nil as long as it has to be worked out.
    var value: UInt32?
  }

  init(
    _ graph: RankedGraph, _ scanner: any LinkScanner, _ field: PrimeField, _ wanted: Wanted, isComplete: Bool,
    progress: Progress
  ) throws(ToposcopeError) {
    self.graph = graph
    self.field = field
    steps = CountedWork(progress, unheard: 16)
    self.wanted = wanted
    apexes = wanted == Wanted() ? scanner.apexes : try Memory(0)
    fillings = scanner.fillings
    partners = try Memory(graph.edges.count)
    loops = try HomologyLevel(field, isComplete: isComplete, progress)
    voids = try HomologyLevel(field, isComplete: isComplete, progress)
    rootLists = try VertexLists(progress)
    trees = try VertexLists(progress)
    search = try Memory(4 * graph.count)
    edgeStack = try Growing()
    stack = try Growing()
    summands = try Growing()
    values = try Growing()
  }

  var byteCount: Int {
    let classes = loops.byteCount + voids.byteCount
    let lists = rootLists.byteCount + trees.byteCount + summands.byteCount + values.byteCount
    return classes + stack.byteCount + edgeStack.byteCount + lists
  }

  /// Says how the triangles of an edge are filled.
  mutating func setPartner(_ partner: Int32, of rank: Int32) throws(ToposcopeError) {
    partners.base[Int(rank)] = UInt32(bitPattern: partner) + 1
  }

  /// The same where the link has more than one component.
  mutating func setPartner(
    _ partner: Int32, of rank: Int32, furtherRoots: some Collection<Int32>
  ) throws(ToposcopeError) {
    partners.base[Int(rank)] = UInt32(bitPattern: partner) + 1
    if furtherRoots.isEmpty { return }
    partners.base[Int(rank)] |= TriangleAnnotations.furtherRoots
    try rootLists.set(rank, furtherRoots, [])
  }

  /// Says along which ways the annotations of the triangles of an edge go.
  mutating func setTree(_ tree: [Int32: Int32], of rank: Int32) throws(ToposcopeError) {
    let vertices = tree.keys.sorted()
    partners.base[Int(rank)] |= TriangleAnnotations.tree | TriangleAnnotations.givenTree
    try trees.set(rank, vertices, vertices.map { tree[$0]! })
  }

  /// An edge without a link: it joins two components, or bears a loop.
  func setUnfilled(_ rank: Int32) { partners.base[Int(rank)] = TriangleAnnotations.unfilled }

  /// Brings near what is read of an edge when it is settled.
  @inline(__always)
  func fetch(_ rank: Int32) {
    toposcope_fetch_to_read(graph.edges.base + Int(rank))
    toposcope_fetch(partners.base + Int(rank))
    loops.known.fetch(simplexKey(rank, 0))
  }

  /// The vertex that fills an edge; -1 where there is none.
  @inline(__always)
  mutating func partner(_ rank: Int32) -> Int32 {
    let stored = partners.base[Int(rank)]
    if stored == TriangleAnnotations.unfilled { return -1 }
    if stored != 0 { return Int32(bitPattern: stored & TriangleAnnotations.vertex) &- 1 }
    let partner = likelyPartner(rank)
    partners.base[Int(rank)] = UInt32(bitPattern: partner) &+ 1
    return partner
  }

  /// The partner of an edge that may have any.
  @inline(__always)
  private func likelyPartner(_ rank: Int32) -> Int32 {
    if let filling = filling(rank) { return filling.vertex }
    let apex = Int(rank) < apexes.count ? apexes.base[Int(rank)] : RowLinkScanner.unknown
    if apex != RowLinkScanner.unknown { return Int32(apex) }
    let edge = graph.edges[Int(rank)]
    return graph.end(of: graph.nearest(edge.tail, edge.head), otherThan: edge.tail, edge.head)
  }

  @inline(__always)
  private func filling(_ rank: Int32) -> Filling? {
    if Int(rank) >= fillings.count { return nil }
    let filling = fillings.base[Int(rank)]
    return filling.isKnown ? filling : nil
  }

  /// The ranks of the edges between a vertex of the link of an edge (u, v) and its ends.
  @inline(__always)
  private func sides(of rank: Int32, _ u: Int32, _ v: Int32, _ vertex: Int32) -> (Int32, Int32) {
    if let filling = filling(rank), filling.vertex == vertex {
      return u < v ? (filling.toTail, filling.toHead) : (filling.toHead, filling.toTail)
    }
    let row = graph.row(vertex)
    return (row[Int(u)], row[Int(v)])
  }

  /// One vertex of every component of the link of an edge but that of its partner.
  @inline(__always)
  func furtherRoots(_ rank: Int32) -> UnsafeBufferPointer<Int32> {
    hasFurtherRoots(rank) ? rootLists[rank] : UnsafeBufferPointer(start: nil, count: 0)
  }

  @inline(__always)
  func hasFurtherRoots(_ rank: Int32) -> Bool { partners.base[Int(rank)] & TriangleAnnotations.furtherRoots != 0 }

  /// True if the ways of an edge have been written down.
  @inline(__always)
  func hasTree(_ rank: Int32) -> Bool { partners.base[Int(rank)] & TriangleAnnotations.tree != 0 }

  /// True if the ways of an edge were given by ``setTree(_:of:)``, so that no other may be gone.
  @inline(__always)
  func hasGivenTree(_ rank: Int32) -> Bool { partners.base[Int(rank)] & TriangleAnnotations.givenTree != 0 }

  /// Ends the youngest class of H2 in a relation, which is the sum around `boundary`, a cycle that now bounds.
  mutating func killVoid(
    _ relation: UInt32, at rank: Int32, boundary: () throws(ToposcopeError) -> [(Triangle, UInt32)]
  ) throws(ToposcopeError) {
    var representative = Representative()
    if wanted != Wanted() {
      let dying = voids.classes.youngest(relation)
      if wanted.cocycles && voids.births[dying] < Int32(graph.edgesBeforeClosing) {
        representative.cocycle = try cocycle(of: dying, before: min(rank, Int32(graph.edgesBeforeClosing)))
      }
      if wanted.cycles {
        var chain = TriangleChain()
        for (triangle, value) in try boundary() { chain.add(triangle.rank, triangle.x, value, field) }
        let cycle = try moveDown(chain, to: dying)
        cycles[dying] = cycle
        representative.cycle = triangles(cycle)
      }
    }
    try voids.kill(relation, at: rank, graph, representative)
  }

  // MARK: Edges

  /// The annotation of the path from u over w to v.
  mutating func path(_ u: Int32, _ w: Int32, _ v: Int32) throws(ToposcopeError) -> UInt32 {
    let first = try edge(u, w)
    let second = try edge(w, v)
    let sum = try loops.classes.sum(0, first, times: u < w ? 1 : field.p - 1)
    return try loops.classes.sum(sum, second, times: w < v ? 1 : field.p - 1)
  }

  /// The annotation of an edge, from its smaller vertex to its greater one.
  mutating func edge(_ a: Int32, _ b: Int32) throws(ToposcopeError) -> UInt32 {
    let rank = graph.rank(a, b)
    if let known = lookUp(rank) { return known }
    var result: UInt32 = 0
    try edgeStack.append(frame(rank))
    while edgeStack.count > 0 {
      var frame = edgeStack[edgeStack.count - 1]
      let triangle = frame.triangle
      if !frame.isHalf {
        guard let value = lookUp(triangle.ux) else {
          try edgeStack.append(self.frame(triangle.ux))
          continue
        }
        frame.first = value
        frame.isHalf = true
        edgeStack[edgeStack.count - 1] = frame
      }
      guard let value = lookUp(triangle.vx) else {
        try edgeStack.append(self.frame(triangle.vx))
        continue
      }
      let first = try loops.classes.sum(0, frame.first, times: triangle.u < triangle.x ? 1 : field.p - 1)
      result = try loops.classes.sum(first, value, times: triangle.x < triangle.v ? 1 : field.p - 1)
      try loops.known.set(simplexKey(triangle.rank, 0), result)
      edgeStack.removeLast()
      try steps.add(1)
    }
    return result
  }

  @inline(__always)
  private mutating func frame(_ rank: Int32) -> EdgeFrame {
    let (edge, partner) = (graph.edges[Int(rank)], partner(rank))
    let (uw, wv) = sides(of: rank, edge.tail, edge.head, partner)
    return EdgeFrame(triangle: Triangle(edge.tail, edge.head, partner, rank, uw, wv))
  }

  @inline(__always)
  private mutating func lookUp(_ rank: Int32) -> UInt32? {
    if rank < loops.oldest { return 0 }
    if let known = loops.known.value(of: simplexKey(rank, 0)) { return known }
    return partners.base[Int(rank)] == TriangleAnnotations.unfilled ? 0 : nil
  }

  // MARK: Triangles

  /// Calls `body` with the triangles between one of the loops in the link of (u, v) and the two ends, and the factors that make them a
  /// cycle.
  @inline(__always)
  static func forEachOfSuspension(
    _ number: Int, of loops: LinkFindings.Loops, _ u: Int32, _ v: Int32, _ field: PrimeField,
    _ body: (Triangle, UInt32) throws(ToposcopeError) -> Void
  ) throws(ToposcopeError) {
    let (loop, corners) = (loops[number], loops.corners(number))
    var x = loop[loop.count - 1]
    var (ux, vx) = (corners[loop.count - 1].toTail, corners[loop.count - 1].toHead)
    for i in 0..<loop.count {
      let (y, uy, vy, xy) = (loop[i], corners[i].toTail, corners[i].toHead, corners[i].toPrevious)
      let isNegative = field.p > 2 && isOdd(u, x, y)
      let isNegativeBack = field.p > 2 && !isOdd(v, x, y)
      try body(Triangle(u, x, y, ux, uy, xy), isNegative ? field.p - 1 : 1)
      try body(Triangle(v, x, y, vx, vy, xy), isNegativeBack ? field.p - 1 : 1)
      (x, ux, vx) = (y, uy, vy)
    }
  }

  /// Puts the triangles between loops and the ends of an edge into sums, and calls `body` with those that are not zero.
  ///
  /// What is read of a triangle lies far from all else. So it is fetched for all of them, and then for the parts of those
  /// that have to be worked out, before any of them is worked out.
  mutating func makeSums(
    over loops: LinkFindings.Loops, _ u: Int32, _ v: Int32,
    _ body: (_ number: Int, _ sum: UInt32, _ triangles: inout Self) throws(ToposcopeError) -> Void
  ) throws(ToposcopeError) {
    summands.removeAll()
    for number in loops.indices {
      try TriangleAnnotations.forEachOfSuspension(number, of: loops, u, v, field) {
        (triangle, factor) throws(ToposcopeError) in
        if triangle.rank < voids.oldest { return }
        fetch(triangle)
        try summands.append(
          SummedTriangle(frame: Frame(triangle: triangle), factor: factor, sum: Int32(truncatingIfNeeded: number)))
      }
    }
    for i in 0..<summands.count {
      let summand = summands.base + i
      summand.pointee.value = lookUp(summand.pointee.frame.triangle)
      if summand.pointee.value == nil { try open(&summand.pointee.frame) }
    }
    var i = 0
    while i < summands.count {
      let number = summands[i].sum
      values.removeAll()
      while i < summands.count, summands[i].sum == number {
        let summand = summands[i]
        // Another triangle may have asked for it meanwhile.
        var value = summand.value ?? lookUp(summand.frame.triangle)
        if value == nil { value = try workOut(summand.frame) }
        if let value, value != 0 { try values.append(.init(vector: value, factor: summand.factor)) }
        i += 1
      }
      let sum = try voids.classes.sum(of: values)
      try steps.add(1)
      if sum != 0 { try body(Int(number), sum, &self) }
    }
  }

  /// The annotation of a triangle, its vertices in ascending order, given in any.
  mutating func triangle(_ a: Int32, _ b: Int32, _ c: Int32) throws(ToposcopeError) -> UInt32 {
    let triangle = Triangle(a, b, c, in: graph)
    if let known = lookUp(triangle) { return known }
    var frame = Frame(triangle: triangle)
    try open(&frame)
    return try workOut(frame)
  }

  /// Works out the annotation of a triangle whose way is known.
  private mutating func workOut(_ frame: Frame) throws(ToposcopeError) -> UInt32 {
    let bottom = stack.count
    try stack.append(frame)
    while true {
      let top = stack.base + (stack.count - 1)
      if top.pointee.next <= top.pointee.last {
        let part = top.pointee.part(top.pointee.next)
        if let value = lookUp(part) {
          try add(value, to: top)
        } else {
          var frame = Frame(triangle: part)
          try open(&frame)
          try stack.append(frame)
        }
        continue
      }
      let sum = top.pointee.sum
      try voids.known.set(top.pointee.triangle.key, sum)
      stack.removeLast()
      if stack.count == bottom { return sum }
      try add(sum, to: stack.base + (stack.count - 1))
    }
  }

  /// Adds the annotation of the next part of a frame.
  @inline(__always)
  private mutating func add(_ value: UInt32, to frame: UnsafeMutablePointer<Frame>) throws(ToposcopeError) {
    let triangle = frame.pointee.triangle
    if value != 0 {
      let sign = sign(ofPart: frame.pointee.next, triangle.u, triangle.v, triangle.x, frame.pointee.p)
      frame.pointee.sum = try voids.classes.sum(frame.pointee.sum, value, times: sign)
    }
    frame.pointee.next &+= 1
  }

  /// The sign of a part of (u, v, x), 0, 1 or 2, between ascending orders, where the way goes to p.
  @inline(__always)
  func sign(ofPart part: Int32, _ u: Int32, _ v: Int32, _ x: Int32, _ p: Int32) -> UInt32 {
    if field.p == 2 { return 1 }
    var isOdd = TriangleAnnotations.isOdd(u, v, x)
    switch part {
    case 0: isOdd = isOdd != TriangleAnnotations.isOdd(v, x, p)
    case 1: isOdd = isOdd == TriangleAnnotations.isOdd(u, x, p)
    default: isOdd = isOdd != TriangleAnnotations.isOdd(u, v, p)
    }
    return isOdd ? field.p - 1 : 1
  }

  /// True if an odd permutation brings three vertices into ascending order.
  @inline(__always)
  static func isOdd(_ a: Int32, _ b: Int32, _ c: Int32) -> Bool { ((a > b) != (a > c)) != (b > c) }

  /// The annotation of a triangle where it needs no work.
  @inline(__always)
  private mutating func lookUp(_ triangle: Triangle) -> UInt32? {
    let rank = triangle.rank
    if rank < voids.oldest { return 0 }
    if partner(rank) == triangle.x { return 0 }
    if let known = voids.known.value(of: triangle.key) { return known }
    return furtherRoots(rank).contains(triangle.x) ? 0 : nil
  }

  /// Brings near what is read of a triangle when its annotation is asked for.
  @inline(__always)
  private mutating func fetch(_ triangle: Triangle) {
    toposcope_fetch(partners.base + Int(triangle.rank))
    voids.known.fetch(triangle.key)
  }

  /// Finds the way that an annotation goes, and brings near what is read of the first two parts; the third has the same edge.
  @inline(__always)
  private mutating func open(_ frame: inout Frame) throws(ToposcopeError) {
    let triangle = frame.triangle
    let p = try way(triangle.rank, triangle.u, triangle.v, triangle.x)
    frame.p = p
    (frame.up, frame.vp) = sides(of: triangle.rank, triangle.u, triangle.v, p)
    frame.xp = graph.rank(p, triangle.x)
    if p == partner(triangle.rank) { frame.last = 1 }
    try steps.add(1)
    for number in Int32(0)..<2 {
      let part = frame.part(number)
      if part.rank >= voids.oldest { fetch(part) }
    }
  }

  /// The next vertex on the way from x to its root in the link of (u, v): the root, where x is joined to it and no other
  /// way was given.
  @inline(__always)
  mutating func way(_ rank: Int32, _ u: Int32, _ v: Int32, _ x: Int32) throws(ToposcopeError) -> Int32 {
    if !hasGivenTree(rank) {
      let partner = partner(rank)
      let row = graph.row(x)
      if row[Int(partner)] < rank { return partner }
      for root in furtherRoots(rank) where row[Int(root)] < rank { return root }
      if !hasTree(rank) {
        if !hasFurtherRoots(rank) {
          let middle = graph.nearest(u, v, x, partner)
          if middle.rank < rank { return middle.vertex }
        }
        try growTree(u, v, rank)
      }
    }
    let tree = trees[rank]
    let half = tree.count / 2
    var (low, high) = (0, half)
    while low < high {
      let middle = (low &+ high) / 2
      if tree[middle] < x { low = middle &+ 1 } else { high = middle }
    }
    return tree[half &+ low]
  }

  /// Writes down the ways of an edge: breadth first from the roots of its link.
  private mutating func growTree(_ u: Int32, _ v: Int32, _ rank: Int32) throws(ToposcopeError) {
    let (parents, queue) = (search.base, search.base + graph.count)
    let (vertices, left) = (search.base + 2 * graph.count, search.base + 3 * graph.count)
    var (count, waiting, next) = (0, 1, 0)
    queue[0] = partner(rank)
    for root in furtherRoots(rank) {
      queue[waiting] = root
      waiting += 1
    }
    graph.forEachCommon(u, v, before: rank) {
      vertices[count] = $0
      count &+= 1
    }
    for i in 0..<waiting {
      guard let place = (0..<count).first(where: { vertices[$0] == queue[i] }) else { continue }
      for j in place + 1..<max(place + 1, count) { vertices[j - 1] = vertices[j] }
      count -= 1
    }
    left.update(from: vertices, count: count)
    var open = count
    while next < waiting, open > 0 {
      let y = queue[next]
      let row = graph.row(y)
      next += 1
      var kept = 0
      for i in 0..<open {
        let x = left[i]
        if row[Int(x)] < rank {
          parents[Int(x)] = y
          queue[waiting] = x
          waiting &+= 1
        } else {
          left[kept] = x
          kept &+= 1
        }
      }
      open = kept
    }
    for i in 0..<count { left[i] = parents[Int(vertices[i])] }
    partners.base[Int(rank)] |= TriangleAnnotations.tree
    try trees.set(
      rank, UnsafeBufferPointer(start: vertices, count: count), UnsafeBufferPointer(start: left, count: count))
  }
}
