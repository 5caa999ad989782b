/// What an acyclic matching does with a simplex.
enum Matching {
  /// Matched with no other: it bears or kills a class.
  case critical
  /// Matched with its facet opposite this vertex.
  case down(Int32)
  /// Matched with its cofacet by this vertex.
  case up(Int32)
}

/// The flag complex on the common neighbours of an edge e, with an acyclic matching of its simplices s, the empty one
/// included; so e ∪ s are matched too.
///
/// The complex is taken apart step by step; a step takes a vertex or an edge r out of what is left. A simplex is matched
/// in the step that takes out one of its faces, r ∪ t like t in the link of r in what was left: so if that link has a
/// matching without critical simplices, the step has none. Vertices that are dominated by another come first (a strong
/// collapse, Barmak and Minian 2012), then whatever leaves no critical simplex. The last vertex is matched with the
/// empty simplex.
///
/// Only simplices with so many vertices that the wanted dimensions can see them matter: `limit` for critical ones, one
/// less for those whose matching is asked for.
final class Link {
  /// Ascending.
  let vertices: [Int32]
  private let limit: Int
  private let rows: LinkRows
  /// Of all that takes this link apart, now and later.
  let progress: Progress
  private var steps: [LinkSteps.Step] = []
  /// Of each vertex: the step that takes it out.
  private var vertexSteps: [Int32] = []
  /// The same of the edges that a step of their own takes out.
  private var edgeSteps: [Int: Int32] = [:]
  private var sublinks: [Int32: Link] = [:]

  /// - Parameters:
  ///   - vertices: ascending
  ///   - limit: critical simplices of so many vertices matter
  ///   - isJoined: whether there is an edge between two of the vertices
  convenience init(
    _ vertices: [Int32], limit: Int, _ progress: Progress, isJoined: (Int32, Int32) -> Bool
  ) throws(ToposcopeError) {
    var rows = LinkRows(vertices.count)
    for x in vertices.indices {
      for y in 0..<x where isJoined(vertices[x], vertices[y]) { rows.join(x, y) }
    }
    try self.init(vertices, rows, limit: limit, progress, isDense: false)
  }

  private init(
    _ vertices: [Int32], _ rows: LinkRows, limit: Int, _ progress: Progress, isDense: Bool
  ) throws(ToposcopeError) {
    self.vertices = vertices
    self.rows = rows
    self.limit = limit
    self.progress = progress
    if vertices.isEmpty { return }
    var all = LinkSteps(rows, limit: limit, progress)
    try all.takeApart(isDense: isDense)
    steps = Array(unsafeUninitializedCapacity: all.steps.count) { memory, count in
      (_, count) = memory.initialize(from: all.steps)
    }
    vertexSteps = Array(repeating: 0, count: vertices.count)
    for (i, step) in steps.enumerated() {
      if step.x == step.y {
        vertexSteps[step.x] = Int32(i)
      } else {
        edgeSteps[pair(step.x, step.y)] = Int32(i)
      }
    }
  }

  /// What it holds now, as good as it can be told: it grows when simplices are asked for.
  var byteCount: Int {
    let numbers = 4 * (vertices.count + vertexSteps.count) + 8 * (rows.bits.count + steps.count)
    let tables = 16 * (edgeSteps.count + sublinks.count)
    return Link.overhead + numbers + tables + sublinks.values.reduce(0) { $0 + $1.byteCount }
  }

  /// The bytes of an object of this class, and of the headers of its arrays.
  private static let overhead = 96 + 4 * 32

  private func pair(_ x: Int, _ y: Int) -> Int { max(x, y) * vertices.count + min(x, y) }

  /// The vertex that the empty simplex is matched with.
  private var last: Int { steps[steps.count - 1].x }

  /// The step that takes out an edge, or one of its ends.
  private func step(_ x: Int, _ y: Int) -> Int32 {
    let first = min(vertexSteps[x], vertexSteps[y])
    return edgeSteps.isEmpty ? first : min(first, edgeSteps[pair(x, y)] ?? first)
  }

  /// The link of what a step takes out, in what was left before it.
  private func sublink(_ place: Int32) throws(ToposcopeError) -> Link {
    if let known = sublinks[place] { return known }
    let (x, y) = (steps[Int(place)].x, steps[Int(place)].y)
    var left: [Int] = []
    for w in vertices.indices where w != x && w != y && rows.contains(x, w) && rows.contains(y, w) {
      if min(step(x, w), step(y, w)) >= place { left.append(w) }
    }
    var among = LinkRows(left.count)
    for (i, a) in left.enumerated() {
      for (j, b) in left[..<i].enumerated() where rows.contains(a, b) && step(a, b) > place { among.join(i, j) }
    }
    let smaller = limit - (x == y ? 1 : 2)
    let link = try Link(left.map { Int32($0) }, among, limit: smaller, progress, isDense: true)
    sublinks[place] = link
    return link
  }

  private func index(of vertex: Int32) -> Int {
    var (low, high) = (0, vertices.count)
    while low < high {
      let middle = (low + high) / 2
      if vertices[middle] < vertex { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// How a simplex of the link is matched; the empty simplex too.
  func match(_ simplex: ArraySlice<Int32>) throws(ToposcopeError) -> Matching {
    if vertices.isEmpty { return .critical }
    if simplex.isEmpty { return .up(root) }
    let local = simplex.map { index(of: $0) }
    var first = local.map { vertexSteps[$0] }.min()!
    if !edgeSteps.isEmpty {
      for (i, x) in local.enumerated() { for y in local[..<i] { first = min(first, step(x, y)) } }
    }
    let taken = steps[Int(first)]
    if let dominator = taken.dominator {
      let y = vertices[dominator]
      return simplex.contains(y) ? .down(y) : .up(y)
    }
    if Int(first) == steps.count - 1 { return .down(simplex.first!) }
    let rest = local.filter { $0 != taken.x && $0 != taken.y }.map { Int32($0) }
    switch try sublink(first).match(rest[...]) {
    case .critical: return .critical
    case .down(let k): return .down(vertices[Int(k)])
    case .up(let k): return .up(vertices[Int(k)])
    }
  }

  /// The vertex that the empty simplex is matched with: it fills the edge.
  var root: Int32 { vertices[last] }

  /// Of every vertex that is matched with an edge, the other end.
  func tree() throws(ToposcopeError) -> [Int32: Int32] {
    var parents: [Int32: Int32] = [:]
    for x in vertices { if case .up(let y) = try match([x]) { parents[x] = y } }
    return parents
  }

  /// The critical simplices with at most `limit` vertices, the empty one left out, each ascending; fewer vertices first.
  func critical() throws(ToposcopeError) -> [[Int32]] {
    var found: [[Int32]] = []
    for (place, step) in steps.dropLast().enumerated() where !step.isFree {
      let cell = step.x == step.y ? [vertices[step.x]] : [vertices[step.x], vertices[step.y]]
      if cell.count > limit { continue }
      let link = try sublink(Int32(place))
      if link.vertices.isEmpty {
        found.append(cell.sorted())
      } else {
        for rest in try link.critical() { found.append((rest.map { vertices[Int($0)] } + cell).sorted()) }
      }
    }
    return found.sorted { $0.count < $1.count }
  }
}
