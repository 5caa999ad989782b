import CToposcopeProcessor
import Testing

@testable import Toposcope

/// The kernels for links, of each set that the processor has, against their definitions.
@Suite struct LinkKernelTests {
  /// A random graph with closed rows.
  private func graph(_ count: Int, density: Double, seed: Int) throws -> BitRows {
    var generator = SeededGenerator(seed: seed)
    let graph = try BitRows(count)
    for x in 0..<count {
      graph.insert(x, x)
      for y in 0..<x where Double.random(in: 0...1, using: &generator) < density { graph.insert(x, y) }
    }
    return graph
  }

  private func vertices(_ graph: BitRows, _ bits: UnsafeMutablePointer<UInt64>) -> [Int] {
    (0..<graph.count).filter { bits[$0 >> 6] >> UInt64($0 & 63) & 1 != 0 }
  }

  @Test(arguments: KernelSet.available.indices) func cones(level: Int) throws {
    var (cones, others, empty, likelyFound) = (0, 0, 0, 0)
    for seed in 0..<24 {
      let graph = try graph([60, 200, 600][seed % 3], density: [0.02, 0.1, 0.6, 0.95][seed % 4], seed: seed)
      let (common, room) = (try Memory<UInt64>(graph.wordsPerRow), try Memory<UInt64>(graph.wordsPerRow))
      let likely = try Memory<Int32>(2 * graph.count)
      for i in 0..<2 * graph.count { likely.base[i] = Int32(i / 2) }
      for (u, v) in [(0, 1), (5, 40), (58, 59), (31, 17)] {
        graph.remove(u, v)
        let link = (0..<graph.count).filter { graph.contains(u, $0) && graph.contains(v, $0) }
        // Of every second link one vertex is joined to all others; of some of those it is the likely one.
        let apex = link.isEmpty ? 0 : link[link.count * 2 / 3]
        if seed % 2 == 0 && !link.isEmpty {
          for x in link where x != apex { graph.insert(x, apex) }
          likely.base[2 * (seed % 4 == 0 ? u : v) + seed / 4 % 2] = Int32(apex)
        }
        let apexes = link.filter { y in link.allSatisfy { graph.contains(y, $0) } }
        let edges = [Int32(-1), -1, -1, 0, Int32(u), Int32(v), -1, -1, -1]
        let (found, places) = (try Memory<UInt16>(2), try Memory<Int32>(graph.wordsPerRow / 8))
        let open = KernelSet.available[level].addCones(
          graph.row(0), graph.wordsPerRow, nil, places.base, edges, 1, 2, false, likely.base, found.base, common.base,
          room.base)
        if link.isEmpty {
          #expect(open.rank == 1 && open.vertex == -1)
          empty += 1
        } else if open.rank == 2 {
          let cone = Int32(found.base[1])
          #expect(apexes.contains(Int(cone)) && likely.base[2 * u] == cone && likely.base[2 * v] == cone)
          if seed % 2 == 0 && Int(cone) == apex { likelyFound += 1 }
          cones += 1
        } else {
          #expect(link.contains(Int(open.vertex)))
          #expect(vertices(graph, common.base) == link)
          others += 1
        }
        #expect(graph.contains(u, v) == (open.rank == 2) && graph.contains(v, u) == (open.rank == 2))
      }
    }
    #expect(cones > 15 && others > 10 && empty > 3 && likelyFound > 10)
  }

  /// Three vertices may be the center of a link: the likely ones of the two ends, and the first common neighbour.
  @Test(arguments: KernelSet.available.indices) func centers(level: Int) throws {
    var (found, missed, likelyFound) = (0, 0, 0)
    for seed in 0..<36 {
      // The longest rows are one line, two, and more than four.
      let (count, density) = seed < 4 ? (2100, 0.1) : ([60, 600][seed % 2], [0.05, 0.2, 0.6][seed % 3])
      let graph = try graph(count, density: density, seed: seed)
      let likely = try Memory<Int32>(graph.count)
      for (u, v) in [(0, 1), (5, 40), (58, 59), (31, 17)] {
        graph.remove(u, v)
        let link = (0..<graph.count).filter { graph.contains(u, $0) && graph.contains(v, $0) }
        guard let first = link.first else { continue }
        // Of some links one vertex is joined to all others: the likely one of either end, or the first.
        let planted = [link[link.count / 2], link[link.count - 1], first, first][seed / 3 % 4]
        if seed % 4 != 3 { for x in link where x != planted { graph.insert(x, planted) } }
        if seed / 3 % 4 < 2 { likely.base[seed / 3 % 4 == 0 ? u : v] = Int32(planted) }
        let candidates = [Int(likely.base[u]), Int(likely.base[v]), first]
        let centers = candidates.filter { y in link.contains(y) && link.allSatisfy { graph.contains(y, $0) } }
        let center = KernelSet.available[level].center(
          graph.row(0), graph.wordsPerRow, u, v, first / 64, likely.base)
        #expect(Int(center) == centers.first ?? -1)
        if centers.first == first && !candidates.prefix(2).contains(first) {
          #expect(likely.base[u] == Int32(first) && likely.base[v] == Int32(first))
        }
        if center < 0 { missed += 1 } else { found += 1 }
        if center >= 0 && Int(center) != first { likelyFound += 1 }
      }
    }
    #expect(found > 40 && missed > 10 && likelyFound > 15)
  }

  /// Where a connected link is enough, only edges whose link is empty or falls apart are left to be looked at.
  @Test(arguments: KernelSet.available.indices) func connectedLinks(level: Int) throws {
    var (connected, apart) = (0, 0)
    for seed in 0..<40 {
      let graph = try graph([60, 200, 600, 1100][seed % 4], density: 0.04 + 0.02 * Double(seed / 4), seed: seed)
      let (common, room) = (try Memory<UInt64>(graph.wordsPerRow), try Memory<UInt64>(graph.wordsPerRow))
      let likely = try Memory<Int32>(2 * graph.count)
      for i in 0..<2 * graph.count { likely.base[i] = Int32(i / 2) }
      for (u, v) in [(0, 1), (5, 40), (58, 59), (31, 17)] {
        graph.remove(u, v)
        let link = (0..<graph.count).filter { graph.contains(u, $0) && graph.contains(v, $0) }
        var (waiting, reached) = (Array(link.prefix(1)), Set(link.prefix(1)))
        while let x = waiting.popLast() {
          for y in link where graph.contains(x, y) && reached.insert(y).inserted { waiting.append(y) }
        }
        let isConnected = !link.isEmpty && reached.count == link.count
        let edges = [Int32(-1), -1, -1, 0, Int32(u), Int32(v), -1, -1, -1]
        let (found, places) = (try Memory<UInt16>(2), try Memory<Int32>(graph.wordsPerRow / 8))
        let open = KernelSet.available[level].addCones(
          graph.row(0), graph.wordsPerRow, nil, places.base, edges, 1, 2, true, likely.base, found.base, common.base,
          room.base)
        #expect((open.rank == 2) == isConnected && graph.contains(u, v) == isConnected)
        if !isConnected && !link.isEmpty {
          #expect(link.contains(Int(open.vertex)) && vertices(graph, common.base) == link)
          apart += 1
        }
        if isConnected { connected += 1 }
      }
    }
    #expect(connected > 30 && apart > 30)
  }

  /// The edges of a cloud, one after another: lines that outlines tell of say the same as whole rows.
  @Test(arguments: KernelSet.available.indices) func outlinedRows(level: Int) throws {
    var (cones, others) = (0, 0)
    for seed in 0..<12 {
      // The vertices lie close together or far apart: rows are one line, three, and more than 64.
      let (count, spread) = (50, seed == 2 ? 690 : [1, 27][seed % 2])
      var generator = SeededGenerator(seed: seed)
      let points = (0..<count).map { _ in
        SIMD4((0..<4).map { _ in Double.random(in: 0...1, using: &generator) })
      }
      let pairs = (0..<count).flatMap { v in (0..<v).map { (u: $0, v: v) } }
      let squares = pairs.map { ((points[$0.u] - points[$0.v]) * (points[$0.u] - points[$0.v])).sum() }
      let order = pairs.indices.sorted { squares[$0] < squares[$1] }
      let edges: [Int32] = order.flatMap { [0, Int32(pairs[$0].u * spread), Int32(pairs[$0].v * spread)] }
      let whole = try Growth(count * spread, edges, level: level, hasOutlines: false)
      let outlined = try Growth(count * spread, edges, level: level, hasOutlines: true)
      let words = whole.graph.wordsPerRow
      while whole.next < order.count {
        let (rank, isConnectedEnough) = (whole.next, whole.next / 100 % 2 == seed % 2)
        let (expected, open) = (whole.grow(isConnectedEnough), outlined.grow(isConnectedEnough))
        try #require(open.rank == expected.rank && open.vertex == expected.vertex)
        if Int(open.rank) < order.count && open.vertex >= 0 {
          #expect((0..<words).allSatisfy { whole.common.base[$0] == outlined.common.base[$0] })
          others += 1
        }
        cones += Int(open.rank) - rank
      }
      #expect((0..<order.count).allSatisfy { whole.apexes.base[$0] == outlined.apexes.base[$0] })
      for k in 0..<count {
        let row = k * spread
        #expect((0..<words).allSatisfy { whole.graph.row(row)[$0] == outlined.graph.row(row)[$0] })
        #expect(whole.likely.base[2 * row] == outlined.likely.base[2 * row])
      }
    }
    #expect(cones > 5000 && others > 100)
  }

  /// A graph to which edges are added by the kernel, and those with an open link without it.
  private final class Growth {
    let graph: BitRows
    let common: Memory<UInt64>
    let likely: Memory<Int32>
    let apexes: Memory<UInt16>
    private(set) var next = 0
    private let edges: [Int32]
    private let room: Memory<UInt64>
    private let places: Memory<Int32>
    private let outlines: Memory<UInt64>?
    private let level: Int

    init(_ count: Int, _ edges: [Int32], level: Int, hasOutlines: Bool) throws {
      graph = try BitRows(closed: count)
      (common, room) = (try Memory(graph.wordsPerRow), try Memory(graph.wordsPerRow))
      places = try Memory(graph.wordsPerRow / 8)
      likely = try Memory(2 * count)
      apexes = try Memory(edges.count / 3)
      outlines = hasOutlines ? try Memory(count * ((graph.wordsPerRow + 511) / 512)) : nil
      (self.edges, self.level) = (edges, level)
      for i in 0..<2 * count { likely.base[i] = Int32(i / 2) }
      for x in 0..<count { join(x, x) }
    }

    func grow(_ isConnectedEnough: Bool) -> OpenLink {
      let open = KernelSet.available[level].addCones(
        graph.row(0), graph.wordsPerRow, outlines?.base, places.base, edges, next, min(next + 100, edges.count / 3),
        isConnectedEnough, likely.base, apexes.base, common.base, room.base)
      next = Int(open.rank)
      if next < edges.count / 3 {
        join(Int(edges[3 * next + 1]), Int(edges[3 * next + 2]))
        next += 1
      }
      return open
    }

    private func join(_ u: Int, _ v: Int) {
      graph.insert(u, v)
      for (x, y) in [(u, v), (v, u)] {
        outlines?.base[x * ((graph.wordsPerRow + 511) / 512) + y / 32768] |= 1 << UInt64(y / 512 % 64)
      }
    }
  }

  @Test(arguments: KernelSet.available.indices) func gatheredRows(level: Int) throws {
    for seed in 0..<16 {
      let graph = try graph(600, density: 0.3, seed: seed)
      var generator = SeededGenerator(seed: seed)
      let chosen = (0..<600).shuffled(using: &generator).prefix(1 + 16 * seed).sorted()
      let (words, wordsEach) = (graph.wordsPerRow, chosen.count <= 64 ? 1 + seed % 2 : 4)
      let (bits, masks) = (try Memory<UInt64>(words), try Memory<UInt64>(words))
      for x in chosen { bits.base[x >> 6] |= 1 << UInt64(x & 63) }
      let (places, offsets) = (try Memory<Int32>(words), try Memory<Int32>(words))
      let (names, rows) = (try Memory<Int32>(256), try Memory<UInt64>(256 * wordsEach))
      let count = KernelSet.available[level].gatherBits(
        graph.row(0), words, bits.base, places.base, masks.base, offsets.base, names.base, rows.base, wordsEach)
      #expect((0..<count).map { Int(names.base[$0]) } == chosen)
      for (i, x) in chosen.enumerated() {
        let joined = (0..<64 * wordsEach).filter { rows.base[i * wordsEach + $0 / 64] >> UInt64($0 % 64) & 1 != 0 }
        #expect(joined == chosen.indices.filter { graph.contains(x, chosen[$0]) })
      }
    }
  }

  @Test(arguments: KernelSet.available.indices) func dominatedVertices(level: Int) throws {
    var found = 0
    for seed in 0..<24 {
      let graph = try graph([60, 200, 600][seed % 3], density: [0.1, 0.6, 0.97][seed / 3 % 3], seed: seed)
      let (set, room) = (try Memory<UInt64>(graph.wordsPerRow), try Memory<UInt64>(graph.wordsPerRow))
      for x in stride(from: 0, to: graph.count, by: 1 + seed % 5) { set.base[x >> 6] |= 1 << UInt64(x & 63) }
      let y = (1 + seed % 5) * 3
      let before = vertices(graph, set.base)
      let missed = before.filter { !graph.contains(y, $0) }
      let dominated = before.filter { x in
        x != y && graph.contains(x, y) && missed.allSatisfy { !graph.contains(x, $0) }
      }
      let count = KernelSet.available[level].removeDominated(graph.row(0), graph.wordsPerRow, y, set.base, room.base)
      #expect(count == dominated.count)
      #expect(vertices(graph, set.base) == before.filter { !dominated.contains($0) })
      found += count
    }
    #expect(found > 20)
  }

  @Test(arguments: KernelSet.available.indices) func leastGreatest(level: Int) throws {
    var generator = SeededGenerator(seed: 1)
    for length in [16, 48, 160] {
      let rows = try Memory<Int32>(4 * length)
      for k in 0..<4 * length { rows.base[k] = Int32.random(in: 0...1000, using: &generator) }
      let (a, b, c, d) = (rows.base, rows.base + length, rows.base + 2 * length, rows.base + 3 * length)
      let expected = (0..<length).map { max(a[$0], b[$0], c[$0], d[$0]) }.min()
      #expect(KernelSet.available[level].leastGreatest(a, b, c, d, length) == expected)
    }
  }

  /// The links of the edges of one vertex to all its neighbours: cones, connected ones, and those that fall apart; of up to 64
  /// vertices, and more.
  @Test(arguments: KernelSet.available.indices) func linksInAStar(level: Int) throws {
    var told = [LinkKind: Int]()
    for seed in 0..<32 {
      var generator = SeededGenerator(seed: seed)
      let count = [3, 63, 64, 200, 511][seed % 5]
      let degree = [1.5, 4, 12, 0.7 * Double(count)][seed / 5 % 4]
      let length = (count + 64) / 64 * 64
      let ranks = (0..<Int32(count * (count + 1))).shuffled(using: &generator)
      let (own, rows) = (try Memory<Int32>(length), try Memory<Int32>(count * length))
      own.base.update(repeating: .max, count: length)
      rows.base.update(repeating: .max, count: count * length)
      for x in 0..<count {
        own.base[x] = ranks[x] + (seed % 2 == 0 ? 0 : Int32(ranks.count))
        for y in 0..<x where Double.random(in: 0..<Double(count), using: &generator) < degree {
          let rank = ranks[count + x * count + y]
          (rows.base[x * length + y], rows.base[y * length + x]) = (rank, rank)
        }
        // What stands after the last neighbour belongs to no edge between them.
        rows.base[x * length + count] = 0
      }
      let asked = stride(from: Int32(1), to: Int32(count), by: count < 100 ? 1 : 5).map { $0 }
      let (room, kinds, nearest) = (
        try Memory<UInt64>(256), try Memory<LinkKind>(asked.count), try Memory<Int32>(asked.count)
      )
      KernelSet.available[level].tellLinks(
        own.base, rows.base, length, asked, asked.count, room.base, kinds.base, nearest.base)
      for (i, x) in asked.enumerated() {
        let rank = own.base[Int(x)]
        let isJoined = { (x: Int, y: Int) in x == y || rows.base[x * length + y] < rank }
        let link = (0..<count).filter { $0 != Int(x) && own.base[$0] < rank && isJoined(Int(x), $0) }
        let kind = kinds.base[i]
        told[kind, default: 0] += 1
        #expect((kind == .empty) == link.isEmpty)
        let longer = { (y: Int) in max(own.base[y], rows.base[Int(x) * length + y]) }
        if !link.isEmpty { #expect(Int(nearest.base[i]) == link.min { longer($0) < longer($1) }) }
        let isCone = link.contains { y in link.allSatisfy { isJoined(y, $0) } }
        if isCone || link.count > 64 { #expect(kind == (isCone ? .contractible : .open)) }
        if isCone || link.isEmpty || link.count > 64 { continue }
        let (reached, edges, triangles) = components(link, isJoined)
        #expect((kind != .open) == (reached == 1))
        // What is contractible has the Euler characteristic of a point; a graph without triangles is, if it is a tree.
        if kind == .contractible && triangles == 0 { #expect(edges == link.count - 1) }
        if kind == .connected && triangles == 0 { #expect(edges >= link.count) }
      }
    }
    #expect([LinkKind.open, .empty, .contractible, .connected].allSatisfy { told[$0, default: 0] > 20 })
  }

  /// How many components a graph has, how many edges, and how many triangles.
  private func components(
    _ vertices: [Int], _ isJoined: (Int, Int) -> Bool
  ) -> (count: Int, edges: Int, triangles: Int) {
    var (left, count, edges, triangles) = (Set(vertices), 0, 0, 0)
    while let root = left.popFirst() {
      var frontier = [root]
      count += 1
      while let x = frontier.popLast() {
        let found = left.filter { isJoined(x, $0) }
        left.subtract(found)
        frontier += found
      }
    }
    for x in vertices {
      for y in vertices where x < y && isJoined(x, y) {
        edges += 1
        triangles += vertices.count { y < $0 && isJoined(x, $0) && isJoined(y, $0) }
      }
    }
    return (count, edges, triangles)
  }
}
