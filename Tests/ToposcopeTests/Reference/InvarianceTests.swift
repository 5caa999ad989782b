import Testing
import Toposcope

/// What must not change the diagrams: the order of the points, the number of threads, a threshold above the enclosing
/// radius; and what a small change of the distances may do.
@Suite struct InvarianceTests {
  private func input(_ seed: Int) -> RandomInput { RandomInput(seed: seed, greatestCount: [60, 60, 30, 16, 12]) }

  @Test(arguments: 0..<60) func orderOfPoints(_ seed: Int) throws {
    let input = input(seed)
    var generator = SeededGenerator(seed: seed)
    let order = input.distances.indices.shuffled(using: &generator)
    let shuffled = order.map { i in order.map { j in input.distances[i][j] } }
    let found = try [input.distances, shuffled].map {
      try ripsPairs($0, maxDimension: input.maxDimension, modulus: input.modulus, threshold: input.threshold).map(bars)
    }
    #expect(found[0] == found[1], "\(input)")
  }

  @Test(arguments: 0..<60) func numberOfThreads(_ seed: Int) throws {
    let input = input(seed)
    let found = try [1, 2, 3, 7].map {
      try ripsPairs(
        input.distances, maxDimension: input.maxDimension, modulus: input.modulus, threshold: input.threshold,
        threads: $0)
    }
    #expect(found.dropFirst().allSatisfy { $0 == found[0] }, "\(input)")
  }

  /// Several thousand edges, so that threads have work to share.
  @Test func numberOfThreadsOnManyPoints() throws {
    var generator = SeededGenerator(seed: 1)
    for (n, maxDimension) in [(120, 1), (40, 2)] {
      for kind in [MatrixKind.circle, .integers, .nonmetric] {
        let distances = kind.matrix(n, using: &generator)
        let found = try [1, 2, 5].map { try ripsPairs(distances, maxDimension: maxDimension, threads: $0) }
        #expect(found.dropFirst().allSatisfy { $0 == found[0] }, "\(kind), n = \(n)")
      }
    }
  }

  /// So many edges that they come in several bands, each of more than 2^15, so that other threads prepare bands and look at
  /// links ahead; the same distances as a list of edges come all at once.
  @Test(arguments: [(MatrixKind.circle, 2), (.circle, 3), (.integers, 2)])
  func numberOfThreadsOnManyBands(_ kind: MatrixKind, _ modulus: Int) throws {
    for seed in [1, 2] {
      var generator = SeededGenerator(seed: seed)
      let n = 530 + seed
      let rows = kind.matrix(n, using: &generator)
      let found = try [1, 2, 4].map { try ripsPairs(rows, modulus: modulus, threads: $0) }
      #expect(found.dropFirst().allSatisfy { $0 == found[0] }, "\(kind), Z/\(modulus), seed \(seed)")
      var options = RipsOptions()
      options.modulus = modulus
      var edges: [(edge: Edge, length: Float)] = []
      for i in 0..<n { for j in (i + 1)..<n { edges.append((Edge(Int32(i), Int32(j)), rows[i][j])) } }
      let listed = try vietorisRips(.edges(vertices: n, edges), options: options)
      #expect(listed.diagrams.map(\.pairs) == found[0], "\(kind), seed \(seed)")
    }
  }

  /// Outer points of a ring are left out while its hole is there: the diagrams are those of the list of all edges, on any
  /// number of threads.
  @Test(arguments: [2, 3]) func numberOfThreadsWherePointsAreLeftOut(_ modulus: Int) throws {
    var generator = SeededGenerator(seed: modulus)
    let n = 1300
    let rows = MatrixKind.circle.matrix(n, using: &generator)
    var options = RipsOptions()
    options.modulus = modulus
    var edges: [(edge: Edge, length: Float)] = []
    for i in 0..<n { for j in (i + 1)..<n { edges.append((Edge(Int32(i), Int32(j)), rows[i][j])) } }
    let listed = try vietorisRips(.edges(vertices: n, edges), options: options)
    let distances = try distanceMatrix(rows)
    for threads in [1, 2, 3, 4] {
      options.threads = threads
      let found = try vietorisRips(.distances(distances), options: options)
      #expect(found.diagrams.map(\.pairs) == listed.diagrams.map(\.pairs), "\(threads) threads")
      let upToThere = edges.count { $0.length <= found.facts.stoppingRadius }
      #expect(found.facts.edges < upToThere, "\(threads) threads")
    }
  }

  /// The diagrams up to a lower dimension are the first of those up to a higher one.
  @Test(arguments: 0..<60) func greatestDimension(_ seed: Int) throws {
    let input = input(seed)
    let all = try ripsPairs(
      input.distances, maxDimension: input.maxDimension, modulus: input.modulus, threshold: input.threshold)
    for lower in 0..<input.maxDimension {
      let some = try ripsPairs(
        input.distances, maxDimension: lower, modulus: input.modulus, threshold: input.threshold)
      #expect(some.map(bars) == all.prefix(lower + 1).map(bars), "up to \(lower), \(input)")
    }
  }

  /// A threshold cuts the diagrams: births at most the threshold stay, deaths beyond it become infinite.
  @Test(arguments: 0..<60) func threshold(_ seed: Int) throws {
    let input = input(seed)
    guard input.threshold.isFinite else { return }
    let cut = try ripsPairs(
      input.distances, maxDimension: input.maxDimension, modulus: input.modulus, threshold: input.threshold)
    let all = try ripsPairs(input.distances, maxDimension: input.maxDimension, modulus: input.modulus)
    for (cut, all) in zip(cut, all) {
      let expected = all.filter { $0.birth <= input.threshold }.map {
        [$0.birth, $0.death <= input.threshold ? $0.death : .infinity]
      }
      #expect(bars(cut) == expected.sorted { $0.lexicographicallyPrecedes($1) }, "\(input)")
    }
  }

  /// Doubling all distances doubles all bars, exactly.
  @Test(arguments: 0..<30) func scale(_ seed: Int) throws {
    let input = input(seed)
    let found = try ripsPairs(input.distances, maxDimension: input.maxDimension)
    let doubled = try ripsPairs(input.distances.map { $0.map { 2 * $0 } }, maxDimension: input.maxDimension)
    #expect(doubled.map(bars) == found.map { bars($0).map { $0.map { 2 * $0 } } }, "\(input)")
  }

  /// The engine keeps its promise on the order of bars: longest first, then by birth.
  @Test(arguments: 0..<30) func orderOfBars(_ seed: Int) throws {
    let input = input(seed)
    let found = try ripsPairs(input.distances, maxDimension: input.maxDimension, threshold: input.threshold)
    for pairs in found {
      for (a, b) in zip(pairs, pairs.dropFirst()) {
        #expect(
          a.persistence > b.persistence || a.persistence == b.persistence && a.birth <= b.birth, "\(input)")
      }
    }
  }
}
