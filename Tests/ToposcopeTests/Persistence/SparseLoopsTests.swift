import Testing

@testable import Toposcope

@Suite struct SparseLoopsTests {
  /// The diagrams and cocycles that both engines of H1 give of one list of edges.
  private func compare(_ edges: [(edge: Edge, length: Float)], _ n: Int, p: Int, fewWords: Int, _ note: String) throws {
    let field = try PrimeField(p)
    func run(_ start: any LoopEngine, threads: Int = 1, keepsCocycles: Bool = true) throws -> any LoopEngine {
      var engine = start
      if keepsCocycles { engine.witness = Witness(keepsCocycles: true) }
      let order = try EdgeOrder(vertices: n, edges: edges, upTo: .infinity, progress: Progress())
      let end = try engine.add(order, upTo: .infinity, pairs: nil, threads: threads, progress: Progress())
      #expect(end.edges == edges.count, "\(note)")
      try engine.finish(censored: false)
      return engine
    }
    let rows = try run(Loops(vertices: n, field: field, manyEdges: .max))
    let lists = try run(SparseLoops(vertices: n, edges: edges, field: field, fewWords: fewWords))
    #expect(Set(rows.bars0) == Set(lists.bars0), "\(note)")
    #expect(Set(rows.bars1) == Set(lists.bars1), "\(note)")
    #expect(rows.bars1.count == lists.bars1.count, "\(note)")
    #expect(rows.births == lists.births && rows.isAlive == lists.isAlive, "\(note)")
    #expect(rows.witness?.cocycles.keys == lists.witness?.cocycles.keys, "\(note)")
    for threads in 1...4 {
      // Blocks of few edges, of which some end early.
      let pace = TriangleLookahead.Pace(fewEdges: 0, edgesPerBlock: 2 * threads - 1, manyTriangles: 4)
      let blocks = try run(
        SparseLoops(vertices: n, edges: edges, field: field, fewWords: fewWords, pace: pace), threads: threads,
        keepsCocycles: false)
      #expect(blocks.bars0 == lists.bars0, "\(note), \(threads) threads")
      #expect(
        Set(blocks.bars1) == Set(lists.bars1) && blocks.bars1.count == lists.bars1.count, "\(note), \(threads) threads")
      #expect(blocks.births == lists.births && blocks.isAlive == lists.isAlive, "\(note), \(threads) threads")
    }
  }

  @Test(arguments: [2, 3, 65521]) func agreesWithRowsOfBits(p: Int) throws {
    for (seed, kind) in (0..<20).flatMap({ seed in MatrixKind.allCases.map { (seed, $0) } }) {
      var generator = SeededGenerator(seed: seed * 7919 + p)
      let n = Int.random(in: 0...40, using: &generator)
      let matrix = kind.matrix(n, using: &generator)
      var edges: [(edge: Edge, length: Float)] = []
      for i in 0..<n {
        for j in (i + 1)..<max(n, i + 1) where matrix[i][j] < .infinity {
          edges.append((Edge(Int32(i), Int32(j)), matrix[i][j]))
        }
      }
      // 0: whatever is unused is forgotten at every active edge.
      try compare(edges, n, p: p, fewWords: seed % 2 == 0 ? 0 : .max, "seed \(seed), \(kind), n \(n), Z/\(p)")
    }
  }

  /// Rows of bits go on where lists have no room for more edges, also where a class is on so many edges that it gets a plane.
  @Test(arguments: [2, 3]) func goesOnInRows(p: Int) throws {
    let field = try PrimeField(p)
    var wereAlive = 0
    for seed in 0..<24 {
      var generator = SeededGenerator(seed: seed * 104_729 + p)
      let n = seed < 20 ? Int.random(in: 2...40, using: &generator) : 220
      let kind = MatrixKind.allCases[seed % MatrixKind.allCases.count]
      let matrix = kind.matrix(n, using: &generator)
      var edges: [FiltrationEdge] = []
      for j in 0..<n {
        for i in 0..<j {
          let turns = Float(abs((i - j + n / 2 + n) % n - n / 2))  // round a ring
          let length = seed < 20 ? matrix[i][j] : turns + Float.random(in: 0..<8, using: &generator)
          if length < .infinity { edges.append(FiltrationEdge(length: length, tail: Int32(i), head: Int32(j))) }
        }
      }
      edges.sort { $0.precedes($1) }
      let listed = edges.prefix(edges.count * (1 + seed % 3) / 10)
      var (all, lists) = try (
        Loops(vertices: n, field: field),
        SparseLoops(vertices: n, edges: listed.map { ($0.edge, $0.length) }, field: field)
      )
      for edge in edges { try all.add(edge) }
      for edge in listed { try lists.add(edge) }
      if lists.alive > 0 { wereAlive += 1 }
      var rows = try lists.inRows()
      for edge in edges[listed.count...] { try rows.add(edge) }
      try all.finish(censored: false)
      try rows.finish(censored: false)
      #expect(rows.bars0 == all.bars0 && Set(rows.bars1) == Set(all.bars1), "seed \(seed), \(kind), n \(n), Z/\(p)")
      #expect(rows.births == all.births && rows.isAlive == all.isAlive && rows.alive == all.alive, "seed \(seed)")
    }
    #expect(wereAlive > 5)
  }

  /// More vertices than sixteen bits count: rings whose vertices lie on both sides of that bound, each with a chord.
  @Test(arguments: [2, 3]) func manyVertices(p: Int) throws {
    let (n, rings) = (70_000, 1000)
    var edges: [(edge: Edge, length: Float)] = []
    for ring in 0..<rings {
      let vertices = (0..<6).map { Int32(ring + $0 * 13_500) }
      for i in 0..<6 { edges.append((Edge(vertices[i], vertices[(i + 1) % 6]), 1)) }
      for (i, j) in [(0, 2), (0, 3), (0, 4)] { edges.append((Edge(vertices[i], vertices[j]), Float(2 + ring % 7))) }
    }
    var options = RipsOptions()
    options.modulus = p
    let result = try vietorisRips(.edges(vertices: n, edges), options: options)
    #expect(result.diagrams[0].pairs.filter { $0.death == 1 }.count == 5 * rings)
    #expect(result.diagrams[0].pairs.filter { $0.death == .infinity }.count == n - 5 * rings)
    #expect(result.diagrams[1].pairs.count == rings)
    for bar in result.diagrams[1].pairs {
      #expect(bar.birth == 1 && bar.death == Float(2 + Int(bar.birthEdge.tail) % 13_500 % 7))
    }
    options.maxDimension = 2
    #expect(throws: ToposcopeError(.vertices, row: 1 << 16, value: Double(n))) {
      try vietorisRips(.edges(vertices: n, edges), options: options)
    }
  }
}
