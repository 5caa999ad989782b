/// The homology classes of one dimension, and the annotations of its simplices that are known.
struct HomologyLevel {
  var classes: LazyAnnotations
  /// By simplex: `simplexKey`.
  var known: SimplexTable
  /// The rank of the birth edge of each class.
  private(set) var births: Growing<Int32>
  /// The rank of the birth edge of the oldest class alive, above all ranks where there is none: simplices before it
  /// have annotation zero.
  private(set) var oldest = Int32.max
  private(set) var bars: [PersistencePair] = []

  init(_ field: PrimeField) throws(ToposcopeError) {
    classes = try LazyAnnotations(field)
    known = try SimplexTable()
    births = try Growing()
  }

  /// A class is born with a simplex.
  mutating func bear(_ key: UInt64, _ rank: Int32) throws(ToposcopeError) {
    try known.set(key, classes.bear())
    try births.append(rank)
    oldest = births[classes.oldestLive]
  }

  /// The relation `vector` = 0 ends the youngest class in it.
  mutating func kill(_ vector: UInt32, at rank: Int32, _ edges: Growing<FiltrationEdge>) {
    let birth = edges[Int(births[classes.kill(vector)])]
    let death = edges[Int(rank)]
    oldest = classes.live > 0 ? births[classes.oldestLive] : Int32.max
    if birth.length < death.length {
      bars.append(
        PersistencePair(birth: birth.length, death: death.length, birthEdge: birth.edge, deathEdge: death.edge))
    }
  }

  /// The bars of the classes that are alive at the end.
  mutating func finish(isComplete: Bool, _ edges: Growing<FiltrationEdge>) {
    for i in 0..<births.count where classes.isLive(i) {
      let birth = edges[Int(births[i])]
      bars.append(
        PersistencePair(
          birth: birth.length, death: .infinity, birthEdge: birth.edge, deathEdge: nil, isCensored: !isComplete))
    }
  }
}

/// A number of 64 bits for a simplex of a given dimension: the rank of its longest edge, and a number for the opposite
/// face, which is 0 for an edge, the vertex for a triangle, and the rank of the opposite edge for a tetrahedron.
@inline(__always)
func simplexKey(_ rank: Int32, _ opposite: UInt32) -> UInt64 {
  UInt64(UInt32(bitPattern: rank)) << 32 | UInt64(opposite)
}
