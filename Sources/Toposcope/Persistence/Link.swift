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
/// Vertices that are dominated by another are matched away stage by stage (a strong collapse, Barmak and Minian 2012):
/// a simplex whose earliest removed vertex x was dominated by y is matched by putting y in or taking it out. What is
/// left is the core. A spanning forest of the core matches its vertices with forest edges; its other edges f are added
/// in a fixed order, and the simplices f ∪ t are matched in the same way in the link of f within the core.
final class Link {
  /// Ascending.
  let vertices: [Int32]
  /// Of each vertex: the stage in which it was removed; `inCore` for those that stay.
  private var stage: [Int32]
  /// Of each stage: the vertex that dominates.
  private var dominators: [Int32] = []

  /// The core, by local number; its edges in order: forest edges first, then by the order given.
  private var core: [Int32] = []
  private var coreIndex: [Int32]
  private var coreEdges: [(Int32, Int32)] = []
  /// The place of each core edge in `coreEdges`, row after row; `none` where there is no edge.
  private var corePlace: [Int32] = []
  private var forestCount = 0
  private var coreParent: [Int32] = []
  private var sublinks: [Int32: Link] = [:]

  private static let inCore = Int32.max
  private static let none = Int32.max

  /// - Parameters:
  ///   - vertices: ascending
  ///   - order: the place of the edge between two of the vertices; symmetric
  ///   - bound: only edges with a place below it are there
  init(vertices: [Int32], below bound: Int32, order: (Int32, Int32) -> Int32) {
    self.vertices = vertices
    let m = vertices.count
    stage = Array(repeating: Link.inCore, count: m)
    coreIndex = Array(repeating: Link.none, count: m)
    guard m > 0 else { return }

    let words = (m + 63) / 64
    // closed[x]: the neighbours of x, and x
    var closed = [UInt64](repeating: 0, count: m * words)
    for x in 0..<m {
      closed[x * words + x / 64] |= 1 << UInt64(x % 64)
      for y in 0..<x where order(vertices[x], vertices[y]) < bound {
        closed[x * words + y / 64] |= 1 << UInt64(y % 64)
        closed[y * words + x / 64] |= 1 << UInt64(x % 64)
      }
    }
    var alive = [UInt64](repeating: 0, count: words)
    for x in 0..<m { alive[x / 64] |= 1 << UInt64(x % 64) }
    removeDominated(closed, words, &alive)

    for x in 0..<m where stage[x] == Link.inCore {
      coreIndex[x] = Int32(core.count)
      core.append(Int32(x))
    }
    orderCore { i, j in
      let (x, y) = (Int(self.core[i]), Int(self.core[j]))
      let there = closed[x * words + y / 64] >> UInt64(y % 64) & 1 == 1
      return there ? order(vertices[x], vertices[y]) : nil
    }
  }

  private func removeDominated(_ closed: [UInt64], _ words: Int, _ alive: inout [UInt64]) {
    let m = vertices.count
    var sinceRemoval = 0
    var y = 0
    while sinceRemoval < m {
      if alive[y / 64] >> UInt64(y % 64) & 1 == 1 {
        var removed = false
        for x in 0..<m
        where x != y && alive[x / 64] >> UInt64(x % 64) & 1 == 1
          && closed[y * words + x / 64] >> UInt64(x % 64) & 1 == 1
        {
          var dominated = true
          for k in 0..<words where closed[x * words + k] & alive[k] & ~closed[y * words + k] != 0 {
            dominated = false
            break
          }
          if dominated {
            stage[x] = Int32(dominators.count)
            alive[x / 64] &= ~(1 << UInt64(x % 64))
            removed = true
          }
        }
        if removed {
          dominators.append(vertices[y])
          sinceRemoval = 0
        }
      }
      sinceRemoval += 1
      y = (y + 1) % m
    }
  }

  private func orderCore(_ order: (Int, Int) -> Int32?) {
    let c = core.count
    corePlace = Array(repeating: Link.none, count: c * c)
    coreParent = Array(repeating: -1, count: c)
    var others: [(Int32, Int32, Int32)] = []
    // A spanning forest, breadth first from the lowest vertex of each component.
    var seen = [Bool](repeating: false, count: c)
    for root in 0..<c where !seen[root] {
      seen[root] = true
      var queue = [root]
      var next = 0
      while next < queue.count {
        let i = queue[next]
        next += 1
        for j in 0..<c where !seen[j] && order(i, j) != nil {
          seen[j] = true
          coreParent[j] = Int32(i)
          setPlace(i, j)
          queue.append(j)
        }
      }
    }
    forestCount = coreEdges.count
    for i in 0..<c {
      for j in 0..<i where corePlace[i * c + j] == Link.none {
        if let place = order(i, j) { others.append((place, Int32(i), Int32(j))) }
      }
    }
    others.sort { $0 < $1 }
    for (_, i, j) in others { setPlace(Int(i), Int(j)) }
  }

  private func setPlace(_ i: Int, _ j: Int) {
    corePlace[i * core.count + j] = Int32(coreEdges.count)
    corePlace[j * core.count + i] = Int32(coreEdges.count)
    coreEdges.append((Int32(i), Int32(j)))
  }

  /// The link of a core edge in the core as it was before that edge was added.
  private func sublink(_ place: Int32) -> Link {
    if let known = sublinks[place] { return known }
    let c = core.count
    let (i, j) = (Int(coreEdges[Int(place)].0), Int(coreEdges[Int(place)].1))
    var common: [Int32] = []
    for k in 0..<c where corePlace[i * c + k] < place && corePlace[j * c + k] < place { common.append(Int32(k)) }
    let link = Link(vertices: common, below: place) { a, b in self.corePlace[Int(a) * c + Int(b)] }
    sublinks[place] = link
    return link
  }

  /// The core's vertices, by core number, as vertices of this link.
  private func vertex(ofCore i: Int32) -> Int32 { vertices[Int(core[Int(i)])] }

  private func index(of vertex: Int32) -> Int {
    var (low, high) = (0, vertices.count)
    while low < high {
      let middle = (low + high) / 2
      if vertices[middle] < vertex { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// How a simplex of the link is matched; the empty simplex too.
  func match(_ simplex: ArraySlice<Int32>) -> Matching {
    if vertices.isEmpty { return .critical }
    let local = simplex.map { index(of: $0) }
    if let first = local.map({ stage[$0] }).min(), first != Link.inCore {
      let y = dominators[Int(first)]
      return simplex.contains(y) ? .down(y) : .up(y)
    }
    switch local.count {
    case 0: return .up(vertex(ofCore: 0))
    case 1:
      let i = coreIndex[local[0]]
      if i == 0 { return .down(simplex.first!) }
      let parent = coreParent[Int(i)]
      return parent < 0 ? .critical : .up(vertex(ofCore: parent))
    default:
      let c = core.count
      let numbers = local.map { coreIndex[$0] }
      var last: Int32 = -1
      for i in numbers { for j in numbers where i < j { last = max(last, corePlace[Int(i) * c + Int(j)]) } }
      let (a, b) = coreEdges[Int(last)]
      if Int(last) < forestCount {  // a forest has no triangle: the simplex is this edge, matched with its lower end
        return .down(coreParent[Int(a)] == b ? vertex(ofCore: b) : vertex(ofCore: a))
      }
      let rest = numbers.filter { $0 != a && $0 != b }.sorted()
      switch sublink(last).match(rest[...]) {
      case .critical: return .critical
      case .down(let k): return .down(vertex(ofCore: k))
      case .up(let k): return .up(vertex(ofCore: k))
      }
    }
  }

  /// The vertex that fills the edge; one vertex of each further component; of every other vertex its partner.
  var tree: (partner: Int32, furtherRoots: [Int32], parents: [Int32: Int32]) {
    var roots: [Int32] = []
    var parents: [Int32: Int32] = [:]
    for (x, vertex) in vertices.enumerated() {
      if stage[x] != Link.inCore {
        parents[vertex] = dominators[Int(stage[x])]
      } else if coreIndex[x] > 0 {
        let parent = coreParent[Int(coreIndex[x])]
        if parent < 0 { roots.append(vertex) } else { parents[vertex] = self.vertex(ofCore: parent) }
      }
    }
    return (vertex(ofCore: 0), roots, parents)
  }

  /// The critical simplices with at most `count` vertices, the empty one left out, each ascending; fewer vertices first.
  func critical(upTo count: Int) -> [[Int32]] {
    var found = criticalByCore(upTo: count)
    found.sort { $0.count < $1.count }
    return found
  }

  private func criticalByCore(upTo count: Int) -> [[Int32]] {
    guard core.count > 1, count >= 1 else { return [] }
    var found: [[Int32]] = []
    for i in 1..<core.count where coreParent[i] < 0 { found.append([vertex(ofCore: Int32(i))]) }
    guard count >= 2 else { return found }
    for place in forestCount..<max(forestCount, coreEdges.count) {
      let link = sublink(Int32(place))
      let (i, j) = coreEdges[place]
      if link.vertices.isEmpty {
        found.append([vertex(ofCore: i), vertex(ofCore: j)].sorted())
      } else if count >= 3 {
        for rest in link.criticalByCore(upTo: count - 2) {
          found.append((rest + [i, j]).map { vertex(ofCore: $0) }.sorted())
        }
      }
    }
    return found
  }
}
