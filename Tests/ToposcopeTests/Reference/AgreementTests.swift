import Testing
import Toposcope

/// The engine against the textbook, on thousands of random inputs. A failure prints the seed: `RandomInput(seed:)`
/// makes the same input again.
@Suite struct AgreementTests {
  /// Births, deaths, birth edges and death edges. Edges are compared as well because the order of edges is total (by
  /// length, then by vertices), so that pairs of edges are as well defined as lengths.
  private func check(_ input: RandomInput) throws {
    let found = try ripsPairs(
      input.distances, maxDimension: input.maxDimension, modulus: input.modulus, threshold: input.threshold)
    let expected = TextbookReduction(
      input.distances, maxDimension: input.maxDimension, modulus: input.modulus, threshold: input.threshold
    ).diagrams(maxDimension: input.maxDimension)
    #expect(found.count == input.maxDimension + 1, "\(input)")
    for (dimension, (found, expected)) in zip(found, expected).enumerated() {
      #expect(bars(found) == bars(expected), "H\(dimension), \(input)")
      let uncensored = found.map {
        PersistencePair(birth: $0.birth, death: $0.death, birthEdge: $0.birthEdge, deathEdge: $0.deathEdge)
      }
      #expect(sortedPairs(uncensored) == sortedPairs(expected), "edges of H\(dimension), \(input)")
    }
  }

  /// Few points, every dimension up to 4: 2,000 cases.
  @Test(arguments: 0..<20) func smallInputs(_ block: Int) throws {
    for seed in block * 100..<(block + 1) * 100 {
      try check(RandomInput(seed: seed, greatestCount: [40, 14, 11, 10, 10]))
    }
  }

  /// More points, at which the engine leaves its simplest paths: one case a seed.
  @Test(arguments: 100_000..<100_080) func largerInputs(_ seed: Int) throws {
    try check(RandomInput(seed: seed, greatestCount: [64, 30, 14, 11, 10]))
  }

  /// Joins of polygons are spheres of every dimension, so H3 and H4 are seldom empty.
  @Test(arguments: 0..<60) func spheres(_ seed: Int) throws {
    var generator = SeededGenerator(seed: seed)
    let n = Int.random(in: 8...12, using: &generator)
    let distances = MatrixKind.joinOfPolygons.matrix(n, using: &generator)
    for modulus in [2, 3] {
      let expected = TextbookReduction(distances, maxDimension: 3, modulus: modulus).diagrams(maxDimension: 3)
      let found = try ripsPairs(distances, maxDimension: 3, modulus: modulus)
      #expect(found.map(bars) == expected.map(bars), "seed \(seed), Z/\(modulus)")
    }
  }

  /// The kinds of random matrices do bear classes in high dimensions: the tests above compare more than empty lists.
  @Test func randomInputsHaveClassesInEveryDimension() {
    var count = [0, 0, 0, 0, 0]
    for seed in 0..<300 {
      let input = RandomInput(seed: seed, greatestCount: [40, 14, 11, 10, 10])
      let diagrams = TextbookReduction(
        input.distances, maxDimension: input.maxDimension, modulus: input.modulus, threshold: input.threshold
      ).diagrams(maxDimension: input.maxDimension)
      for (dimension, diagram) in diagrams.enumerated() { count[dimension] += diagram.count }
    }
    #expect(count.allSatisfy { $0 > 0 }, "\(count)")
  }

  /// A class that is alive at the end is censored where the threshold lies below the enclosing radius and cuts edges off;
  /// but for the component of the first point, which lives for ever.
  @Test(arguments: 0..<200) func censoring(_ seed: Int) throws {
    let input = RandomInput(seed: seed, greatestCount: [30, 12, 9])
    let radius = input.distances.map { $0.max()! }.min() ?? 0
    let isCut = input.threshold < radius && input.distances.joined().contains { $0 > input.threshold && $0.isFinite }
    let found = try ripsPairs(
      input.distances, maxDimension: input.maxDimension, modulus: input.modulus, threshold: input.threshold)
    for pair in found.joined() {
      let mayDie = pair.death == .infinity && pair.birthEdge != Edge(0, 0)
      #expect(pair.isCensored == (mayDie && isCut), "\(pair), \(input)")
    }
  }

  /// The list of edges gives what the matrix gives.
  @Test(arguments: 0..<200) func edgesInsteadOfMatrix(_ seed: Int) throws {
    let input = RandomInput(seed: seed, greatestCount: [30, 14, 9])
    var edges: [(edge: Edge, length: Float)] = []
    for i in input.distances.indices {
      for j in 0..<i where input.distances[i][j].isFinite {
        edges.append((Edge(Int32(i), Int32(j)), input.distances[i][j]))
      }
    }
    var generator = SeededGenerator(seed: seed)
    edges.shuffle(using: &generator)
    var options = RipsOptions()
    options.maxDimension = input.maxDimension
    options.modulus = input.modulus
    options.threshold = input.threshold
    let sparse = try vietorisRips(.edges(vertices: input.distances.count, edges), options: options)
    let dense = try vietorisRips(.distances(distanceMatrix(input.distances)), options: options)
    for (sparse, dense) in zip(sparse.diagrams, dense.diagrams) {
      #expect(bars(sparse.pairs) == bars(dense.pairs), "H\(dense.dimension), \(input)")
    }
  }
}
