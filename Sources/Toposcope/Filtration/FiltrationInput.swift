import Synchronization

/// What a filtration is built from, after all checks: distances of all pairs, all pairs of which the nearest are known, or a
/// list of edges without repetition.
enum FiltrationInput {
  case dense(DistanceMatrix)
  case nearFirst(NearFirst)
  /// Sorted by vertices; not complete if longer edges were left out.
  case list(vertices: Int, [(edge: Edge, length: Float)], isComplete: Bool)

  /// With more points than this a threshold makes a list of edges, not a matrix.
  private static let manyPoints = 1 << 14

  /// - Throws: `memory` if the estimate of what H0 and H1 take is more than the options allow; `vertices` where there are
  ///   too many for a matrix, or for H2; what the distances throw.
  init(
    _ input: RipsInput, options: RipsOptions, facts: inout RipsFacts, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    var estimate = MemoryEstimate()
    switch input {
    case .points(let points, let metric):
      if options.threshold < .infinity && points.count > FiltrationInput.manyPoints {
        let pairs = try NearPairs(
          points, metric: metric, upTo: options.threshold, threads: threads, progress: progress)
        facts.distances = pairs.facts
        self = .list(vertices: points.count, pairs.edges, isComplete: false)
      } else {
        if options.maxDimension <= 1,
          let pairs = try NearFirst(points, metric: metric, options: options, threads: threads, progress: progress)
        {
          facts.distances = pairs.facts
          self = .nearFirst(pairs)
          return
        }
        try FiltrationInput.checkVertices(points.count)
        estimate = .loops(points.count, threads: threads)
        estimate.add(points.count * points.count, bytesEach: 4)
        try estimate.check(limit: options.maxMemory)
        let distances = try DistanceMatrix(points, metric: metric, threads: threads, progress: progress)
        facts.distances = distances.facts
        self = .dense(distances)
      }
    case .distances(let distances):
      try FiltrationInput.checkVertices(distances.count)
      facts.distances = distances.facts
      self = .dense(distances)
    case .edges(let vertices, let edges):
      let checked = try FiltrationInput.checked(edges, vertices: vertices, progress: progress)
      self = .list(vertices: vertices, checked, isComplete: true)
    }
    if options.maxDimension > 0 {
      if options.maxDimension > 1 { try FiltrationInput.checkVertices(vertexCount) }
      switch self {
      case .list(let vertices, let edges, _):
        estimate =
          hasFewEdges
          ? .sparseLoops(vertices: vertices, edges: edges.count)
          : .loops(vertices, listed: edges.count, threads: threads)
      case .dense, .nearFirst: estimate = .loops(vertexCount, threads: threads)
      }
      estimate.add(byteCount, bytesEach: 1)
      try estimate.check(limit: options.maxMemory)
    }
  }

  /// All pairs, where one can ask about those that have not been added.
  var pairs: LongerPairs? {
    switch self {
    case .dense(let distances): .matrix(distances)
    case .nearFirst(let near): .points(near.points, upTo: near.reach)
    case .list: nil
    }
  }

  /// The edges that are known one by one.
  private var edges: [(edge: Edge, length: Float)]? {
    switch self {
    case .dense: nil
    case .nearFirst(let near): near.edges
    case .list(_, let edges, _): edges
    }
  }

  /// The bytes of its distances or edges.
  var byteCount: Int {
    edges.map { $0.count * MemoryLayout<(edge: Edge, length: Float)>.stride } ?? 4 * vertexCount * vertexCount
  }

  var vertexCount: Int {
    switch self {
    case .dense(let distances): distances.count
    case .nearFirst(let near): near.points.order.count
    case .list(let vertices, _, _): vertices
    }
  }

  /// Rows of bits, and what is kept beside them, name vertices by 16 bits.
  private static let manyVertices = 1 << 16

  static func checkVertices(_ count: Int) throws(ToposcopeError) {
    if count > manyVertices { throw ToposcopeError(.vertices, row: manyVertices, value: Double(count)) }
  }

  /// Whether H1 takes lists of neighbours rather than rows of bits: they are read sooner when a list has a sixteenth of the
  /// neighbours that a row has words.
  private var hasFewEdges: Bool {
    switch self {
    case .dense: false
    case .nearFirst: true
    case .list(let vertices, let edges, _):
      vertices > FiltrationInput.manyVertices || 2 * edges.count < vertices * vertices / 1024
    }
  }

  /// The engine for H0 and H1, to which no edge has been added.
  ///
  /// - Parameter hasPlanes: False where identifiers have to tell everything.
  func loopEngine(
    _ field: PrimeField, hasPlanes: Bool = true, progress: Progress
  ) throws(ToposcopeError) -> any LoopEngine {
    if hasFewEdges, let edges {
      return try SparseLoops(vertices: vertexCount, edges: edges, field: field, progress: progress)
    }
    return try hasPlanes
      ? Loops(vertices: vertexCount, field: field, progress: progress)
      : Loops(vertices: vertexCount, field: field, manyEdges: .max, progress: progress)
  }

  /// The edges sorted by vertices, each once.
  /// - Throws: `shape`, `index`, `diagonal`, `notFinite` (NaN), `negativeDistance`, `asymmetric` (two lengths of one edge).
  private static func checked(
    _ edges: [(edge: Edge, length: Float)], vertices: Int, progress: Progress
  ) throws(ToposcopeError) -> [(edge: Edge, length: Float)] {
    guard vertices >= 0, vertices <= Int32.max else { throw ToposcopeError(.shape, value: Double(vertices)) }
    var wrong: ToposcopeError?
    var isSorted = true
    try progress.forEachPart(of: edges.count) { part in
      for i in part where wrong == nil {
        wrong = fault(of: edges[i], vertices: vertices)
        let edge = edges[i].edge
        isSorted = isSorted && edge.tail < edge.head && (i == 0 || edges[i - 1].edge.precedes(edge))
      }
    }
    if let wrong { throw wrong }
    if isSorted { return edges }
    var order = try NumberSort(edges.count, progress)
    try order.sort { UInt32(bitPattern: edges[$0].edge.head) }
    try order.sort { UInt32(bitPattern: edges[$0].edge.tail) }
    var unique: [(edge: Edge, length: Float)] = []
    unique.reserveCapacity(edges.count)
    try order.forEach { i in
      let item = edges[i]
      if item.edge.tail == item.edge.head { return }
      if let last = unique.last, last.edge == item.edge {
        if last.length == item.length || wrong != nil { return }
        wrong = ToposcopeError(
          .asymmetric, row: Int(item.edge.tail), column: Int(item.edge.head), value: Double(last.length))
      } else {
        unique.append(item)
      }
    }
    if let wrong { throw wrong }
    return unique
  }

  /// What is wrong with an edge by itself, if anything.
  private static func fault(of item: (edge: Edge, length: Float), vertices: Int) -> ToposcopeError? {
    let (row, column, length) = (Int(item.edge.tail), Int(item.edge.head), item.length)
    if row < 0 { return ToposcopeError(.index, row: row, column: vertices) }
    if column >= vertices { return ToposcopeError(.index, row: column, column: vertices) }
    if length.isNaN { return ToposcopeError(.notFinite, row: row, column: column, value: Double(length)) }
    if length < 0 { return ToposcopeError(.negativeDistance, row: row, column: column, value: Double(length)) }
    if row == column && length != 0 {
      return ToposcopeError(.diagonal, row: row, column: column, value: Double(length))
    }
    return nil
  }

  /// How far the filtration has to be followed.
  func extent(threshold: Float, threads: Int, progress: Progress) throws(ToposcopeError) -> FiltrationExtent {
    switch self {
    case .dense(let distances):
      return try FiltrationExtent(distances, threshold: threshold, threads: threads, progress: progress)
    case .nearFirst(let near):
      return FiltrationExtent(
        enclosingRadius: near.enclosingRadius, longest: near.enclosingRadius, threshold: threshold)
    case .list(let vertices, let edges, let isComplete):
      var extent = try FiltrationExtent(
        vertices: vertices, edges: edges, threshold: threshold, progress: progress)
      if !isComplete && extent.enclosingRadius == .infinity { extent.isCut = true }
      return extent
    }
  }

  /// - Parameter mayEndEarly: whether the first edges may be all that is asked for, as in H1
  func edgeOrder(
    upTo limit: Float, mayEndEarly: Bool = true, progress: Progress
  ) throws(ToposcopeError) -> EdgeOrder {
    switch self {
    case .dense(let distances):
      return try EdgeOrder(distances, upTo: limit, mayEndEarly: mayEndEarly, progress: progress)
    case .nearFirst(let near):
      let pairs = vertexCount * (vertexCount - 1) / 2
      return try EdgeOrder(
        vertices: vertexCount, edges: near.edges, upTo: limit, expected: pairs, progress: progress)
    case .list(let vertices, let edges, _):
      return try EdgeOrder(vertices: vertices, edges: edges, upTo: limit, progress: progress)
    }
  }
}

/// How far a filtration has to be followed.
struct FiltrationExtent {
  /// min over x of max over y of d(x, y): from there on the complex is a cone, and nothing changes. Infinity where no
  /// vertex is joined to all others.
  var enclosingRadius: Float
  /// No longer edge matters, or is wanted.
  var limit: Float
  /// True if edges that could matter lie beyond the limit.
  var isCut: Bool

  /// - Parameter longest: the length of the longest edge there is, or the enclosing radius where that is finite
  init(enclosingRadius: Float, longest: Float, threshold: Float) {
    self.enclosingRadius = enclosingRadius
    limit = min(threshold, enclosingRadius, longest)
    isCut = threshold < enclosingRadius && threshold < longest
  }

  init(_ distances: DistanceMatrix, threshold: Float, threads: Int, progress: Progress) throws(ToposcopeError) {
    let n = distances.count
    let rowsPerChunk = 32
    let chunks = (n + rowsPerChunk - 1) / rowsPerChunk
    // The least of the greatest lengths that rows have: a row is left at the first length that is not below it.
    let least = Atomic<Int32>(Int32(bitPattern: Float.infinity.bitPattern))
    try Threads.forEach(chunks: chunks, threads: threads, progress: progress) { chunk in
      for i in (chunk * rowsPerChunk)..<min(n, (chunk + 1) * rowsPerChunk) {
        let row = LengthBits(distances.entries + i * n)
        if let greatest = row.greatest(n, below: least.load(ordering: .relaxed)) {
          least.min(greatest, ordering: .relaxed)
        }
      }
    }
    let enclosing = Float(bitPattern: UInt32(bitPattern: least.load(ordering: .relaxed)))
    // No edge beyond the enclosing radius is looked at.
    var longest = enclosing
    if enclosing == .infinity {
      longest = 0
      for entry in UnsafeBufferPointer(start: distances.entries, count: n * n) where entry < .infinity {
        longest = max(longest, entry)
      }
    }
    self.init(enclosingRadius: enclosing, longest: longest, threshold: threshold)
  }

  init(
    vertices: Int, edges: [(edge: Edge, length: Float)], threshold: Float, progress: Progress
  ) throws(ToposcopeError) {
    var degrees = [Int32](repeating: 0, count: vertices)
    var farthest = [Float](repeating: 0, count: vertices)
    var longest = Float(0)
    try progress.forEachPart(of: edges.count) { part in
      for (edge, length) in edges[part] where length.isFinite {
        for vertex in [Int(edge.tail), Int(edge.head)] {
          degrees[vertex] += 1
          farthest[vertex] = max(farthest[vertex], length)
        }
        longest = max(longest, length)
      }
    }
    var enclosing = Float.infinity
    for vertex in 0..<vertices where Int(degrees[vertex]) == vertices - 1 {
      enclosing = min(enclosing, farthest[vertex])
    }
    self.init(enclosingRadius: enclosing, longest: longest, threshold: threshold)
  }
}
