import Testing

@testable import Toposcope

@Suite struct LoopRepresentativesTests {
  /// Every length is different, so that "before" and "shorter" are the same.
  private static func distinctLengths(_ n: Int, seed: Int) -> [Float] {
    var random = SplitMix(state: UInt64(seed))
    let order = Array(1...(n * (n - 1) / 2)).shuffled(using: &random)
    var entries = [Float](repeating: 0, count: n * n)
    var next = 0
    for i in 0..<n {
      for j in (i + 1)..<n {
        (entries[i * n + j], entries[j * n + i]) = (Float(order[next]), Float(order[next]))
        next += 1
      }
    }
    return entries
  }

  @Test(arguments: [2, 3]) func cyclesAreBornAndDieWithTheirBars(p: Int) throws {
    var tested = 0
    for seed in 0..<25 {
      let n = 6 + seed % 7
      let entries = LoopRepresentativesTests.distinctLengths(n, seed: seed)
      var options = RipsOptions()
      options.cycles = true
      options.modulus = p
      let result = try vietorisRips(completeEdges(entries, n), options: options)
      for (index, bar) in result.diagrams[1].pairs.enumerated() {
        let ring = try result.cycle(dimension: 1, bar: index)
        var boundary = [Int](repeating: 0, count: n)
        var lengths: [Float] = []
        for edge in ring {
          boundary[Int(edge[1])] += 1
          boundary[Int(edge[0])] -= 1
          lengths.append(entries[Int(edge[0]) * n + Int(edge[1])])
        }
        #expect(boundary.allSatisfy { $0 % p == 0 }, "not a cycle: seed \(seed), bar \(index)")
        #expect(lengths.max() == bar.birth, "not born with its bar: seed \(seed), bar \(index)")
        // It bounds at the death and not before: filling the cycle with a cone changes no Betti number only if it bounds.
        #expect(bounds(ring, entries, n, p: p, at: bar.death))
        #expect(!bounds(ring, entries, n, p: p, at: bar.death.nextDown))
        tested += 1
      }
    }
    #expect(tested > 20)
  }

  @Test(arguments: [2, 3, 5]) func cocyclesAreCocyclesAndNotZeroOnTheirCycles(p: Int) throws {
    var tested = 0
    for seed in 0..<25 {
      let n = 6 + seed % 9
      let entries = LoopRepresentativesTests.distinctLengths(n, seed: 100 + seed)
      var options = RipsOptions()
      (options.cycles, options.cocycles, options.modulus) = (true, true, p)
      let result = try vietorisRips(completeEdges(entries, n), options: options)
      for (index, bar) in result.diagrams[1].pairs.enumerated() {
        var values: [Edge: Int] = [:]
        for (simplex, value) in try result.cocycle(dimension: 1, bar: index) {
          #expect(simplex[0] > simplex[1] && (1..<p).contains(value))
          #expect(entries[Int(simplex[0]) * n + Int(simplex[1])] < bar.death)
          values[Edge(simplex[0], simplex[1])] = value
        }
        let value = { (a: Int32, b: Int32) in (values[Edge(a, b)] ?? 0) * (a < b ? 1 : -1) }
        for a in 0..<Int32(n) {
          for b in (a + 1)..<max(Int32(n), a + 1) {
            for c in (b + 1)..<max(Int32(n), b + 1) {
              let longest = [(a, b), (b, c), (a, c)].map { entries[Int($0.0) * n + Int($0.1)] }.max()!
              if longest < bar.death { #expect((value(a, b) + value(b, c) + value(c, a)) % p == 0) }
            }
          }
        }
        let ring = try result.cycle(dimension: 1, bar: index)
        #expect(ring.reduce(0) { $0 + value($1[0], $1[1]) } % p != 0)
        tested += 1
      }
    }
    #expect(tested > 20)
  }

  @Test func theRingOfAPolygonIsThePolygon() throws {
    let n: Int32 = 12
    let sides = (0..<n).map { (edge: Edge($0, ($0 + 1) % n), length: Float(1)) }
    var options = RipsOptions()
    options.cycles = true
    let ring = try vietorisRips(.edges(vertices: Int(n), sides), options: options).cycle(dimension: 1, bar: 0)
    #expect(ring.count == Int(n))
    for (edge, next) in zip(ring, ring.dropFirst() + [ring[0]]) { #expect(edge[1] == next[0]) }
  }

  @Test func componentsEndWithTheirBars() throws {
    var options = RipsOptions()
    (options.cycles, options.maxDimension) = (true, 0)
    let edges: [(edge: Edge, length: Float)] = [(Edge(0, 1), 1), (Edge(2, 3), 2), (Edge(1, 2), 5)]
    let result = try vietorisRips(.edges(vertices: 5, edges), options: options)
    #expect(result.diagrams[0].pairs.count == 5)
    let bar = try #require(result.diagrams[0].pairs.firstIndex { $0.death == 5 })
    #expect(try result.cycle(dimension: 0, bar: bar) == [[2], [3]])
    options.cycles = false
    #expect(throws: ToposcopeError(.notComputed)) {
      try vietorisRips(.edges(vertices: 5, edges), options: options).cycle(dimension: 0, bar: 0)
    }
  }

  /// H0 alone takes another way than H0 with H1.
  @Test func componentsAloneAreTheSame() throws {
    for seed in 0..<60 {
      var random = SplitMix(state: UInt64(900 + seed))
      let n = Int(random.next() % 20)
      let entries = randomMatrix(&random, n: n, kind: seed)
      let matrix = try DistanceMatrix(entries, count: n)
      var options = RipsOptions()
      if seed % 3 == 1 { options.threshold = 0.6 }
      let both = try vietorisRips(.distances(matrix), options: options).diagrams[0]
      options.maxDimension = 0
      let rows = try vietorisRips(.distances(matrix), options: options).diagrams[0]
      let list = try vietorisRips(completeEdges(entries, n), options: options).diagrams[0]
      #expect(rows.pairs.map(\.birthEdge) == both.pairs.map(\.birthEdge), "seed \(seed)")
      #expect(rows.pairs.map(\.deathEdge) == both.pairs.map(\.deathEdge), "seed \(seed)")
      #expect(rows.bars == both.bars && list.bars == both.bars, "seed \(seed)")
    }
  }

  @Test func memoryIsRefusedWithTheEstimate() throws {
    let cloud = try PointCloud((0..<100).map { [Double($0), 0] })
    var options = RipsOptions()
    options.maxMemory = 10_000
    let error = #expect(throws: ToposcopeError.self) {
      try vietorisRips(.points(cloud, metric: .euclidean), options: options)
    }
    #expect(error?.kind == .memory && (error?.value ?? 0) > 40_000)
  }
}

/// Whether a sum of directed edges is a boundary of the triangles of diameter at most `value`, mod p.
private func bounds(_ ring: [[Int32]], _ entries: [Float], _ n: Int, p: Int, at value: Float) -> Bool {
  let inverse = { (a: Int) in (1..<p).first { $0 * a % p == 1 }! }
  func reduce(_ column: inout [Int: Int], _ columns: [Int: [Int: Int]]) {
    while let low = column.keys.max(where: { columns[$0] != nil }), let other = columns[low] {
      let factor = column[low]! * inverse(other[low]!) % p
      for (row, entry) in other {
        let new = ((column[row] ?? 0) + (p - factor) * entry) % p
        column[row] = new == 0 ? nil : new
      }
    }
  }
  var columns: [Int: [Int: Int]] = [:]
  for a in 0..<n {
    for b in (a + 1)..<max(n, a + 1) {
      for c in (b + 1)..<max(n, b + 1) {
        let longest = max(entries[a * n + b], entries[a * n + c], entries[b * n + c])
        guard longest <= value else { continue }
        var column = [a * n + b: 1, b * n + c: 1, a * n + c: p - 1]
        reduce(&column, columns)
        if let low = column.keys.max() { columns[low] = column }
      }
    }
  }
  var column: [Int: Int] = [:]
  for edge in ring {
    let (a, b) = (Int(edge[0]), Int(edge[1]))
    let row = min(a, b) * n + max(a, b)
    let new = ((column[row] ?? 0) + (a < b ? 1 : p - 1)) % p
    column[row] = new == 0 ? nil : new
  }
  reduce(&column, columns)
  return column.isEmpty
}

extension Sequence where Element: Comparable {
  /// The greatest element with a property.
  fileprivate func max(where isWanted: (Element) -> Bool) -> Element? { filter(isWanted).max() }
}
