/// An edge of the filtration: two vertices, the smaller first. In dimension 0 both ends of a birth edge are the vertex.
public struct Edge: Hashable, Sendable, BitwiseCopyable {
  public var tail: Int32
  public var head: Int32

  public init(_ tail: Int32, _ head: Int32) {
    self.tail = min(tail, head)
    self.head = max(tail, head)
  }

  /// The order of edges of one length in a filtration: by tail, then by head.
  @inline(__always)
  func precedes(_ other: Edge) -> Bool { (tail, head) < (other.tail, other.head) }
}

/// A homology class from its birth to its death: one bar of the barcode, one point of the diagram.
public struct PersistencePair: Hashable, Sendable {
  /// The filtration value at which the class appears.
  public var birth: Float
  /// The filtration value at which the class becomes a boundary; infinity if it never does.
  public var death: Float
  /// The longest edge of the simplex that bears the class.
  public var birthEdge: Edge
  /// The longest edge of the simplex that kills the class, if one does.
  public var deathEdge: Edge?
  /// True if the class is alive at a threshold below the enclosing radius, so that its death was not looked for.
  public var isCensored: Bool

  public var persistence: Float { death - birth }

  public init(birth: Float, death: Float, birthEdge: Edge, deathEdge: Edge?, isCensored: Bool = false) {
    self.birth = birth
    self.death = death
    self.birthEdge = birthEdge
    self.deathEdge = deathEdge
    self.isCensored = isCensored
  }
}

/// The bars of one homology dimension, longest first; equal ones by birth, then by birth edge.
///
/// Bars of length zero are left out, in every dimension.
public struct PersistenceDiagram: Equatable, Sendable {
  public let dimension: Int
  public let pairs: [PersistencePair]

  public init(dimension: Int, pairs: [PersistencePair]) {
    self.dimension = dimension
    self.pairs = pairs.sorted { $0.precedes($1) }
  }

  /// The same, heard while millions of bars are sorted.
  init(dimension: Int, pairs: [PersistencePair], progress: Progress) throws(ToposcopeError) {
    var comparisons = 0
    func precedes(_ a: PersistencePair, _ b: PersistencePair) throws -> Bool {
      comparisons &+= 1
      if comparisons & 0xFFFF == 0 { try progress.report() }
      return a.precedes(b)
    }
    self.dimension = dimension
    do { self.pairs = try pairs.sorted(by: precedes) } catch { throw ToposcopeError(.cancelled) }
  }

  /// Takes bars in their order: to sort millions again would take long.
  init(dimension: Int, sorted pairs: [PersistencePair]) {
    assert(zip(pairs, pairs.dropFirst()).allSatisfy { !$1.precedes($0) })
    self.dimension = dimension
    self.pairs = pairs
  }
}

extension PersistencePair {
  /// The order of bars in a diagram.
  func precedes(_ other: PersistencePair) -> Bool {
    if persistence != other.persistence { return persistence > other.persistence }
    if birth != other.birth { return birth < other.birth }
    if birthEdge != other.birthEdge {
      return (birthEdge.tail, birthEdge.head) < (other.birthEdge.tail, other.birthEdge.head)
    }
    guard let deathEdge, let otherDeath = other.deathEdge else { return false }
    return (deathEdge.tail, deathEdge.head) < (otherDeath.tail, otherDeath.head)
  }
}
