#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Spaces whose diagrams are known without any program.
enum Spaces {
  /// n points evenly on the unit circle. Adamaszek and Adams, "The Vietoris-Rips complexes of a circle" (2017).
  static func regularPolygon(_ n: Int) -> [[Double]] {
    (0..<n).map { i in
      let angle = 2 * Double.pi * Double(i) / Double(n)
      return [cos(angle), sin(angle)]
    }
  }

  /// The 2 d points +-e_i of R^d.
  static func crossPolytope(_ d: Int) -> [[Double]] {
    (0..<2 * d).map { i in (0..<d).map { $0 == i / 2 ? (i % 2 == 0 ? 1 : -1) : 0 } }
  }

  /// Every two points at the same distance.
  static func equidistant(_ n: Int, distance: Float = 1) -> [[Float]] {
    (0..<n).map { i in (0..<n).map { i == $0 ? 0 : distance } }
  }

  /// The barycentric subdivision of a simplicial complex as a graph: one point a simplex, at distance 1 from its faces and
  /// cofaces and at distance 2 from the rest. The flag complex at threshold 1 is the subdivision itself.
  static func subdivision(facets: [[Int]]) -> [[Float]] {
    var simplices: Set<Set<Int>> = []
    for facet in facets {
      for choice in 1..<1 << facet.count {
        simplices.insert(Set(facet.indices.filter { choice & 1 << $0 != 0 }.map { facet[$0] }))
      }
    }
    let points = simplices.sorted { ($0.count, $0.sorted()) < ($1.count, $1.sorted()) }
    return points.map { p in
      points.map { q in p == q ? 0 : p.isSubset(of: q) || q.isSubset(of: p) ? 1 : 2 }
    }
  }

  /// The projective plane with 6 vertices.
  static let projectivePlane = subdivision(facets: [
    [1, 2, 5], [1, 2, 6], [1, 3, 4], [1, 3, 6], [1, 4, 5], [2, 3, 4], [2, 3, 5], [2, 4, 6], [3, 5, 6], [4, 5, 6],
  ])

  /// The torus with 7 vertices (Moebius 1861; Csaszar 1949).
  static let torus: [[Float]] = {
    var facets: [[Int]] = []
    for i in 0..<7 {
      facets.append([i, (i + 1) % 7, (i + 3) % 7])
      facets.append([i, (i + 2) % 7, (i + 3) % 7])
    }
    return subdivision(facets: facets)
  }()

  /// The Moore space of Z/q: a disk whose boundary of 3 q edges is wound q times round a circle of 3. Its homology with
  /// integer coefficients is Z, Z/q, 0.
  static func mooreSpace(_ q: Int) -> [[Float]] {
    let rim = 3 * q
    var facets: [[Int]] = []
    for i in 0..<rim {
      let (a, b) = (i % 3, (i + 1) % 3)  // the circle: vertices 0, 1, 2
      let (c, d) = (3 + i, 3 + (i + 1) % rim)  // a ring inside the disk
      facets += [[a, b, c], [b, c, d], [c, d, 3 + rim]]
    }
    return subdivision(facets: facets)
  }
}

private func < (a: (Int, [Int]), b: (Int, [Int])) -> Bool {
  a.0 != b.0 ? a.0 < b.0 : a.1.lexicographicallyPrecedes(b.1)
}
