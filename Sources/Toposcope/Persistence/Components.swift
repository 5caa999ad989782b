/// The connected components of a growing graph, each known by its oldest vertex: the one of the smallest number.
struct Components {
  private var parent: [Int32]
  /// The number of components.
  private(set) var count: Int

  init(_ vertices: Int) {
    parent = (0..<Int32(vertices)).map { $0 }
    count = vertices
  }

  var vertexCount: Int { parent.count }

  /// The oldest vertex of the component of `vertex`.
  @inline(__always)
  mutating func root(_ vertex: Int32) -> Int32 {
    var v = vertex
    while parent[Int(v)] != v {
      parent[Int(v)] = parent[Int(parent[Int(v)])]
      v = parent[Int(v)]
    }
    return v
  }

  /// The oldest vertex of the component of every vertex.
  mutating func roots() -> [Int32] {
    // Parents are older, so theirs are known.
    for v in 0..<parent.count { parent[v] = parent[Int(parent[v])] }
    return parent
  }

  /// Joins the components of the ends of an edge. Returns the oldest vertex of the one that ends so, by the elder rule;
  /// nil when the ends were joined before.
  @inline(__always)
  mutating func join(_ a: Int32, _ b: Int32) -> Int32? {
    let (x, y) = (root(a), root(b))
    if x == y { return nil }
    let (older, younger) = (min(x, y), max(x, y))
    parent[Int(younger)] = older
    count -= 1
    return younger
  }
}

extension PersistencePair {
  /// The bar of a component that is known by `vertex`.
  static func component(_ vertex: Int32, death: Float, deathEdge: Edge?) -> PersistencePair {
    PersistencePair(birth: 0, death: death, birthEdge: Edge(vertex, vertex), deathEdge: deathEdge)
  }
}
