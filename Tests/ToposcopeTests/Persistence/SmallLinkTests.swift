import Testing

@testable import Toposcope

@Suite struct SmallLinkTests {
  /// A random graph on some of a thousand vertices, with closed rows, and the bits of those vertices.
  private func link(_ count: Int, density: Double, seed: Int) throws -> (graph: BitRows, bits: Memory<UInt64>) {
    var generator = SeededGenerator(seed: seed)
    let graph = try BitRows(1000)
    let bits = try Memory<UInt64>(graph.wordsPerRow)
    let vertices = (0..<1000).shuffled(using: &generator).prefix(count)
    for vertex in 0..<1000 { graph.insert(vertex, vertex) }
    for x in vertices {
      bits.base[x >> 6] |= 1 << UInt64(x & 63)
      for y in vertices where x < y && Double.random(in: 0...1, using: &generator) < density { graph.insert(x, y) }
      // Neighbours that are not in the link.
      for _ in 0..<50 { graph.insert(x, Int.random(in: 0..<1000, using: &generator)) }
    }
    return (graph, bits)
  }

  /// The roots, then the loops.
  private func found<Vertices: VertexSet>(
    _: Vertices.Type, _ graph: BitRows, _ bits: Memory<UInt64>
  ) throws -> [[Int32]] {
    var link = try SmallLink<Vertices>(graph)
    var findings = try LinkFindings()
    link.read(bits.base)
    try findings.add(0, partner: link.examine(&findings))
    return [Array(findings[0].roots)] + findings[0].loops.map { Array($0) }
  }

  @Test(arguments: 0..<60) func rowsOfMoreWordsFindTheSame(_ seed: Int) throws {
    let (graph, bits) = try link(2 + seed, density: [0.05, 0.2, 0.5][seed % 3], seed: seed)
    let one = try found(UInt64.self, graph, bits)
    #expect(try found(SIMD2<UInt64>.self, graph, bits) == one)
    #expect(try found(SIMD4<UInt64>.self, graph, bits) == one)
    for loop in one.dropFirst() {
      #expect(loop.count > 3)
      for (x, y) in zip(loop, loop.dropFirst() + loop.prefix(1)) { #expect(graph.contains(Int(x), Int(y))) }
    }
  }

  /// Of links of every size: as many components as the code for the largest finds.
  @Test(arguments: 0..<40) func componentsAreThoseOfLargeLinks(_ seed: Int) throws {
    let count = 20 + 6 * seed
    let (graph, bits) = try link(count, density: 2.0 / Double(count), seed: seed)
    var general = try LinkLoops(graph)
    var findings = try LinkFindings()
    try findings.add(0, partner: general.examine(bits.base, count: count, &findings))
    let small = try found(SIMD4<UInt64>.self, graph, bits)
    #expect(small[0].count == findings[0].roots.count)
  }

  /// The components of a link without its loops are those that are found with them.
  @Test(arguments: 0..<60) func componentsAlone(_ seed: Int) throws {
    let (graph, bits) = try link(1 + seed, density: 1.5 / Double(1 + seed), seed: seed)
    let roots = try found(UInt64.self, graph, bits)[0]
    var small = try SmallLink<UInt64>(graph)
    var findings = try LinkFindings()
    small.read(bits.base)
    let partner = try small.findComponents(&findings)
    try findings.add(0, partner: partner)
    #expect(findings[0].roots.count == roots.count)
    #expect(Set(findings[0].roots + [partner]).count == roots.count + 1)
  }
}
