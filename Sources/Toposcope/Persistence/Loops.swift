import CToposcopeProcessor

/// Persistent homology in dimensions 0 and 1, one edge at a time.
///
/// Let G be the graph before the edge (u, v), and N the common neighbours of u and v in G. The triangles that appear with
/// the edge are (u, v, w) with w in N. Where N is empty, the edge joins two components, or it closes a loop: a class of H1
/// is born. Otherwise one triangle fills the edge at once, and each further one says that a sum around its boundary is
/// zero, which is so already or kills the youngest class in the sum.
///
/// Triangles (u, v, w) and (u, v, x) say the same where w and x are joined, for then (u, w, x) and (v, w, x) are there
/// already. So one triangle a component of the graph on N is enough; and those on which u, v and w have no active edge
/// between them say 0 = 0.
struct Loops: LoopEngine {
  var bars0: [PersistencePair] = []
  var bars1: [PersistencePair] = []
  var alive = 0
  /// The number of edges of whose link one had to know more than that it is not empty.
  private(set) var searches = 0
  var isConnected: Bool { components.count <= 1 }

  var components: Components
  /// Closed: every vertex counts as its own neighbour.
  let graph: BitRows
  private(set) var active: ActiveEdges
  private var planes: CocyclePlanes
  var table: AnnotationTable
  private var link: LinkComponents
  private let centers: LinkCenters
  var births: [FiltrationEdge] = []
  var isAlive: [Bool] = []
  private let manyEdges: Int
  var witness: Witness?
  /// What is known of the neighbours of all vertices where one asks when to stop.
  var nearest: NearestNeighbors?
  /// Common neighbours whose triangles have to be looked at.
  private let suspects: Memory<Int>

  /// Whether most rows are far from the processor.
  private let isLarge: Bool
  private static let bytesNearby = 1 << 20

  /// With more suspects than this, one a component of the link is cheaper.
  private static let few = 8

  /// - Parameters:
  ///   - capacity: Room for active edges at first: a power of two, 4 or more.
  ///   - manyEdges: With fewer active edges than this no class is given a plane.
  init(
    vertices: Int, field: PrimeField, capacity: Int = 1 << 10, manyEdges: Int = 1 << 12,
    progress: Progress = Progress()
  ) throws(ToposcopeError) {
    self.manyEdges = manyEdges
    components = Components(vertices)
    graph = try BitRows(closed: vertices)
    isLarge = BitRows.bytes(vertices) > Loops.bytesNearby
    active = try ActiveEdges(vertices: vertices, capacity: capacity)
    planes = try CocyclePlanes(vertices: vertices)
    table = try AnnotationTable(field: field, progress: progress)
    link = try LinkComponents(graph)
    centers = try LinkCenters(graph)
    suspects = try Memory(Loops.few)
  }

  /// Goes on from where another engine is, but for the edges, which are not in ``graph`` yet.
  init(continuing other: some LoopEngine, progress: Progress) throws(ToposcopeError) {
    try self.init(vertices: other.components.vertexCount, field: other.table.field, progress: progress)
    (bars0, bars1, alive, components) = (other.bars0, other.bars1, other.alive, other.components)
    (births, isAlive, table, witness) = (other.births, other.isAlive, other.table, other.witness)
    var annotated: [(tail: Int, head: Int, identifier: Int32)] = []
    try other.forEachActive { annotated.append(($0, $1, $2)) }
    var capacity = 1 << 10
    while capacity < 2 * annotated.count { capacity *= 2 }
    active = try ActiveEdges(vertices: components.vertexCount, capacity: capacity)
    for (tail, head, identifier) in annotated {
      let current = try table.resolve(identifier)
      if current != 0 { active.insert(tail, head, current) }
    }
    try makeRoom(keeping: 0)
  }

  func inRows() -> Loops { self }

  /// Brings what the next edges will need near the processor.
  ///
  /// A function of its own, so that the loop that adds the edges has all registers; and mutating, though it changes nothing,
  /// so that nothing of this is copied for the call.
  @inline(never)
  mutating func fetch(_ edges: Range<Int>, of run: EdgeRun, _ links: LinksAhead, known: Int) {
    for i in edges {
      let e = run[i]
      let (u, v) = (Int(e.tail), Int(e.head))
      graph.fetch(u, v)
      if i < known, let w = links.vertex(i) {
        active.fetch(u, w)
        active.fetch(v, w)
        planes.fetch(u, v, over: w)
      } else {
        toposcope_fetch(graph.row(u))
        toposcope_fetch(graph.row(v))
        if isLarge && alive > 0 {
          fetchSuspects(u, v)
          fetchSuspects(v, u)
        }
        planes.fetch(u, v, over: centers.likely(u))
      }
    }
  }

  /// Brings the lines that tell which active edges of `u` go to neighbours of `v`, all at once: the search would wait for one
  /// after another.
  @inline(__always)
  private func fetchSuspects(_ u: Int, _ v: Int) {
    var groups = active.groups(u)
    while groups != 0 {
      let line = groups.trailingZeroBitCount << active.groupShift
      toposcope_fetch(active.row(u) + line)
      toposcope_fetch(graph.row(v) + line)
      groups &= groups &- 1
    }
  }

  /// Whether a class is alive that may have other values than zero on edges of a vertex.
  @inline(__always)
  func isTouched(_ vertex: Int) -> Bool { isTouched(vertex, or: vertex) }

  @inline(__always)
  private func isTouched(_ u: Int, or v: Int) -> Bool {
    alive > 0 && (active.groups(u) | active.groups(v) != 0 || planes.mask(u) | planes.mask(v) != 0)
  }

  /// Adds the next edge of the filtration.
  @inline(__always)
  mutating func add(_ e: FiltrationEdge) throws(ToposcopeError) {
    let (u, v) = (Int(e.tail), Int(e.head))
    let word = graph.firstCommonWord(u, v)
    if word == graph.wordsPerRow {
      let identifier = try addWithoutTriangle(e)
      if identifier != 0 { try activate(u, v, identifier) }
    } else if isTouched(u, or: v) {
      try fill(e, firstCommonWord: word)
    }
    graph.insert(u, v)
  }

  /// Adds the next edge, whose link is connected, and holds `w`: all its triangles say the same.
  @inline(__always)
  mutating func add(_ e: FiltrationEdge, over w: Int) throws(ToposcopeError) {
    let (u, v) = (Int(e.tail), Int(e.head))
    if isTouched(u, or: v) {
      searches += 1
      try annotate(u, v, over: w)
    }
    graph.insert(u, v)
  }

  /// Annotates an edge that is in a triangle, after all its triangles have been made true.
  private mutating func fill(_ e: FiltrationEdge, firstCommonWord: Int) throws(ToposcopeError) {
    let (u, v) = (Int(e.tail), Int(e.head))
    let hasPlanes = planes.mask(u) | planes.mask(v) != 0
    if hasPlanes { searches += 1 }
    if hasPlanes, let center = centers.find(u, v, firstCommonWord: firstCommonWord) {
      return try annotate(u, v, over: center)
    }
    let (rowU, rowV) = (graph.row(u), graph.row(v))
    let (activeU, activeV) = (active.row(u), active.row(v))
    let words = graph.wordsPerRow
    var count = 0
    var isMany = false
    // The active edges of u to common neighbours are those to neighbours of v, for active edges are edges. Where an end has
    // none, no lines of its are read: what the other one says is said twice.
    let (groupsU, groupsV) = (active.groups(u), active.groups(v))
    var groups = groupsU | groupsV
    search: while groups != 0 {
      let group = groups & (0 &- groups)
      groups ^= group
      let (active1, row1) = groupsU & group != 0 ? (activeU, rowV) : (activeV, rowU)
      let (active2, row2) = groupsV & group != 0 ? (activeV, rowU) : (activeU, rowV)
      let first = group.trailingZeroBitCount << active.groupShift
      for line in stride(from: first, to: min(first + 1 << active.groupShift, words), by: 8) {
        let near =
          BitRows.line(active1, line) & BitRows.line(row1, line)
          | BitRows.line(active2, line) & BitRows.line(row2, line)
        if !BitRows.isAny(near) { continue }
        for k in 0..<8 {
          var hits = near[k]
          while hits != 0 {
            if count == Loops.few {
              isMany = true
              break search
            }
            suspects.base[count] = (line + k) << 6 + hits.trailingZeroBitCount
            count += 1
            hits &= hits - 1
          }
        }
      }
    }
    if count == 0 && !hasPlanes { return }
    if !hasPlanes { searches += 1 }
    // A common neighbour without active edges, if there is one, makes the edge inactive, but for the planes.
    var calm = -1
    for k in firstCommonWord..<words {
      let others = rowU[k] & rowV[k] & ~(activeU[k] | activeV[k])
      if others != 0 {
        calm = k << 6 + others.trailingZeroBitCount
        break
      }
    }
    if calm >= 0 {
      while let w = planesDiffer(u, v, from: calm) { try check(e, w, against: calm) }
    }
    let anchor = calm >= 0 ? calm : suspects.base[0]
    if isMany {
      link.find(u, v, in: graph, first: anchor)
      for root in link.roots.dropFirst() { try check(e, root, against: anchor) }
    } else {
      for i in 0..<count where suspects.base[i] != anchor { try check(e, suspects.base[i], against: anchor) }
    }
    try annotate(u, v, over: anchor)
  }

  /// Annotates an edge by what its triangle with a common neighbour says, all other triangles saying the same.
  @inline(__always)
  private mutating func annotate(_ u: Int, _ v: Int, over anchor: Int) throws(ToposcopeError) {
    var values = planes.path(u, anchor, v)
    while values != 0 {
      planes.flip(values.trailingZeroBitCount, u, v)
      values &= values - 1
    }
    let identifier = try sum(path(u, anchor, v))
    if identifier != 0 { try activate(u, v, identifier) }
  }

  /// A common neighbour without active edges on whose triangle with (u, v) some plane has another value than on that of
  /// `calm`; nil if all agree.
  @inline(__always)
  private func planesDiffer(_ u: Int, _ v: Int, from calm: Int) -> Int? {
    let (rowU, rowV) = (graph.row(u), graph.row(v))
    let (activeU, activeV) = (active.row(u), active.row(v))
    var mask = planes.mask(u) | planes.mask(v)
    let values = planes.path(u, calm, v)
    while mask != 0 {
      let plane = mask.trailingZeroBitCount
      mask &= mask &- 1
      let expected = BitRows.Line(repeating: values &>> UInt8(plane) & 1 == 1 ? ~0 : 0)
      let (planeU, planeV) = (planes.row(plane, u), planes.row(plane, v))
      var k = 0
      while k < graph.wordsPerRow {
        let calm =
          BitRows.line(rowU, k) & BitRows.line(rowV, k) & ~(BitRows.line(activeU, k) | BitRows.line(activeV, k))
        let different = calm & (BitRows.line(planeU, k) ^ BitRows.line(planeV, k) ^ expected)
        if BitRows.isAny(different) {
          for i in 0..<8 where different[i] != 0 { return (k &+ i) << 6 + different[i].trailingZeroBitCount }
        }
        k &+= 8
      }
    }
    return nil
  }

  /// Gives an edge an identifier that is not 0.
  private mutating func activate(_ u: Int, _ v: Int, _ identifier: Int32) throws(ToposcopeError) {
    let current = try table.resolve(identifier)
    if active.isFull { try makeRoom(keeping: current) }
    active.insert(u, v, current)
  }

  /// Makes room for another active edge, and forgets annotations that no edge has, but for one.
  private mutating func makeRoom(keeping kept: Int32) throws(ToposcopeError) {
    let edgesOf = try Memory<Int32>(table.bound)  // by identifier
    try active.update { (_, _, identifier) throws(ToposcopeError) in
      let resolved = try table.resolve(identifier)
      edgesOf.base[Int(resolved)] += 1
      return resolved
    }
    if table.field.p == 2 { try promote(edgesOf) }
    let isUsed = try Memory<Bool>(table.bound)
    isUsed.base[Int(kept)] = true
    try active.update { (_, _, identifier) throws(ToposcopeError) in
      isUsed.base[Int(identifier)] = true
      return identifier
    }
    try table.keepOnly(isUsed.base)
    try active.makeRoom()
  }

  /// Gives the class that is on most edges a plane of its own if it is on many of them.
  private mutating func promote(_ edgesOf: Memory<Int32>) throws(ToposcopeError) {
    let counts = try Memory<Int>(table.classCount)
    var total = 0
    for identifier in 1..<max(1, edgesOf.count) where edgesOf.base[identifier] > 0 {
      if identifier & 0xFFF == 0 { try table.progress.report() }
      let count = Int(edgesOf.base[identifier])
      total += count
      for term in table.vector(Int32(identifier)).terms { counts.base[Int(term.cocycle)] += count }
    }
    guard total >= manyEdges, let heaviest = (0..<table.classCount).max(by: { counts.base[$0] < counts.base[$1] }),
      counts.base[heaviest] * 4 >= total
    else { return }
    let heavy = Int32(heaviest)
    let known = planes.plane(of: heavy)  // it may have come back into annotations when another class died
    guard known != nil || planes.hasRoom else { return }
    let plane = if let known { known } else { try planes.add(heavy) }
    try active.update { (a, b, identifier) throws(ToposcopeError) in
      guard table.vector(identifier).contains(heavy) else { return identifier }
      planes.flip(plane, a, b)
      return try table.sum(identifier, [Term(cocycle: heavy, value: 1)])
    }
  }

  /// Makes the triangles of `e` with `w` and with `anchor` say the same.
  @inline(__always)
  private mutating func check(_ e: FiltrationEdge, _ w: Int, against anchor: Int) throws(ToposcopeError) {
    let (u, v) = (Int(e.tail), Int(e.head))
    let (first, second) = try (path(u, w, v), path(u, anchor, v))
    let values = planes.path(u, w, v) ^ planes.path(u, anchor, v)
    if first == second && values == 0 { return }
    try compare(e, first, second, values)
  }

  /// Makes two paths between the ends of `e` say the same, where planes say that they differ by `values`.
  private mutating func compare(
    _ e: FiltrationEdge, _ first: Path, _ second: Path, _ values: UInt8
  ) throws(ToposcopeError) {
    try subtract(second, from: first)
    for plane in 0..<CocyclePlanes.most where values >> UInt8(plane) & 1 == 1 {
      try table.add([Term(cocycle: planes.cocycle(plane), value: 1)])
    }
    if table.settleSum() { return }
    if try isAwaited(e) { return }
    let plane = planes.plane(of: table.total.youngest.cocycle)
    let equal = plane == nil ? [] : Array(table.total.vector.terms.dropFirst())
    try killYoungest(e)
    if let plane { try dissolve(plane, equal) }
  }

  /// Puts `equal` in the place of the class of a plane, on all its edges.
  private mutating func dissolve(_ plane: Int, _ equal: [Term]) throws(ToposcopeError) {
    let light = equal.filter { planes.plane(of: $0.cocycle) == nil }
    for term in equal {
      if let target = planes.plane(of: term.cocycle) { planes.add(plane, to: target) }
    }
    if !light.isEmpty {
      try planes.forEachEdge(plane) { (a, b) throws(ToposcopeError) in
        let before = try annotation(a, b).identifier
        let after = try table.sum(before, light)
        if before != 0 {
          active.replace(a, b, by: after)
        } else {
          if active.isFull { try active.makeRoom() }
          active.insert(a, b, after)
        }
      }
    }
    planes.remove(plane)
  }

  /// The path from u over w to v.
  @inline(__always)
  private mutating func path(_ u: Int, _ w: Int, _ v: Int) throws(ToposcopeError) -> Path {
    try Path(start: annotation(u, w), end: annotation(w, v))
  }

  @inline(__always)
  mutating func annotation(_ a: Int, _ b: Int) throws(ToposcopeError) -> DirectedAnnotation {
    let (tail, head) = (min(a, b), max(a, b))
    let stored = active.identifier(tail, head)
    if stored == 0 { return .zero }
    let identifier = try table.resolve(stored)
    if identifier != stored { active.replace(tail, head, by: identifier) }
    return directed(identifier, a, b)
  }

  func forEachActive(_ body: (Int, Int, Int32) throws(ToposcopeError) -> Void) throws(ToposcopeError) {
    try active.update { (a, b, identifier) throws(ToposcopeError) in
      try body(a, b, identifier)
      return identifier
    }
  }
}
