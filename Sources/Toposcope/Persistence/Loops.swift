/// Persistent homology in dimensions 0 and 1, one edge at a time.
///
/// Let G be the graph before the edge (u, v), and N the common neighbours of u and v in G. The triangles that appear with
/// the edge are (u, v, w) with w in N. Where N is empty, the edge joins two components, or it closes a loop: a class of H1
/// is born. Otherwise one triangle fills the edge at once, and each further one says that a sum around its boundary is
/// zero, which is so already or kills the youngest class in the sum.
struct Loops {
  private(set) var components: Components
  private(set) var bars0: [PersistencePair] = []
  private(set) var bars1: [PersistencePair] = []

  private let graph: BitRows
  /// The edges that may have a nonzero annotation: a superset of those that have one.
  private let active: BitRows
  private var annotationOf: [UInt64: Int32] = [:]
  private var table: AnnotationTable
  /// The edge that bore each class, and its length.
  private var births: [FiltrationEdge] = []
  private var isAlive: [Bool] = []
  private(set) var alive = 0

  init(vertices: Int, field: PrimeField) throws(ToposcopeError) {
    components = Components(vertices)
    graph = try BitRows(vertices)
    active = try BitRows(vertices)
    table = AnnotationTable(field: field)
  }

  mutating func add(_ e: FiltrationEdge) {
    let (u, v) = (Int(e.tail), Int(e.head))
    defer { graph.insert(u, v) }
    let words = graph.wordsPerRow
    let (rowU, rowV) = (graph.row(u), graph.row(v))
    let (activeU, activeV) = (active.row(u), active.row(v))
    var anchor = -1  // a common neighbour; one with two inactive edges if there is such a one
    var anchorIsInactive = false
    for k in 0..<words {
      let common = rowU[k] & rowV[k]
      if common == 0 { continue }
      let inactive = common & ~(activeU[k] | activeV[k])
      if inactive != 0 {
        anchor = k * 64 + inactive.trailingZeroBitCount
        anchorIsInactive = true
        break
      }
      if anchor < 0 { anchor = k * 64 + common.trailingZeroBitCount }
    }
    if anchor < 0 {
      if let ended = components.join(e.tail, e.head) {
        if e.length > 0 { bars0.append(.component(ended, death: e.length, deathEdge: e.edge)) }
      } else {
        bear(e)
      }
      return
    }
    // What the edge must be worth so that its first triangle sums to zero, and then every other triangle.
    for k in 0..<words {
      var rest = rowU[k] & rowV[k]
      if anchorIsInactive { rest &= activeU[k] | activeV[k] }
      while rest != 0 {
        let w = k * 64 + rest.trailingZeroBitCount
        rest &= rest - 1
        let relation = table.sum(path(u, w, v), path(u, anchor, v), factor: table.field.negative(1))
        if !relation.isEmpty { kill(relation, at: e) }
      }
    }
    set(u, v, path(u, anchor, v))
  }

  /// The annotation of the path from u over w to v.
  private mutating func path(_ u: Int, _ w: Int, _ v: Int) -> Annotation {
    table.sum(annotation(u, w), annotation(w, v))
  }

  /// The annotation of the edge from a to b: its negative is that of the edge from b to a.
  private mutating func annotation(_ a: Int, _ b: Int) -> Annotation {
    guard active.contains(a, b) else { return [] }
    let key = UInt64(min(a, b)) << 32 | UInt64(max(a, b))
    let identifier = table.resolve(annotationOf[key] ?? 0)
    if identifier == 0 {
      active.remove(a, b)
      annotationOf[key] = nil
      return []
    }
    return a < b ? table[identifier] : table.negative(table[identifier])
  }

  private mutating func set(_ u: Int, _ v: Int, _ annotation: Annotation) {
    if annotation.isEmpty { return }
    active.insert(u, v)
    annotationOf[UInt64(u) << 32 | UInt64(v)] = table.identifier(of: annotation)
  }

  private mutating func bear(_ e: FiltrationEdge) {
    let cocycle = Int32(births.count)
    births.append(e)
    isAlive.append(true)
    alive += 1
    set(Int(e.tail), Int(e.head), [Term(cocycle: cocycle, value: 1)])
  }

  private mutating func kill(_ relation: Annotation, at e: FiltrationEdge) {
    let dead = Int(table.kill(relation))
    isAlive[dead] = false
    alive -= 1
    let birth = births[dead]
    if e.length > birth.length {
      bars1.append(
        PersistencePair(birth: birth.length, death: e.length, birthEdge: birth.edge, deathEdge: e.edge))
    }
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
