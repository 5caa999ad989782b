import Toposcope

/// Persistent homology as a textbook has it, to hold the engine against: every simplex of the flag complex is listed,
/// the boundary matrix is written down, and its columns are reduced from left to right.
///
/// Nothing is shared with the engine and nothing is clever. Points number 64 at most, because a simplex is the set of
/// its vertices as a bit mask. See Edelsbrunner and Harer, "Computational Topology" (2010), chapter VII; Zomorodian and
/// Carlsson, "Computing persistent homology" (2005), for coefficients in a field.
struct TextbookReduction {
  /// A simplex, and the place of its longest edge in the order of edges; -1 for a vertex.
  struct Simplex {
    var vertices: UInt64
    var longestEdge: Int

    var dimension: Int { vertices.nonzeroBitCount - 1 }
  }

  /// A nonzero entry of the boundary matrix: the number of a simplex, and a coefficient in 1 ..< modulus.
  struct Term: Equatable {
    var row: Int
    var value: Int
  }

  let distances: [[Float]]
  let modulus: Int
  /// Edges no longer than the threshold by length, then by vertices: the total order that makes ties harmless.
  private(set) var edges: [Edge] = []
  /// All simplices up to dimension maxDimension + 1, faces before cofaces.
  private(set) var simplices: [Simplex] = []

  init(_ distances: [[Float]], maxDimension: Int, modulus: Int = 2, threshold: Float = .infinity) {
    self.distances = distances
    self.modulus = modulus
    let n = distances.count
    for i in 0..<n {
      for j in i + 1..<max(n, i + 1) where distances[i][j] <= threshold && distances[i][j].isFinite {
        edges.append(Edge(Int32(i), Int32(j)))
      }
    }
    edges.sort { a, b in
      let (x, y) = (distances[Int(a.tail)][Int(a.head)], distances[Int(b.tail)][Int(b.head)])
      return x != y ? x < y : (a.tail, a.head) < (b.tail, b.head)
    }
    listSimplices(upTo: maxDimension + 1)
  }

  /// The bars of every dimension up to the one asked for, those of length zero left out.
  func diagrams(maxDimension: Int) -> [[PersistencePair]] {
    var result = [[PersistencePair]](repeating: [], count: maxDimension + 1)
    var reduced: [Int: [Term]] = [:]  // by pivot: the last row of the column
    var deaths: [Int: Int] = [:]
    var births: [Int] = []
    let number = Dictionary(uniqueKeysWithValues: simplices.enumerated().map { ($1.vertices, $0) })
    for (j, simplex) in simplices.enumerated() {
      var column = boundary(of: simplex, number)
      while let pivot = column.last, let other = reduced[pivot.row] {
        let factor = modulus - pivot.value * inverse(other.last!.value) % modulus
        column = sum(column, other, times: factor)
      }
      if let pivot = column.last {
        reduced[pivot.row] = column
        deaths[pivot.row] = j
      } else {
        births.append(j)
      }
    }
    for birth in births where simplices[birth].dimension <= maxDimension {
      let pair = pair(birth, deaths[birth])
      if pair.death > pair.birth { result[simplices[birth].dimension].append(pair) }
    }
    return result
  }

  // MARK: - Simplices

  private func length(_ edge: Edge) -> Float { distances[Int(edge.tail)][Int(edge.head)] }

  /// Every set of vertices that are joined two by two.
  private mutating func listSimplices(upTo dimension: Int) {
    let n = distances.count
    var place = [Int](repeating: -1, count: n * n)  // of the edge of two vertices; -1: not joined
    for (i, edge) in edges.enumerated() {
      place[Int(edge.tail) * n + Int(edge.head)] = i
      place[Int(edge.head) * n + Int(edge.tail)] = i
    }
    var layer = (0..<n).map { Simplex(vertices: 1 << UInt64($0), longestEdge: -1) }
    simplices = layer
    for _ in 0..<max(dimension, 0) {
      var next: [Simplex] = []
      for simplex in layer {
        let vertices = members(of: simplex.vertices)
        for v in vertices.last! + 1..<max(n, vertices.last! + 1) {
          var longest = simplex.longestEdge
          var joined = true
          for w in vertices {
            joined = joined && place[v * n + w] >= 0
            longest = max(longest, place[v * n + w])
          }
          if joined { next.append(Simplex(vertices: simplex.vertices | 1 << UInt64(v), longestEdge: longest)) }
        }
      }
      simplices += next
      layer = next
    }
    simplices.sort { a, b in
      if a.longestEdge != b.longestEdge { return a.longestEdge < b.longestEdge }
      if a.dimension != b.dimension { return a.dimension < b.dimension }
      return a.vertices < b.vertices
    }
  }

  /// The vertices of a simplex in ascending order.
  private func members(of vertices: UInt64) -> [Int] {
    var rest = vertices
    var result: [Int] = []
    while rest != 0 {
      result.append(rest.trailingZeroBitCount)
      rest &= rest - 1
    }
    return result
  }

  // MARK: - The boundary matrix

  /// The alternating sum of the facets; nothing for a vertex. Rows ascend.
  private func boundary(of simplex: Simplex, _ number: [UInt64: Int]) -> [Term] {
    guard simplex.dimension > 0 else { return [] }
    return members(of: simplex.vertices).enumerated().map { i, vertex in
      Term(row: number[simplex.vertices & ~(1 << UInt64(vertex))]!, value: i % 2 == 0 ? 1 : modulus - 1)
    }.sorted { $0.row < $1.row }
  }

  /// a + factor b, zeros left out.
  private func sum(_ a: [Term], _ b: [Term], times factor: Int) -> [Term] {
    var result: [Term] = []
    var (i, j) = (0, 0)
    while i < a.count || j < b.count {
      if j == b.count || i < a.count && a[i].row < b[j].row {
        result.append(a[i])
        i += 1
      } else if i == a.count || b[j].row < a[i].row {
        result.append(Term(row: b[j].row, value: factor * b[j].value % modulus))
        j += 1
      } else {
        let value = (a[i].value + factor * b[j].value) % modulus
        if value != 0 { result.append(Term(row: a[i].row, value: value)) }
        i += 1
        j += 1
      }
    }
    return result
  }

  /// By Fermat: x^(p - 2).
  private func inverse(_ x: Int) -> Int {
    var (power, base, exponent) = (1, x % modulus, modulus - 2)
    while exponent > 0 {
      if exponent % 2 == 1 { power = power * base % modulus }
      base = base * base % modulus
      exponent /= 2
    }
    return power
  }

  // MARK: - Pairs

  private func pair(_ birth: Int, _ death: Int?) -> PersistencePair {
    let simplex = simplices[birth]
    let deathEdge = death.map { edges[simplices[$0].longestEdge] }
    let vertex = Int32(simplex.vertices.trailingZeroBitCount)
    let birthEdge = simplex.longestEdge >= 0 ? edges[simplex.longestEdge] : Edge(vertex, vertex)
    return PersistencePair(
      birth: simplex.longestEdge >= 0 ? length(birthEdge) : 0, death: deathEdge.map(length) ?? .infinity,
      birthEdge: birthEdge, deathEdge: deathEdge)
  }
}
