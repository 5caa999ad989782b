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
  /// When the pairs of points are made near first.
  var nearFirst = NearFirst.Pace()

  public init() {}
}

/// What the filtration is built from.
public enum RipsInput {
  case points(PointCloud, metric: Metric)
  case distances(DistanceMatrix)
  /// Pairs that are not listed are never joined.
  case edges(vertices: Int, [(edge: Edge, length: Float)])

  fileprivate var vertexCount: Int {
    switch self {
    case .points(let points, _): points.count
    case .distances(let distances): distances.count
    case .edges(let vertices, _): vertices
    }
  }

  /// Whether all distances are there in a tenth of a millisecond or so.
  fileprivate var hasFewNumbers: Bool {
    guard case .points(let points, _) = self else { return true }
    return points.count < Threads.fewPoints && points.count * points.count * points.dimension < 1 << 19
  }
}

/// How the diagrams were got.
public struct RipsFacts: Sendable {
  public var vertices = 0
  /// The number of edges that the engine added.
  public var edges = 0
  /// min over x of max over y of d(x, y): above it nothing changes. Infinity where it was not needed.
  public var enclosingRadius = Float.infinity
  /// The length after which no edge was added.
  public var stoppingRadius = Float.infinity
  public var secondsDistances = 0.0
  public var secondsFiltration = 0.0
  public var secondsPersistence = 0.0
  public var distances = DistanceFacts()
}

/// The persistence diagrams of the Vietoris-Rips filtration of points or distances.
///
/// - Throws: ``ToposcopeError`` of kind `homologyDimension`, `modulus`, `threshold` for options that are out of range;
///   `index`, `asymmetric`, `notFinite`, `negativeDistance`, `diagonal` for bad lists of edges; whatever the distances
///   throw; `memory`, `cancelled`.
public func vietorisRips(
  _ input: RipsInput, options: RipsOptions = RipsOptions(), progress: Progress = Progress()
) throws(ToposcopeError) -> RipsResult {
  let field = try check(options)
  let threads = Threads.resolve(options.threads, points: input.vertexCount)
  var facts = RipsFacts()
  var stopwatch = Stopwatch()
  if options.maxDimension == 0 && !options.cycles && !options.cocycles {
    return try components(input, options: options, progress: progress)
  }
  var graph = try FiltrationInput(
    input, options: options, facts: &facts, threads: input.hasFewNumbers ? 1 : Threads.resolve(options.threads),
    progress: progress)
  facts.secondsDistances = stopwatch.lap()
  let extent = try graph.extent(threshold: options.threshold, threads: threads, progress: progress)
  facts.vertices = graph.vertexCount
  facts.enclosingRadius = extent.enclosingRadius
  facts.stoppingRadius = extent.limit
  let order = try graph.edgeOrder(
    upTo: extent.limit, mayEndEarly: options.maxDimension < 2, progress: progress)
  facts.secondsFiltration = stopwatch.lap()
  let (bars, representatives) = try persistence(
    order, &graph, extent, options: options, field: field, threads: threads, facts: &facts, stopwatch: &stopwatch,
    progress: progress)
  facts.secondsPersistence += stopwatch.lap()
  var diagrams: [PersistenceDiagram] = []
  for (dimension, pairs) in bars.enumerated() {
    diagrams.append(try PersistenceDiagram(dimension: dimension, pairs: pairs, progress: progress))
  }
  let loops =
    options.cycles || options.cocycles ? LoopRepresentatives(graph, field: field, limit: extent.limit) : nil
  let ordered = zip(bars, representatives).map { bars, representatives in
    zip(bars, representatives).sorted { $0.0.precedes($1.0) }.map { $0.1 }
  }
  return RipsResult(options: options, facts: facts, diagrams: diagrams, loops: loops, representatives: ordered)
}

/// H0 alone, which needs neither a matrix nor sorted edges.
private func components(
  _ input: RipsInput, options: RipsOptions, progress: Progress
) throws(ToposcopeError) -> RipsResult {
  var facts = RipsFacts()
  var stopwatch = Stopwatch()
  let forest: MinimumSpanningForest
  var extent: FiltrationExtent?
  switch input {
  case .points(let cloud, let metric):
    try BoruvkaForest.estimate(cloud).check(limit: options.maxMemory)
    let rows = try DistanceRows(cloud, metric: metric, threads: options.threads, progress: progress)
    facts.distances = rows.facts
    facts.secondsDistances = stopwatch.lap()
    forest = try MinimumSpanningForest(rows, threads: options.threads, progress: progress)
  case .distances(let matrix):
    facts.distances = matrix.facts
    forest = try MinimumSpanningForest(vertices: matrix.count, progress: progress) {
      $1.update(from: matrix.entries + $0 * matrix.count, count: matrix.count)
    }
  case .edges:
    let graph = try FiltrationInput(input, options: options, facts: &facts, threads: 1, progress: progress)
    extent = try graph.extent(threshold: options.threshold, threads: 1, progress: progress)
    let order = try graph.edgeOrder(upTo: options.threshold, progress: progress)
    facts.secondsFiltration = stopwatch.lap()
    forest = try MinimumSpanningForest(order, progress: progress)
  }
  facts.vertices = forest.vertices
  facts.edges = forest.edges.count
  facts.stoppingRadius = min(options.threshold, forest.edges.last?.length ?? 0)
  let reach =
    extent
    ?? FiltrationExtent(
      enclosingRadius: forest.enclosingRadius, longest: forest.longest, threshold: options.threshold)
  facts.enclosingRadius = reach.enclosingRadius
  let diagram = try forest.diagram(upTo: options.threshold, isCut: reach.isCut, progress: progress)
  facts.secondsPersistence = stopwatch.lap()
  return RipsResult(options: options, facts: facts, diagrams: [diagram])
}

/// The bars of every dimension up to the greatest, and what represents them.
private func persistence(
  _ order: EdgeOrder, _ input: inout FiltrationInput, _ extent: FiltrationExtent, options: RipsOptions,
  field: PrimeField, threads: Int, facts: inout RipsFacts, stopwatch: inout Stopwatch, progress: Progress
) throws(ToposcopeError) -> ([[PersistencePair]], [[Representative]]) {
  switch options.maxDimension {
  case 0, 1:
    var loops = try input.loopEngine(field, progress: progress)
    var end = try loops.add(
      order, upTo: extent.limit, pairs: input.pairs, threads: threads, progress: progress)
    facts.edges = end.edges
    if case .nearFirst(let near) = input, near.reach < extent.limit, !end.isBeforeOthers {
      facts.secondsPersistence += stopwatch.lap()
      let matrix = try near.matrix(
        threads: Threads.resolve(options.threads), maxMemory: options.maxMemory, progress: progress)
      facts.secondsDistances += stopwatch.lap()
      input = .dense(matrix)
      let rest = try EdgeOrder(matrix, after: (order, near.reach), upTo: extent.limit, progress: progress)
      loops = try loops.inRows()
      end = try loops.add(rest, upTo: extent.limit, pairs: input.pairs, threads: threads, progress: progress)
      facts.edges += end.edges
    }
    facts.stoppingRadius = end.length
    try loops.finish(censored: extent.isCut, progress: progress)
    return (Array([loops.bars0, loops.bars1].prefix(options.maxDimension + 1)), [])
  default:
    var engine = try HigherPersistence(
      order, maxDimension: options.maxDimension, field: field, isComplete: !extent.isCut,
      wanted: Wanted(cocycles: options.cocycles, cycles: options.cycles),
      limit: options.maxMemory, held: input.byteCount,
      threads: options.maxDimension > 2 ? Threads.resolve(options.threads) : threads, progress: progress)
    try engine.run()
    facts.edges = order.taken
    return (engine.diagrams, engine.representatives)
  }
}

/// The field of coefficients, when all options are in range.
private func check(_ options: RipsOptions) throws(ToposcopeError) -> PrimeField {
  guard (0...greatestHomologyDimension).contains(options.maxDimension) else {
    throw ToposcopeError(.homologyDimension, row: greatestHomologyDimension, value: Double(options.maxDimension))
  }
  guard options.threshold >= 0 else { throw ToposcopeError(.threshold, value: Double(options.threshold)) }
  return try PrimeField(options.modulus)
}

/// Far beyond what can be computed; a bound so that a slip of the finger gets a sentence, not a million diagrams.
let greatestHomologyDimension = 255
