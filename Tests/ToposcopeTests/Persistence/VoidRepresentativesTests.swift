import Testing

@testable import Toposcope

/// Cocycles and cycles of dimension 2, checked against their definitions.
@Suite struct VoidRepresentativesTests {
  /// A filtration by the order of edges: the rank of each pair, for pairs that are joined at all.
  private struct Ranks {
    let n: Int
    var ranks: [[Int]]

    init(_ lengths: [[Float]], threshold: Float) throws {
      n = lengths.count
      ranks = Array(repeating: Array(repeating: Int.max, count: n), count: n)
      var next = 0
      let order = try edgeOrder(lengths, threshold: threshold)
      while let run = try order.nextRun() {
        for i in 0..<run.count {
          let edge = run[i]
          ranks[Int(edge.tail)][Int(edge.head)] = next
          ranks[Int(edge.head)][Int(edge.tail)] = next
          next += 1
        }
      }
    }

    func rank(_ simplex: [Int]) -> Int {
      simplex.flatMap { a in simplex.filter { $0 < a }.map { ranks[a][$0] } }.max()!
    }

    /// All simplices of so many vertices, ascending, whose edges come before a rank.
    func simplices(_ size: Int, before bound: Int) -> [[Int]] {
      func extend(_ simplex: [Int]) -> [[Int]] {
        if simplex.count == size { return [simplex] }
        return ((simplex.last ?? -1) + 1..<n).filter { x in simplex.allSatisfy { ranks[$0][x] < bound } }
          .flatMap { extend(simplex + [$0]) }
      }
      return extend([])
    }
  }

  private func facets(_ simplex: [Int]) -> [[Int]] {
    simplex.indices.map { i in
      var facet = simplex
      facet.remove(at: i)
      return facet
    }
  }

  /// Whether a set of triangles is a sum of boundaries of tetrahedra, over Z/2.
  private func isBoundary(_ cycle: Set<[Int]>, of tetrahedra: [[Int]]) -> Bool {
    var basis: [[Int]: Set<[Int]>] = [:]
    func reduce(_ chain: Set<[Int]>) -> Set<[Int]> {
      var rest = chain
      while let top = rest.max(by: { $0.lexicographicallyPrecedes($1) }), let known = basis[top] {
        rest.formSymmetricDifference(known)
      }
      return rest
    }
    for tetrahedron in tetrahedra {
      let rest = reduce(Set(facets(tetrahedron)))
      if let top = rest.max(by: { $0.lexicographicallyPrecedes($1) }) { basis[top] = rest }
    }
    return reduce(cycle).isEmpty
  }

  @Test(arguments: [2, 3]) func areWhatTheyStandFor(maxDimension: Int) throws {
    var bars = 0
    for seed in 0..<120 {
      var random = Seeded(state: UInt64(seed))
      let n = Int.random(in: 6...13, using: &random)
      let lengths = randomLengths(&random, n)
      let threshold: Float = seed % 4 == 0 ? 1.5 : .infinity
      let ranks = try Ranks(lengths, threshold: threshold)
      var engine = try HigherPersistence(
        edgeOrder(lengths, threshold: threshold), maxDimension: maxDimension, field: PrimeField(2), isComplete: true,
        wanted: Wanted(cocycles: true, cycles: true))
      try engine.run()
      let expected = diagramsByReduction(lengths, maxDimension: maxDimension, modulus: 2, threshold: threshold)
      let found = engine.diagrams.map {
        $0.map { [$0.birth, $0.death] }.sorted { $0.lexicographicallyPrecedes($1) }
      }
      #expect(found == expected, "seed \(seed)")
      #expect(engine.representatives[2].count == engine.diagrams[2].count)
      for (bar, representative) in zip(engine.diagrams[2], engine.representatives[2]) {
        bars += 1
        let birth = ranks.rank([Int(bar.birthEdge.tail), Int(bar.birthEdge.head)])
        let death = bar.deathEdge.map { ranks.rank([Int($0.tail), Int($0.head)]) } ?? Int.max - 1
        let cocycle = Set(representative.cocycle.map { $0.simplex.map { Int($0) }.sorted() })
        let cycle = Set(representative.cycle.map { $0.map { Int($0) }.sorted() })
        // The cocycle vanishes before the birth, and around every tetrahedron before the death.
        #expect(cocycle.allSatisfy { (birth..<death).contains(ranks.rank($0)) }, "seed \(seed)")
        for tetrahedron in ranks.simplices(4, before: death) {
          let sum = facets(tetrahedron).filter { cocycle.contains($0) }.count
          #expect(sum % 2 == 0, "seed \(seed)")
        }
        // The cycle has no boundary, is born with the bar, and pairs with the cocycle: it bounds nothing before the death.
        #expect(cycle.map { ranks.rank($0) }.max() == birth, "seed \(seed)")
        var edges: [[Int]: Int] = [:]
        for edge in cycle.flatMap({ facets($0) }) { edges[edge, default: 0] += 1 }
        #expect(edges.values.allSatisfy { $0 % 2 == 0 }, "seed \(seed)")
        #expect(cycle.intersection(cocycle).count % 2 == 1, "seed \(seed)")
        if bar.deathEdge != nil {
          #expect(isBoundary(cycle, of: ranks.simplices(4, before: death + 1)), "seed \(seed)")
        }
      }
    }
    #expect(bars > 40)
  }

  /// Over Z/3 a cocycle has values; around every tetrahedron they add up to zero with signs.
  @Test func cocyclesOfEveryDimensionOverOtherFields() throws {
    var bars = 0
    for seed in 0..<60 {
      var random = Seeded(state: UInt64(1000 + seed))
      let n = Int.random(in: 8...12, using: &random)
      let lengths = randomLengths(&random, n)
      let ranks = try Ranks(lengths, threshold: .infinity)
      var engine = try HigherPersistence(
        edgeOrder(lengths), maxDimension: 3, field: PrimeField(3), isComplete: true,
        wanted: Wanted(cocycles: true, cycles: true))
      try engine.run()
      for dimension in 2...3 {
        for (bar, representative) in zip(engine.diagrams[dimension], engine.representatives[dimension]) {
          bars += 1
          let death = bar.deathEdge.map { ranks.rank([Int($0.tail), Int($0.head)]) } ?? Int.max - 1
          let values = Dictionary(
            uniqueKeysWithValues: representative.cocycle.map { ($0.simplex.map { Int($0) }.sorted(), $0.value) })
          #expect(!values.isEmpty && values.values.allSatisfy { $0 == 1 || $0 == 2 })
          for simplex in ranks.simplices(dimension + 2, before: death) {
            let sum = facets(simplex).enumerated().reduce(0) { sum, facet in
              sum + (facet.offset % 2 == 0 ? 1 : 2) * (values[facet.element] ?? 0)
            }
            #expect(sum % 3 == 0, "seed \(seed), dimension \(dimension)")
          }
        }
      }
    }
    #expect(bars > 30)
  }
}
