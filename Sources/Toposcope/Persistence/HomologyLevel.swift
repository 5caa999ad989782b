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
  /// Of each bar.
  private(set) var representatives: [Representative] = []
  private let isComplete: Bool

  /// - Parameter isComplete: whether classes alive after the last edge never die; if not, their bars are censored
  init(_ field: PrimeField, isComplete: Bool, _ progress: Progress) throws(ToposcopeError) {
    self.isComplete = isComplete
    classes = try LazyAnnotations(field, progress)
    known = try SimplexTable(progress)
    births = try Growing()
  }

  var byteCount: Int { classes.byteCount + known.byteCount }

  /// A class is born with a simplex.
  mutating func bear(_ key: UInt64, _ rank: Int32) throws(ToposcopeError) {
    try known.set(key, classes.bear())
    try births.append(rank)
    oldest = births[classes.oldestLive]
  }

  /// The relation `vector` = 0 ends the youngest class in it.
  mutating func kill(
    _ vector: UInt32, at rank: Int32, _ graph: RankedGraph, _ representative: @autoclosure () -> Representative
  ) throws(ToposcopeError) {
    let dead = try classes.kill(vector)
    oldest = classes.live > 0 ? births[classes.oldestLive] : Int32.max
    if Int(rank) >= graph.edgesBeforeClosing {
      if Int(births[dead]) < graph.edgesBeforeClosing { addEssential(dead, graph, representative()) }
      return
    }
    let (birth, death) = (graph.edges[Int(births[dead])], graph.edges[Int(rank)])
    if birth.length < death.length {
      bars.append(
        PersistencePair(birth: birth.length, death: death.length, birthEdge: birth.edge, deathEdge: death.edge))
      representatives.append(representative())
    }
  }

  /// The bar of a class that is alive at the end.
  mutating func addEssential(_ homologyClass: Int, _ graph: RankedGraph, _ representative: Representative) {
    let birth = graph.edges[Int(births[homologyClass])]
    bars.append(
      PersistencePair(
        birth: birth.length, death: .infinity, birthEdge: birth.edge, deathEdge: nil, isCensored: !isComplete))
    representatives.append(representative)
  }

  /// The classes that are alive.
  var alive: [Int] { (0..<births.count).filter { classes.isLive($0) } }
}

/// What is wanted besides the bars.
struct Wanted: Equatable {
  var cocycles = false
  var cycles = false
}

/// A number of 64 bits for a simplex of a given dimension: the rank of its longest edge, and a number for the opposite
/// face, which is 0 for an edge, the vertex for a triangle, and the rank of the opposite edge for a tetrahedron.
@inline(__always)
func simplexKey(_ rank: Int32, _ opposite: UInt32) -> UInt64 {
  UInt64(UInt32(bitPattern: rank)) << 32 | UInt64(opposite)
}
