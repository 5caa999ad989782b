/// START HERE. Points or distances in, persistence diagrams out.

/// What to compute, and with what means.
public struct RipsOptions: Sendable {
  /// The greatest homology dimension.
  public var maxDimension = 1
  /// p of the coefficient field Z/p: a prime, 65521 at most.
  public var modulus = 2
  /// Edges longer than this are left out.
  public var threshold = Float.infinity
  /// 0: every processor of this process.
  public var threads = 0
  /// Keep representative cocycles.
  public var cocycles = false
  /// Keep what representative cycles need.
  public var cycles = false
  /// Bytes that the computation may take; nil: as many as there are.
  public var maxMemory: Int? = nil

  public init() {}
}

/// What the filtration is built from.
public enum RipsInput {
  case points(PointCloud, metric: Metric)
  case distances(DistanceMatrix)
  /// Pairs that are not listed are never joined.
  case edges(vertices: Int, [(edge: Edge, length: Float)])
}

/// How the diagrams were got.
public struct RipsFacts: Sendable {
  public var vertices = 0
  /// The number of edges that the engine looked at.
  public var edges = 0
  /// min over x of max over y of d(x, y): above it nothing changes. Infinity where it was not needed.
  public var enclosingRadius = Float.infinity
  /// The length after which no edge was looked at.
  public var stoppingRadius = Float.infinity
  public var secondsDistances = 0.0
  public var secondsFiltration = 0.0
  public var secondsPersistence = 0.0
  public var distances = DistanceFacts()
}

/// The diagrams of one filtration.
public final class RipsResult: @unchecked Sendable {
  public let options: RipsOptions
  public let facts: RipsFacts
  /// H0 ... H(maxDimension).
  public let diagrams: [PersistenceDiagram]

  init(options: RipsOptions, facts: RipsFacts, diagrams: [PersistenceDiagram]) {
    self.options = options
    self.facts = facts
    self.diagrams = diagrams
  }

  /// A representative cocycle of a bar: simplices, each with its vertices in descending order, and nonzero values mod p.
  public func cocycle(dimension: Int, bar: Int) throws(ToposcopeError) -> [(simplex: [Int32], value: Int)] {
    throw ToposcopeError(.notComputed)
  }

  /// A representative cycle of a bar: simplices whose sum is born with it and is a boundary at its death. In dimension 1
  /// the edges come in order round a loop; in dimension 0 the vertices of the component that ends with the bar.
  public func cycle(dimension: Int, bar: Int) throws(ToposcopeError) -> [[Int32]] {
    throw ToposcopeError(.notComputed)
  }
}

/// The persistence diagrams of the Vietoris-Rips filtration of points or distances.
public func vietorisRips(
  _ input: RipsInput, options: RipsOptions = RipsOptions(), progress: Progress = Progress()
) throws(ToposcopeError) -> RipsResult {
  throw ToposcopeError(.internalError)
}
