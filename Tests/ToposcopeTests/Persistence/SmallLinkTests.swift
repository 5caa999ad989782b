import CToposcopeProcessor
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
  private func found(_ graph: BitRows, _ bits: Memory<UInt64>, _ count: Int) throws -> [[Int32]] {
    var link = try SmallLink(graph)
    var findings = try LinkFindings()
    link.read(bits.base, count: count)
    try findings.add(0, partner: link.examine(&findings))
    return [Array(findings[0].roots)] + findings[0].loops.map { Array($0) }
  }

  @Test(arguments: 0..<60) func loopsGoAlongEdges(_ seed: Int) throws {
    let count = 2 + 8 * seed
    let (graph, bits) = try link(count, density: [0.05, 0.2, 0.5][seed % 3], seed: seed)
    for loop in try found(graph, bits, count).dropFirst() {
      #expect(loop.count > 3)
      #expect(Set(loop).count == loop.count)
      for (x, y) in zip(loop, loop.dropFirst() + loop.prefix(1)) { #expect(graph.contains(Int(x), Int(y))) }
    }
  }

  /// A ring of vertices has one loop, and joined to one more vertex none.
  @Test(arguments: [4, 64, 65, 128, 129, 256, 257, 511]) func rings(_ count: Int) throws {
    let graph = try BitRows(600)
    let bits = try Memory<UInt64>(graph.wordsPerRow)
    for x in 0..<count {
      bits.base[x >> 6] |= 1 << UInt64(x & 63)
      graph.insert(x, x)
      graph.insert(x, (x + 1) % count)
    }
    #expect(try found(graph, bits, count).map(\.count) == [0, count])
    bits.base[count >> 6] |= 1 << UInt64(count & 63)
    for x in 0...count { graph.insert(x, count) }
    #expect(try found(graph, bits, count + 1) == [[]])
  }

  /// Rows of more words, and every set of kernels, find the same: a spanning forest, and the ends of the edges that close loops.
  @Test(arguments: 0..<40) func rowsOfMoreWordsFindTheSame(_ seed: Int) throws {
    let count = 2 + 3 * seed / 2
    let (graph, bits) = try link(count, density: [0.05, 0.2, 0.5][seed % 3], seed: seed)
    let gathering = try BitGathering(graph.wordsPerRow)
    let names = try Memory<Int32>(64)
    var first: [Int32]?
    for wordsEach in [1, 2, 4, 8] {
      let (rows, ends) = (try Memory<UInt64>(64 * wordsEach), try Memory<UInt64>(64 * wordsEach))
      _ = gathering.gather(graph, bits.base, to: names.base, rows.base, wordsEach: wordsEach)
      for kernels in KernelSet.available {
        let (parents, depths, closing) = (try Memory<Int32>(64), try Memory<Int32>(64), try Memory<Int32>(64))
        let steps = kernels.growLink(rows.base, wordsEach, count, parents.base, depths.base, closing.base, ends.base)
        var all: [Int32] = []
        for x in 0..<count {
          let (parent, depth) = (parents.base[x], depths.base[x])
          all += [parent, depth]
          #expect(depth == (parent < 0 ? 0 : depths.base[Int(parent)] + 1))
          if parent >= 0 { #expect(graph.contains(Int(names.base[x]), Int(names.base[Int(parent)]))) }
        }
        for step in 0..<steps {
          all += [closing.base[step], Int32(truncatingIfNeeded: ends.base[step * wordsEach])]
          all.append(Int32(truncatingIfNeeded: ends.base[step * wordsEach] >> 32))
        }
        #expect(first == nil || all == first!)
        first = all
      }
    }
  }

  /// Of links of every size: as many components as the code for the largest finds.
  @Test(arguments: 0..<40) func componentsAreThoseOfLargeLinks(_ seed: Int) throws {
    let count = 20 + 12 * seed
    let (graph, bits) = try link(count, density: 2.0 / Double(count), seed: seed)
    var general = try LinkLoops(graph)
    var findings = try LinkFindings()
    try findings.add(0, partner: general.examine(bits.base, count: count, &findings))
    #expect(try found(graph, bits, count)[0].count == findings[0].roots.count)
  }

  /// The components of a link without its loops are those that are found with them.
  @Test(arguments: 0..<60) func componentsAlone(_ seed: Int) throws {
    let (graph, bits) = try link(1 + seed, density: 1.5 / Double(1 + seed), seed: seed)
    let roots = try found(graph, bits, 1 + seed)[0]
    var small = try SmallLink(graph)
    var findings = try LinkFindings()
    small.read(bits.base, count: 1 + seed)
    let partner = try small.findComponents(&findings)
    try findings.add(0, partner: partner)
    #expect(findings[0].roots.count == roots.count)
    #expect(Set(findings[0].roots + [partner]).count == roots.count + 1)
  }
}
