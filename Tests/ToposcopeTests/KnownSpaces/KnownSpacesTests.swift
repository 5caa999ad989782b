import Testing
import Toposcope

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct KnownSpacesTests {
  private let infinity = Float.infinity

  /// One loop, then nine 2-spheres, then one 3-sphere: the Vietoris-Rips complexes of a circle are its odd spheres, with
  /// wedges of even spheres between them.
  @Test func regularPolygonOf30() throws {
    let distances = euclidean(Spaces.regularPolygon(30), decimals: 6)
    let chord = { (k: Int) in distances[0][k] }
    let found = try ripsPairs(distances, maxDimension: 3).map(bars)
    #expect(found[0] == [[Float]](repeating: [0, chord(1)], count: 29) + [[0, infinity]])
    #expect(found[1] == [[chord(1), chord(10)]])
    #expect(found[2] == [[Float]](repeating: [chord(10), chord(11)], count: 9))
    #expect(found[3] == [[chord(11), chord(12)]])
    #expect(abs(chord(10) - Float(3).squareRoot()) < 1e-6)
    for k in [1, 11, 12] { #expect(abs(chord(k) - Float(2 * sin(Double.pi * Double(k) / 30))) < 1e-6) }
  }

  @Test(arguments: [2, 3, 5]) func square(modulus: Int) throws {
    let found = try ripsPairs(euclidean([[0, 0], [1, 0], [1, 1], [0, 1]]), modulus: modulus)
    #expect(bars(found[0]) == [[0, 1], [0, 1], [0, 1], [0, infinity]])
    #expect(bars(found[1]) == [[1, Float(2).squareRoot()]])
    // Equal edges come by their vertices: the loop is closed by the last side, and filled by the last diagonal.
    #expect(found[1][0].birthEdge == Edge(2, 3))
    #expect(found[1][0].deathEdge == Edge(0, 2))
  }

  /// +-e_i in R^d: a (d - 1)-sphere from sqrt 2 to 2 and nothing else.
  @Test(arguments: [1, 2, 3, 4, 5, 6], [2, 3]) func crossPolytope(d: Int, modulus: Int) throws {
    let found = try ripsPairs(euclidean(Spaces.crossPolytope(d)), maxDimension: d, modulus: modulus).map(bars)
    let root = Float(2).squareRoot()
    let first: Float = d == 1 ? 2 : root
    #expect(found[0] == [[Float]](repeating: [0, first], count: 2 * d - 1) + [[0, infinity]])
    for k in 1...d { #expect(found[k] == (k == d - 1 ? [[root, 2]] : []), "H\(k)") }
  }

  @Test(arguments: [1, 2, 3, 10, 40]) func equidistantPoints(n: Int) throws {
    let found = try ripsPairs(Spaces.equidistant(n, distance: 0.5), maxDimension: n > 10 ? 2 : 4).map(bars)
    #expect(found[0] == [[Float]](repeating: [0, 0.5], count: n - 1) + [[0, infinity]])
    #expect(found.dropFirst().allSatisfy { $0.isEmpty })
  }

  @Test func noPoints() throws {
    let found = try ripsPairs([], maxDimension: 3)
    #expect(found == [[], [], [], []])
  }

  /// Over Z/2 the projective plane has a loop and a void, over other fields neither.
  @Test(arguments: [2, 3, 5]) func projectivePlane(modulus: Int) throws {
    let found = try ripsPairs(Spaces.projectivePlane, maxDimension: 3, modulus: modulus, threshold: 1.5).map(bars)
    let expected: [[Float]] = modulus == 2 ? [[1, infinity]] : []
    #expect(found[0] == [[Float]](repeating: [0, 1], count: 30) + [[0, infinity]])
    #expect(found[1] == expected)
    #expect(found[2] == expected)
    #expect(found[3] == [])
  }

  /// Torsion of other orders: Z/q shows in H1 and H2 over Z/q only.
  @Test(arguments: [2, 3, 5, 7], [2, 3, 5, 7]) func mooreSpace(q: Int, modulus: Int) throws {
    let found = try ripsPairs(Spaces.mooreSpace(q), maxDimension: 2, modulus: modulus, threshold: 1).map(bars)
    let expected: [[Float]] = modulus == q ? [[1, infinity]] : []
    #expect(found[1] == expected)
    #expect(found[2] == expected)
  }

  @Test func torsionOfCompositeOrder() throws {
    for (modulus, count) in [(2, 1), (3, 1), (5, 0), (65521, 0)] {
      let found = try ripsPairs(Spaces.mooreSpace(6), maxDimension: 2, modulus: modulus, threshold: 1)
      #expect(found[1].count == count, "Z/\(modulus)")
      #expect(found[2].count == count, "Z/\(modulus)")
    }
  }

  @Test(arguments: [2, 3, 65521]) func torus(modulus: Int) throws {
    let found = try ripsPairs(Spaces.torus, maxDimension: 3, modulus: modulus, threshold: 1).map(bars)
    #expect(found[1] == [[1, infinity], [1, infinity]])
    #expect(found[2] == [[1, infinity]])
    #expect(found[3] == [])
  }

  /// H0 deaths are the heights of single linkage, here by merging the two nearest clusters until one is left, for any
  /// symmetric dissimilarity.
  @Test(arguments: 0..<40) func singleLinkage(_ seed: Int) throws {
    var generator = SeededGenerator(seed: seed)
    let kind = MatrixKind.allCases.randomElement(using: &generator)!
    let distances = kind.matrix(Int.random(in: 1...40, using: &generator), using: &generator)
    var clusters = distances.indices.map { [$0] }
    var heights: [Float] = []
    while clusters.count > 1 {
      var (first, second, height) = (0, 1, Float.infinity)
      for b in clusters.indices {
        for a in 0..<b {
          let gap = clusters[a].map { i in clusters[b].map { j in distances[i][j] }.min()! }.min()!
          if gap < height { (first, second, height) = (a, b, gap) }
        }
      }
      heights.append(height)
      clusters[first] += clusters[second]
      clusters.remove(at: second)
    }
    let found = try ripsPairs(distances, maxDimension: 0)
    let expected = (heights.filter { $0 > 0 } + [infinity]).map { [0, $0] }
    #expect(bars(found[0]) == expected.sorted { $0[1] < $1[1] }, "seed \(seed), \(kind)")
  }

  /// Two points may never be joined, and nothing finite is lost by that.
  @Test func infiniteDistances() throws {
    var distances = [[Float]](repeating: [Float](repeating: .infinity, count: 9), count: 9)
    let square = euclidean([[0, 0], [1, 0], [1, 1], [0, 1]])
    for i in 0..<9 {
      for j in 0..<9 where i == j || i / 4 == j / 4 && i < 8 && j < 8 { distances[i][j] = square[i % 4][j % 4] }
    }
    let found = try ripsPairs(distances)
    #expect(bars(found[0]) == [[Float]](repeating: [0, 1], count: 6) + [[Float]](repeating: [0, infinity], count: 3))
    #expect(bars(found[1]) == [[Float]](repeating: [1, Float(2).squareRoot()], count: 2))
    #expect(found.joined().allSatisfy { !$0.isCensored })
  }

  /// Thresholds are inclusive.
  @Test func thresholdAtAnEdge() throws {
    let square = euclidean([[0, 0], [1, 0], [1, 1], [0, 1]])
    #expect(bars(try ripsPairs(square, threshold: 1)[1]) == [[1, infinity]])
    #expect(bars(try ripsPairs(square, threshold: Float(1).nextDown)[1]) == [])
    #expect(bars(try ripsPairs(square, threshold: Float(2).squareRoot())[1]) == [[1, Float(2).squareRoot()]])
    #expect(bars(try ripsPairs(square, threshold: Float(2).squareRoot().nextDown)[1]) == [[1, infinity]])
    #expect(bars(try ripsPairs(square, threshold: 0)[0]) == [[Float]](repeating: [0, infinity], count: 4))
  }
}
