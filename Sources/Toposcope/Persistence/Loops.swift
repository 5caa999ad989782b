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
struct Loops {
  private(set) var bars0: [PersistencePair] = []
  private(set) var bars1: [PersistencePair] = []
  /// The number of live classes of H1.
  private(set) var alive = 0
  var isConnected: Bool { components.count <= 1 }

  private var components: Components
  let graph: BitRows
  private var active: ActiveEdges
  private var table: AnnotationTable
  private var link: LinkComponents
  /// The edge that bore each class, and its length.
  private var births: [FiltrationEdge] = []
  private var isAlive: [Bool] = []
  /// Common neighbours whose triangles have to be looked at.
  private let suspects: Memory<Int>

  /// With more suspects than this, one a component of the link is cheaper.
  private static let few = 8

  init(vertices: Int, field: PrimeField) throws(ToposcopeError) {
    components = Components(vertices)
    graph = try BitRows(vertices)
    active = try ActiveEdges(vertices: vertices)
    table = AnnotationTable(field: field)
    link = try LinkComponents(graph)
    suspects = try Memory(Loops.few)
  }

  /// Adds the next edge of the filtration.
  @inline(__always)
  mutating func add(_ e: FiltrationEdge) throws(ToposcopeError) {
    let (u, v) = (Int(e.tail), Int(e.head))
    let (rowU, rowV) = (graph.row(u), graph.row(v))
    var k = 0
    while k < graph.wordsPerRow && rowU[k] & rowV[k] == 0 { k &+= 1 }
    if k == graph.wordsPerRow {
      try addWithoutTriangle(e)
    } else if alive > 0 {
      let groups = active.groups(u) | active.groups(v)
      if groups != 0 { try fill(e, groups, firstCommonWord: k) }
    }
    graph.insert(u, v)
  }

  /// Adds an edge that is in no triangle.
  private mutating func addWithoutTriangle(_ e: FiltrationEdge) throws(ToposcopeError) {
    if let ended = components.join(e.tail, e.head) {
      if e.length > 0 { bars0.append(.component(ended, death: e.length, deathEdge: e.edge)) }
      return
    }
    let cocycle = Int32(births.count)
    births.append(e)
    isAlive.append(true)
    alive += 1
    let annotation = [Term(cocycle: cocycle, value: 1)]
    try active.insert(Int(e.tail), Int(e.head), table.identifier(of: annotation))
  }

  /// Annotates an edge that is in a triangle, after all its triangles have been made true.
  private mutating func fill(_ e: FiltrationEdge, _ groups: UInt64, firstCommonWord: Int) throws(ToposcopeError) {
    let (u, v) = (Int(e.tail), Int(e.head))
    let (rowU, rowV) = (graph.row(u), graph.row(v))
    let (activeU, activeV) = (active.row(u), active.row(v))
    let words = graph.wordsPerRow
    var count = 0
    var isMany = false
    var groups = groups
    search: while groups != 0 {
      let first = groups.trailingZeroBitCount << active.groupShift
      groups &= groups - 1
      for k in first..<min(first + 1 << active.groupShift, words) {
        var hits = rowU[k] & rowV[k] & (activeU[k] | activeV[k])
        while hits != 0 {
          if count == Loops.few {
            isMany = true
            break search
          }
          suspects.base[count] = k << 6 + hits.trailingZeroBitCount
          count += 1
          hits &= hits - 1
        }
      }
    }
    if count == 0 { return }
    // A common neighbour without active edges, if there is one, makes the edge inactive.
    var calm = -1
    for k in firstCommonWord..<words {
      let others = rowU[k] & rowV[k] & ~(activeU[k] | activeV[k])
      if others != 0 {
        calm = k << 6 + others.trailingZeroBitCount
        break
      }
    }
    let anchor = calm >= 0 ? calm : suspects.base[0]
    if isMany {
      link.find(u, v, in: graph, first: anchor)
      for root in link.roots.dropFirst() { try check(e, root, against: anchor) }
    } else {
      for i in 0..<count where suspects.base[i] != anchor { try check(e, suspects.base[i], against: anchor) }
    }
    let identifier = path(u, anchor, v)
    if identifier != 0 { try active.insert(u, v, identifier) }
  }

  /// Makes the triangles of `e` with `w` and with `anchor` say the same.
  @inline(__always)
  private mutating func check(_ e: FiltrationEdge, _ w: Int, against anchor: Int) throws(ToposcopeError) {
    let (u, v) = (Int(e.tail), Int(e.head))
    let (first, second) = (path(u, w, v), path(u, anchor, v))
    if first == second { return }
    let relation = table.sum(table[first], table[second], factor: table.field.negative(1))
    let dead = Int(table.kill(relation))
    isAlive[dead] = false
    alive -= 1
    let birth = births[dead]
    if e.length > birth.length {
      bars1.append(PersistencePair(birth: birth.length, death: e.length, birthEdge: birth.edge, deathEdge: e.edge))
    }
  }

  /// The annotation of the path from u over w to v.
  @inline(__always)
  private mutating func path(_ u: Int, _ w: Int, _ v: Int) -> Int32 {
    let (first, second) = (annotation(u, w), annotation(w, v))
    return table.sum(first, second)
  }

  /// The annotation of the edge from a to b: its negative is that of the edge from b to a.
  @inline(__always)
  private mutating func annotation(_ a: Int, _ b: Int) -> Int32 {
    let (tail, head) = (min(a, b), max(a, b))
    let stored = active.identifier(tail, head)
    if stored == 0 { return 0 }
    let identifier = table.resolve(stored)
    if identifier != stored { active.replace(tail, head, by: identifier) }
    return a < b ? identifier : table.negative(identifier)
  }

  /// The bars of the classes that are alive at the end.
  mutating func finish(censored: Bool) {
    var oldest = true
    for vertex in 0..<graph.count where components.root(Int32(vertex)) == vertex {
      var bar = PersistencePair.component(Int32(vertex), death: .infinity, deathEdge: nil)
      bar.isCensored = censored && !oldest
      oldest = false
      bars0.append(bar)
    }
    for (cocycle, birth) in births.enumerated() where isAlive[cocycle] {
      bars1.append(
        PersistencePair(
          birth: birth.length, death: .infinity, birthEdge: birth.edge, deathEdge: nil, isCensored: censored))
    }
  }
}
