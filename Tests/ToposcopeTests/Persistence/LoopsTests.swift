import Testing

@testable import Toposcope

#if canImport(Glibc)
  import Glibc
#endif

/// Bars as (birth, death), sorted, for comparison.
struct Bar: Comparable, CustomStringConvertible {
  var birth: Float
  var death: Float
  static func < (a: Bar, b: Bar) -> Bool { (a.birth, a.death) < (b.birth, b.death) }
  var description: String { "[\(birth), \(death))" }
}

extension PersistenceDiagram {
  var bars: [Bar] { pairs.map { Bar(birth: $0.birth, death: $0.death) }.sorted() }
}

/// All finite pairs of a square matrix, row after row, as edges.
func completeEdges(_ entries: [Float], _ n: Int) -> RipsInput {
  var edges: [(edge: Edge, length: Float)] = []
  for i in 0..<n {
    for j in (i + 1)..<max(n, i + 1) where entries[i * n + j] < .infinity {
      edges.append((Edge(Int32(i), Int32(j)), entries[i * n + j]))
    }
  }
  return .edges(vertices: n, edges)
}

/// H0 and H1 by reducing the boundary matrix of every simplex up to triangles, column by column, mod p. Slow and simple.
func reducedBars(_ entries: [Float], _ n: Int, p: Int, threshold: Float = .infinity) -> [[Bar]] {
  var simplices: [(value: Float, vertices: [Int])] = (0..<n).map { (0, [$0]) }
  let length = { (i: Int, j: Int) in entries[i * n + j] }
  for i in 0..<n {
    for j in (i + 1)..<max(n, i + 1) where length(i, j) <= threshold && length(i, j) < .infinity {
      simplices.append((length(i, j), [i, j]))
      for k in (j + 1)..<max(n, j + 1) {
        let value = max(length(i, j), length(i, k), length(j, k))
        if value <= threshold && value < .infinity { simplices.append((value, [i, j, k])) }
      }
    }
  }
  simplices.sort { a, b in
    if a.value != b.value { return a.value < b.value }
    if a.vertices.count != b.vertices.count { return a.vertices.count < b.vertices.count }
    return a.vertices.lexicographicallyPrecedes(b.vertices)
  }
  let place = Dictionary(uniqueKeysWithValues: simplices.enumerated().map { ($0.element.vertices, $0.offset) })
  var columns: [Int: [Int: Int]] = [:]  // by lowest row
  var isPaired = [Bool](repeating: false, count: simplices.count)
  var bars: [[Bar]] = [[], []]
  let inverse = { (a: Int) in (1..<p).first { $0 * a % p == 1 }! }
  for (index, simplex) in simplices.enumerated() where simplex.vertices.count > 1 {
    var column: [Int: Int] = [:]
    for i in simplex.vertices.indices {
      var facet = simplex.vertices
      facet.remove(at: i)
      column[place[facet]!] = i % 2 == 0 ? 1 : p - 1
    }
    while let low = column.keys.max(), let other = columns[low] {
      let factor = column[low]! * inverse(other[low]!) % p
      for (row, value) in other {
        let new = ((column[row] ?? 0) + (p - factor) * value) % p
        column[row] = new == 0 ? nil : new
      }
    }
    if let low = column.keys.max() {
      columns[low] = column
      isPaired[low] = true
      isPaired[index] = true
      if simplices[low].value < simplex.value {
        bars[simplex.vertices.count - 2].append(Bar(birth: simplices[low].value, death: simplex.value))
      }
    }
  }
  for (index, simplex) in simplices.enumerated() where !isPaired[index] && simplex.vertices.count <= 2 {
    bars[simplex.vertices.count - 1].append(Bar(birth: simplex.value, death: .infinity))
  }
  return bars.map { $0.sorted() }
}

/// Small random symmetric matrices of many kinds; the same seed gives the same matrix.
func randomMatrix(_ random: inout SplitMix, n: Int, kind: Int) -> [Float] {
  var entries = [Float](repeating: 0, count: n * n)
  let points = (0..<n).map { _ in (0..<2).map { _ in random.unit() } }
  for i in 0..<n {
    for j in (i + 1)..<max(n, i + 1) {
      var d: Float
      switch kind % 5 {
      case 0: d = random.unit()
      case 1: d = Float(random.next() % 4)
      case 2: d = Float(1 + random.next() % 6)
      case 3: d = random.next() % 4 == 0 ? .infinity : random.unit()
      default: d = zip(points[i], points[j]).map { ($0 - $1) * ($0 - $1) }.reduce(0, +).squareRoot()
      }
      (entries[i * n + j], entries[j * n + i]) = (d, d)
    }
  }
  return entries
}

struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  mutating func unit() -> Float { Float(next() >> 40) / Float(1 << 24) }
}

@Suite struct LoopsTests {
  @Test(arguments: [2, 3, 5, 65521]) func agreesWithBoundaryReduction(p: Int) throws {
    for seed in 0..<(p > 5 ? 10 : 50) {
      var random = SplitMix(state: UInt64(seed * 7919 + p))
      let n = Int(random.next() % 17)
      let entries = randomMatrix(&random, n: n, kind: seed)
      var options = RipsOptions()
      options.modulus = p
      if seed % 3 == 1 { options.threshold = 0.6 }
      let result = try vietorisRips(completeEdges(entries, n), options: options)
      let expected = reducedBars(entries, n, p: p, threshold: options.threshold)
      for dimension in 0...1 {
        #expect(
          result.diagrams[dimension].bars == expected[dimension],
          "seed \(seed), n \(n), p \(p), dimension \(dimension): \(entries)")
      }
    }
  }

  /// Several noisy loops at once, so that classes with planes are born, die, and die into one another.
  @Test func planesChangeNothing() throws {
    let field = try PrimeField(2)
    for seed in 0..<40 {
      var random = SplitMix(state: UInt64(seed))
      let n = 40 + Int(random.next() % 50)
      let loops = 1 + seed % 4
      let points = (0..<n).map { i in
        let angle = random.unit() * 2 * Float.pi
        return SIMD2(cos(angle) + 1.7 * Float(i % loops), sin(angle)) + SIMD2(random.unit(), random.unit()) * 0.3
      }
      var edges: [(edge: Edge, length: Float)] = []
      for i in 0..<n {
        for j in (i + 1)..<n {
          let difference = points[i] - points[j]
          let length = seed % 2 == 0 ? (difference * difference).sum() : ((difference * difference).sum() * 8).rounded()
          edges.append((Edge(Int32(i), Int32(j)), length))
        }
      }
      let bars = try [(4, 1), (1 << 10, 1 << 30)].map { (capacity, manyEdges) in
        var loops = try Loops(vertices: n, field: field, capacity: capacity, manyEdges: manyEdges)
        let order = try EdgeOrder(vertices: n, edges: edges, upTo: 100, progress: Progress())
        while let run = try order.nextRun() {
          for i in 0..<run.count { try loops.add(run[i]) }
        }
        return PersistenceDiagram(dimension: 1, pairs: loops.bars1).bars
      }
      #expect(bars[0] == bars[1], "seed \(seed)")
      #expect(!bars[0].isEmpty)
    }
  }

  /// Independent lengths bear as many classes at once as can be, so annotations grow wide. The bars of H1 that come with
  /// H2 are found by other code.
  @Test(arguments: [60, 100, 140]) func manyLiveClasses(n: Int) throws {
    for (kind, modulus) in [(0, 2), (2, 2), (0, 3)] {
      var random = SplitMix(state: UInt64(n + kind))
      let matrix = try DistanceMatrix(randomMatrix(&random, n: n, kind: kind), count: n)
      var options = RipsOptions()
      options.modulus = modulus
      options.threshold = kind == 0 ? 0.4 : 3
      let alone = try vietorisRips(.distances(matrix), options: options)
      options.maxDimension = 2
      let both = try vietorisRips(.distances(matrix), options: options)
      #expect(alone.diagrams == Array(both.diagrams.prefix(2)), "n \(n), kind \(kind), Z/\(modulus)")
      #expect(alone.diagrams[1].pairs.count > (kind == 0 ? 2 * n : 0))
    }
  }

  @Test func regularPolygon() throws {
    let n = 30
    var entries = [Float](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0..<n where i != j {
        let steps = min(abs(i - j), n - abs(i - j))
        entries[i * n + j] = Float((2 * sin(Double.pi * Double(steps) / Double(n)) * 1e6).rounded() / 1e6)
      }
    }
    let result = try vietorisRips(completeEdges(entries, n))
    #expect(result.diagrams[1].bars == [Bar(birth: entries[1], death: Float(1.732051))])
    #expect(
      result.diagrams[0].bars == Array(repeating: Bar(birth: 0, death: entries[1]), count: n - 1) + [
        Bar(birth: 0, death: .infinity)
      ])
    let bar = try #require(result.diagrams[1].pairs.first)
    #expect(entries[Int(bar.birthEdge.tail) * n + Int(bar.birthEdge.head)] == bar.birth)
    let death = try #require(bar.deathEdge)
    #expect(entries[Int(death.tail) * n + Int(death.head)] == bar.death)
  }

  @Test func projectivePlaneHasTorsion() throws {
    let facets = [125, 126, 134, 136, 145, 234, 235, 246, 356, 456].map { [$0 / 100, $0 / 10 % 10, $0 % 10] }
    var faces: [[Int]] = []
    for facet in facets {
      for mask in 1..<8 {
        let face = (0..<3).filter { mask >> $0 & 1 == 1 }.map { facet[$0] }
        if !faces.contains(face) { faces.append(face) }
      }
    }
    let n = faces.count
    #expect(n == 31)
    var entries = [Float](repeating: 2, count: n * n)
    for i in 0..<n {
      for j in 0..<n {
        let (a, b) = (Set(faces[i]), Set(faces[j]))
        if a.isSubset(of: b) || b.isSubset(of: a) { entries[i * n + j] = i == j ? 0 : 1 }
      }
    }
    var options = RipsOptions()
    options.threshold = 1.5
    let even = try vietorisRips(completeEdges(entries, n), options: options)
    #expect(even.diagrams[1].bars == [Bar(birth: 1, death: .infinity)])
    #expect(even.diagrams[1].pairs.map(\.isCensored) == [true])
    options.modulus = 3
    let odd = try vietorisRips(completeEdges(entries, n), options: options)
    #expect(odd.diagrams[1].bars == [])
  }

  @Test func noneAndOne() throws {
    let none = try vietorisRips(.edges(vertices: 0, []))
    #expect(none.diagrams.map(\.pairs.count) == [0, 0])
    let one = try vietorisRips(.edges(vertices: 1, []))
    #expect(one.diagrams[0].bars == [Bar(birth: 0, death: .infinity)])
    #expect(one.diagrams[1].bars == [])
    #expect(!one.diagrams[0].pairs[0].isCensored)
  }

  @Test func aSquareWithoutDiagonals() throws {
    let square: [(edge: Edge, length: Float)] = [(Edge(0, 1), 1), (Edge(1, 2), 1), (Edge(2, 3), 1), (Edge(0, 3), 2)]
    let whole = try vietorisRips(.edges(vertices: 4, square))
    #expect(whole.diagrams[1].bars == [Bar(birth: 2, death: .infinity)])
    #expect(!whole.diagrams[1].pairs[0].isCensored)
    #expect(whole.diagrams[1].pairs[0].birthEdge == Edge(0, 3))
    var options = RipsOptions()
    options.threshold = 1
    let cut = try vietorisRips(.edges(vertices: 4, square), options: options)
    #expect(cut.diagrams[1].bars == [])
    options.threshold = 0.5
    let points = try vietorisRips(.edges(vertices: 4, square), options: options)
    #expect(points.diagrams[0].pairs.filter(\.isCensored).count == 3)
  }

  @Test func optionsOutOfRange() {
    func fails(_ change: (inout RipsOptions) -> Void) -> ToposcopeError? {
      var options = RipsOptions()
      change(&options)
      do throws(ToposcopeError) {
        _ = try vietorisRips(.edges(vertices: 1, []), options: options)
        return nil
      } catch { return error }
    }
    #expect(fails { $0.maxDimension = -1 } == ToposcopeError(.homologyDimension, row: 255, value: -1))
    #expect(fails { $0.modulus = 4 } == ToposcopeError(.modulus, value: 4))
    #expect(fails { $0.modulus = 65537 } == ToposcopeError(.modulus, value: 65537))
    #expect(fails { $0.threshold = -1 } == ToposcopeError(.threshold, value: -1))
    #expect(fails { $0.threshold = .nan }?.kind == .threshold)
  }

  @Test func badEdges() {
    func kind(_ edges: [(edge: Edge, length: Float)]) -> ToposcopeError? {
      do throws(ToposcopeError) {
        _ = try vietorisRips(.edges(vertices: 3, edges))
        return nil
      } catch { return error }
    }
    #expect(kind([(Edge(0, 3), 1)]) == ToposcopeError(.index, row: 3, column: 3))
    #expect(kind([(Edge(-1, 1), 1)]) == ToposcopeError(.index, row: -1, column: 3))
    #expect(kind([(Edge(0, 1), .nan)])?.kind == .notFinite)
    #expect(kind([(Edge(0, 1), -1)]) == ToposcopeError(.negativeDistance, row: 0, column: 1, value: -1))
    #expect(kind([(Edge(1, 1), 1)]) == ToposcopeError(.diagonal, row: 1, column: 1, value: 1))
    #expect(kind([(Edge(0, 1), 1), (Edge(1, 0), 2)])?.kind == .asymmetric)
    #expect(kind([(Edge(0, 1), 1), (Edge(1, 0), 1), (Edge(2, 2), 0)]) == nil)
  }
}
