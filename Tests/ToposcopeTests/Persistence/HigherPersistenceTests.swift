import Foundation
import Testing

@testable import Toposcope

/// Birth, death and dimension of every bar, by column reduction of the boundary matrix of all simplices (Zomorodian and
/// Carlsson 2005). Slow, short, and independent of the engine.
func diagramsByReduction(
  _ lengths: [[Float]], maxDimension: Int, modulus: Int, threshold: Float = .infinity
) -> [[[Float]]] {
  let n = lengths.count
  var simplices: [(value: Float, vertices: [Int])] = []
  func extend(_ vertices: [Int], _ value: Float) {
    simplices.append((value, vertices))
    if vertices.count == maxDimension + 2 { return }
    for next in (vertices.last! + 1)..<max(n, vertices.last! + 1) {
      let longest = vertices.map { lengths[$0][next] }.max()!
      if longest <= threshold, longest < .infinity { extend(vertices + [next], max(value, longest)) }
    }
  }
  for vertex in 0..<n { extend([vertex], 0) }
  simplices.sort { a, b in
    if a.value != b.value { return a.value < b.value }
    if a.vertices.count != b.vertices.count { return a.vertices.count < b.vertices.count }
    return a.vertices.lexicographicallyPrecedes(b.vertices)
  }
  let place = Dictionary(uniqueKeysWithValues: simplices.enumerated().map { ($1.vertices, $0) })
  func inverse(_ a: Int) -> Int { (1..<modulus).first { $0 * a % modulus == 1 }! }
  var columnWithPivot: [Int: [Int: Int]] = [:]
  var diagrams = [[[Float]]](repeating: [], count: maxDimension + 1)
  var births = Set<Int>()
  for (j, simplex) in simplices.enumerated() {
    var column: [Int: Int] = [:]
    if simplex.vertices.count > 1 {
      for i in simplex.vertices.indices {
        var facet = simplex.vertices
        facet.remove(at: i)
        column[place[facet]!] = i % 2 == 0 ? 1 : modulus - 1
      }
    }
    while let pivot = column.keys.max(), let other = columnWithPivot[pivot] {
      let factor = column[pivot]! * inverse(other[pivot]!) % modulus
      for (row, value) in other {
        let sum = ((column[row] ?? 0) + (modulus - factor) * value) % modulus
        column[row] = sum == 0 ? nil : sum
      }
    }
    guard let pivot = column.keys.max() else {
      births.insert(j)
      continue
    }
    columnWithPivot[pivot] = column
    births.remove(pivot)
    let (birth, death) = (simplices[pivot].value, simplex.value)
    if birth != death { diagrams[simplices[pivot].vertices.count - 1].append([birth, death]) }
  }
  for j in births where simplices[j].vertices.count <= maxDimension + 1 {
    diagrams[simplices[j].vertices.count - 1].append([simplices[j].value, .infinity])
  }
  return diagrams.map { $0.sorted { $0.lexicographicallyPrecedes($1) } }
}

/// A seeded generator (SplitMix64).
struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

func edgeOrder(_ lengths: [[Float]], threshold: Float = .infinity) throws -> EdgeOrder {
  var edges: [(edge: Edge, length: Float)] = []
  for j in lengths.indices { for i in 0..<j { edges.append((Edge(Int32(i), Int32(j)), lengths[i][j])) } }
  return try EdgeOrder(vertices: lengths.count, edges: edges, upTo: threshold, progress: Progress())
}

func diagramsEdgeByEdge(
  _ lengths: [[Float]], maxDimension: Int, modulus: Int, threshold: Float = .infinity, hasLists: Bool? = nil
) throws -> [[[Float]]] {
  var engine = try HigherPersistence(
    edgeOrder(lengths, threshold: threshold), maxDimension: maxDimension, field: PrimeField(modulus),
    isComplete: true, hasLists: hasLists)
  try engine.run()
  return engine.diagrams.map { $0.map { [$0.birth, $0.death] }.sorted { $0.lexicographicallyPrecedes($1) } }
}

/// Random symmetric matrices: floats, integers with many ties, points of the plane; some pairs never joined.
func randomLengths(_ random: inout Seeded, _ n: Int) -> [[Float]] {
  var lengths = [[Float]](repeating: Array(repeating: 0, count: n), count: n)
  let kind = Int.random(in: 0..<4, using: &random)
  let points = (0..<n).map { _ in (0..<3).map { _ in Float.random(in: -1...1, using: &random) } }
  let levels = Int.random(in: 1...12, using: &random)
  for i in 0..<n {
    for j in 0..<i {
      let length: Float =
        switch kind {
        case 0: Float.random(in: 0...1, using: &random)
        case 1: Float(Int.random(in: 0...levels, using: &random))
        case 2: zip(points[i], points[j]).map { ($0 - $1) * ($0 - $1) }.reduce(0, +).squareRoot()
        default: Int.random(in: 0..<4, using: &random) == 0 ? .infinity : Float.random(in: 1...2, using: &random)
        }
      lengths[i][j] = length
      lengths[j][i] = length
    }
  }
  return lengths
}

@Suite struct HigherPersistenceTests {
  @Test(arguments: [2, 3, 5]) func agreesWithReduction(modulus: Int) throws {
    for seed in 0..<300 {
      var random = Seeded(state: UInt64(seed * 7 + modulus))
      let maxDimension = Int.random(in: 0...4, using: &random)
      let n = Int.random(in: 0...(maxDimension > 2 ? 11 : 14), using: &random)
      let lengths = randomLengths(&random, n)
      let threshold: Float = seed % 3 == 0 ? 1.2 : .infinity
      let expected = diagramsByReduction(lengths, maxDimension: maxDimension, modulus: modulus, threshold: threshold)
      for hasLists in [false, true] {
        let found = try diagramsEdgeByEdge(
          lengths, maxDimension: maxDimension, modulus: modulus, threshold: threshold, hasLists: hasLists)
        #expect(found == expected, "seed \(seed), modulus \(modulus), maxDimension \(maxDimension), n \(n)")
      }
    }
  }

  /// Links looked at ahead by other threads, many blocks of them, in rows of bits or in lists: the same bars, and the same
  /// representatives, as by one in rows.
  @Test(arguments: 0..<60) func threadsThatLookAhead(_ seed: Int) throws {
    var random = Seeded(state: UInt64(seed))
    let n = Int.random(in: 0...(seed % 3 == 0 ? 30 : 60), using: &random)
    let lengths = randomLengths(&random, n)
    let wanted = seed % 3 == 0 ? Wanted(cocycles: true, cycles: true) : Wanted()
    let found = try [(1, false), (2, false), (3, false), (1, true), (2, true), (3, true)].map { threads, hasLists in
      var engine = try HigherPersistence(
        edgeOrder(lengths, threshold: seed % 4 == 1 ? 1 : .infinity), maxDimension: 2,
        field: PrimeField([2, 3][seed % 2]),
        isComplete: true, wanted: wanted, hasLists: hasLists, threads: threads,
        pace: LinkLookahead.Pace(fewEdges: 0, edgesPerBlock: seed % 2 == 0 ? 1 : 3))
      try engine.run()
      return "\(engine.diagrams) \(engine.representatives)"
    }
    for other in found { #expect(other == found[0], "seed \(seed)") }
  }

  /// Links of more than 64, and more than 512 vertices, in lists: two vertices joined to a sphere, or to a random graph, and to one
  /// another last.
  @Test(arguments: 0..<6) func largeLinksInLists(_ seed: Int) throws {
    var random = Seeded(state: UInt64(seed))
    let n = [100, 200, 560][seed / 2]
    let points = (0..<n).map { _ in (0..<3).map { _ in Float.random(in: -1...1, using: &random) } }
    var edges: [(edge: Edge, length: Float)] = []
    for j in points.indices {
      edges.append((Edge(Int32(j), Int32(n)), 0.5))
      edges.append((Edge(Int32(j), Int32(n + 1)), 0.5))
      for i in 0..<j {
        let squares = zip(points[i], points[j]).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
        let isNear = seed % 2 == 0 ? squares < 12 / Float(n) : Int.random(in: 0..<n, using: &random) < 4
        if isNear { edges.append((Edge(Int32(i), Int32(j)), squares)) }
      }
    }
    edges.append((Edge(Int32(n), Int32(n + 1)), 3))
    edges.sort { ($0.edge.tail, $0.edge.head) < ($1.edge.tail, $1.edge.head) }
    let found = try [(1, false), (1, true), (2, true)].map { threads, hasLists in
      let order = try EdgeOrder(vertices: n + 2, edges: edges, upTo: .infinity, progress: Progress())
      var engine = try HigherPersistence(
        order, maxDimension: 2, field: PrimeField(2), isComplete: true, hasLists: hasLists, threads: threads,
        pace: LinkLookahead.Pace(fewEdges: 0))
      try engine.run()
      return engine.diagrams.map { $0.map { [$0.birth, $0.death] }.sorted { $0.lexicographicallyPrecedes($1) } }
    }
    #expect(found[1] == found[0])
    #expect(found[2] == found[0])
  }

  /// The same above H2, where other threads take links apart.
  @Test(arguments: 0..<60) func threadsThatTakeLinksApart(_ seed: Int) throws {
    var random = Seeded(state: UInt64(seed))
    let maxDimension = 3 + seed % 3
    let lengths = randomLengths(&random, Int.random(in: 0...(30 - 4 * (seed % 3)), using: &random))
    let wanted = seed % 2 == 0 ? Wanted(cocycles: seed % 4 == 0, cycles: true) : Wanted()
    let found = try [1, 2, 3].map { threads in
      var engine = try HigherPersistence(
        edgeOrder(lengths, threshold: seed % 5 == 1 ? 1 : .infinity), maxDimension: maxDimension,
        field: PrimeField([2, 3][seed / 2 % 2]), isComplete: true, wanted: wanted, hasLists: threads == 2,
        threads: threads,
        pace: LinkLookahead.Pace(secondsAlone: seed % 3 == 0 ? 0 : 1e-5))
      try engine.run()
      return "\(engine.diagrams) \(engine.representatives)"
    }
    #expect(found[1] == found[0], "seed \(seed)")
    #expect(found[2] == found[0], "seed \(seed)")
  }

  /// The function of the caller is called on its thread only, and all threads stop when it wants them to.
  @Test(arguments: [2, 4], 1...4) func lookingAheadStops(_ maxDimension: Int, atReport last: Int) throws {
    var random = Seeded(state: UInt64(last))
    var edges: [(edge: Edge, length: Float)] = []
    for i in 0..<Int32(120) {
      for j in i + 1..<120 { edges.append((Edge(i, j), Float.random(in: 1...2, using: &random))) }
    }
    let caller = pthread_self()
    var reports = 0
    let progress = Progress { _, _ in
      #expect(pthread_equal(pthread_self(), caller) != 0)
      reports += 1
      return reports < last
    }
    let order = try EdgeOrder(vertices: 120, edges: edges, upTo: .infinity, progress: Progress())
    let error = #expect(throws: ToposcopeError.self) {
      var engine = try HigherPersistence(
        order, maxDimension: maxDimension, field: PrimeField(2), isComplete: true, threads: 3,
        pace: LinkLookahead.Pace(fewEdges: 0, secondsAlone: 0), progress: progress)
      try engine.run()
    }
    #expect(error?.kind == .cancelled)
    #expect(reports == last)
  }

  /// What is allowed counts the links that are kept above H2, beside the distances and the graph.
  @Test func limitOfMemory() throws {
    var random = Seeded(state: 4)
    let points = (0..<60).map { _ in (0..<24).map { _ in Float.random(in: -1...1, using: &random) } }
    var edges: [(edge: Edge, length: Float)] = []
    for j in points.indices {
      for i in 0..<j {
        let squares = zip(points[i], points[j]).map { ($0 - $1) * ($0 - $1) }
        edges.append((Edge(Int32(i), Int32(j)), squares.reduce(0, +)))
      }
    }
    func run(_ maxDimension: Int, _ limit: Int) throws {
      var options = RipsOptions()
      (options.maxDimension, options.maxMemory, options.threads) = (maxDimension, limit, 1)
      _ = try vietorisRips(.edges(vertices: 60, edges), options: options)
    }
    try run(2, 120_000)
    let refused = #expect(throws: ToposcopeError.self) { try run(3, 120_000) }
    #expect(refused?.kind == .memory && refused!.value > 120_000)
    try run(3, 1_000_000)
    // 1,770 edges by 12 bytes, by 18 in a graph, and a matrix of their ranks.
    let graph = #expect(throws: ToposcopeError.self) { try run(2, 60_000) }
    #expect(graph?.kind == .memory && graph!.value > 60_000)  // what is told is more than what is allowed
  }

  /// Graphs with few edges keep a sorted list a vertex instead of a matrix: cliques and cross-polytopes of 8 to 12 points,
  /// in a row, the last of one the first of the next; against each of them alone.
  @Test(arguments: 0..<20) func fewEdges(_ seed: Int) throws {
    var random = Seeded(state: UInt64(seed))
    let maxDimension = seed % 4 == 0 ? 3 : 2
    let modulus = [2, 3, 5][seed % 3]
    var edges: [(edge: Edge, length: Float)] = []
    var expected = [[[Float]]](repeating: [], count: maxDimension + 1)
    var start = 0
    while start < 600 {
      let n = Int.random(in: 8...12, using: &random)
      let isPolytope = Bool.random(using: &random)
      var lengths = randomLengths(&random, n)
      for i in lengths.indices {
        for j in lengths.indices where i != j && isPolytope {
          lengths[i][j] = i / 2 == j / 2 ? .infinity : min(1, lengths[i][j])
        }
      }
      for j in 0..<n { for i in 0..<j { edges.append((Edge(Int32(start + i), Int32(start + j)), lengths[i][j])) } }
      let found = diagramsByReduction(lengths, maxDimension: maxDimension, modulus: modulus)
      for k in found.indices { expected[k] += found[k] }
      start += n - 1
      if start < 600, let first = expected[0].firstIndex(of: [0, .infinity]) { expected[0].remove(at: first) }
    }
    for threads in [1, 2] {
      let order = try EdgeOrder(vertices: start + 1, edges: edges, upTo: .infinity, progress: Progress())
      var engine = try HigherPersistence(
        order, maxDimension: maxDimension, field: PrimeField(modulus), isComplete: true, threads: threads,
        pace: LinkLookahead.Pace(fewEdges: 0, edgesPerBlock: 5))
      try engine.run()
      for (found, expected) in zip(engine.diagrams, expected) {
        #expect(
          found.map { [$0.birth, $0.death] }.sorted { $0.lexicographicallyPrecedes($1) }
            == expected.sorted { $0.lexicographicallyPrecedes($1) }, "seed \(seed)")
      }
    }
  }
}
