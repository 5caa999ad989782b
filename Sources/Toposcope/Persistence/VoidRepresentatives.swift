/// A simplex with its vertices in descending order, and its value modulo p.
typealias Cochain = [(simplex: [Int32], value: Int)]

/// What stands for a homology class: a cocycle that is one on the complex just before the class dies, and a cycle that is
/// born with the class and bounds when it dies. Empty where it was not asked for.
struct Representative {
  var cocycle: Cochain = []
  var cycle: [[Int32]] = []
}

/// A sum of triangles: of each longest edge, by rank, and each opposite vertex, the coefficient in ascending order.
struct TriangleChain {
  var cells: [Int32: [Int32: UInt32]] = [:]

  mutating func add(_ rank: Int32, _ x: Int32, _ value: UInt32, _ field: PrimeField) {
    let sum = field.sum(cells[rank]?[x] ?? 0, value)
    cells[rank, default: [:]][x] = sum == 0 ? nil : sum
  }
}

extension TriangleAnnotations {
  /// The vertices of a triangle, descending.
  private func vertices(_ rank: Int32, _ x: Int32) -> [Int32] {
    let edge = graph.edges[Int(rank)]
    return [edge.tail, edge.head, x].sorted(by: >)
  }

  // MARK: Cycles

  /// The cycle that kills a class, moved down to its birth: a cycle of triangles that were there when the class was born.
  ///
  /// Triangles are replaced from the longest edge down. One that follows a way in the link goes over to the other
  /// triangles of that tetrahedron, until only those of roots are left. One that bore a younger class is cleared by the
  /// cycle of that class, which has died, and bounds. Then those of partners have cancelled, for the sum is a cycle.
  mutating func moveDown(_ chain: TriangleChain, to homologyClass: Int) throws(ToposcopeError) -> TriangleChain {
    let birth = voids.births[homologyClass]
    var chain = chain
    var heap = RankHeap()
    for rank in chain.cells.keys { heap.insert(rank) }
    while let rank = heap.removeGreatest(), rank >= birth {
      guard let cells = chain.cells.removeValue(forKey: rank), !cells.isEmpty else { continue }
      var settled = try settle(cells, rank, &chain, &heap)
      var kept: [Int32: UInt32] = [:]
      while let (root, born) = youngest(settled, rank) {
        let value = settled.removeValue(forKey: root)!
        if rank == birth && born <= homologyClass {
          kept[root] = value
          continue
        }
        guard let bounding = cycles[born], let own = bounding.cells[rank]?[root] else {
          throw ToposcopeError(.internalError)
        }
        let factor = field.negative(field.product(value, field.inverse(own)))
        for (otherRank, others) in bounding.cells {
          for (x, coefficient) in others where otherRank != rank || x != root {
            let term = field.product(coefficient, factor)
            if otherRank == rank {
              let sum = field.sum(settled[x] ?? 0, term)
              settled[x] = sum == 0 ? nil : sum
            } else {
              if chain.cells[otherRank] == nil { heap.insert(otherRank) }
              chain.add(otherRank, x, term, field)
            }
          }
        }
        try steps.add(1)
      }
      if rank == birth {
        chain.cells[rank] = kept.merging(settled) { kept, _ in kept }
        break
      }
      guard settled.isEmpty else { throw ToposcopeError(.internalError) }
    }
    return chain
  }

  /// Moves the triangles of one longest edge along their ways to the roots of the link. Returns those of roots.
  private mutating func settle(
    _ cells: [Int32: UInt32], _ rank: Int32, _ chain: inout TriangleChain, _ heap: inout RankHeap
  ) throws(ToposcopeError) -> [Int32: UInt32] {
    let edge = graph.edges[Int(rank)]
    let partner = partner(rank)
    var waiting = cells
    var settled: [Int32: UInt32] = [:]
    while let (x, value) = waiting.first {
      waiting[x] = nil
      if x == partner || furtherRoots(rank).contains(x) {
        let sum = field.sum(settled[x] ?? 0, value)
        settled[x] = sum == 0 ? nil : sum
        continue
      }
      let (u, v) = (edge.tail, edge.head)
      let p = try way(rank, u, v, x)
      for part in Int32(0)..<3 {
        let term = field.product(value, sign(ofPart: part, u, v, x, p))
        if part == 2 {
          let sum = field.sum(waiting[p] ?? 0, term)
          waiting[p] = sum == 0 ? nil : sum
        } else {
          let triangle = Triangle(part == 0 ? v : u, x, p, in: graph)
          if chain.cells[triangle.rank] == nil { heap.insert(triangle.rank) }
          chain.add(triangle.rank, triangle.x, term, field)
        }
      }
      try steps.add(1)
    }
    return settled
  }

  /// Of the triangles of an edge with further roots: the one that bore the youngest class.
  private func youngest(_ settled: [Int32: UInt32], _ rank: Int32) -> (root: Int32, homologyClass: Int)? {
    var found: (root: Int32, homologyClass: Int)?
    for root in settled.keys {
      guard let unit = voids.known.value(of: simplexKey(rank, UInt32(bitPattern: root))) else { continue }
      let born = voids.classes.youngest(unit)
      if found == nil || born > found!.homologyClass { found = (root, born) }
    }
    return found
  }

  /// The triangles of a chain.
  func triangles(_ chain: TriangleChain) -> [[Int32]] {
    chain.cells.flatMap { rank, cells in cells.keys.map { vertices(rank, $0) } }.sorted {
      $0.lexicographicallyPrecedes($1)
    }
  }

  // MARK: Cocycles

  /// The cocycle of a class that is alive, on all triangles of edges before `end`.
  ///
  /// One pass over the edges since its birth, with the triangles on which it is not zero: where x is joined to the
  /// partner w of (u, v), it is zero on (u, v, x) if it is so on (u, x, w) and (v, x, w). So it is zero on all triangles of
  /// an edge of which neither end is in any triangle on which it is not, but where classes are born.
  mutating func cocycle(of homologyClass: Int, before end: Int32) throws(ToposcopeError) -> Cochain {
    var cochain = try GrowingCochain(graph, steps.progress)
    for rank in voids.births[homologyClass]..<end {
      if rank & 0xFFF == 0 { try steps.progress.report() }
      let edge = graph.edges[Int(rank)]
      let (u, v) = (edge.tail, edge.head)
      if !cochain.isNear(u, v) && !hasFurtherRoots(rank) { continue }
      let partner = partner(rank)
      if partner < 0 { continue }
      let further = furtherRoots(rank)
      for root in further {
        guard let unit = voids.known.value(of: simplexKey(rank, UInt32(bitPattern: root))) else { continue }
        let coefficient = try voids.classes.coefficient(of: homologyClass, in: unit)
        if coefficient != 0 { try cochain.set(u, v, root, rank, coefficient) }
      }
      let isPlain = further.isEmpty && !hasTree(rank)
      for x in cochain.candidates(u, v, rank, over: isPlain ? partner : nil)
      where x != partner && !further.contains(x) {
        var sum: UInt32 = 0
        var factor: UInt32 = 1
        var y = x
        while y != partner {
          if further.contains(y) {
            sum = field.sum(sum, field.product(factor, cochain.value(u, v, y)))
            break
          }
          let p = try way(rank, u, v, y)
          let (first, second) = (sign(ofPart: 0, u, v, y, p), sign(ofPart: 1, u, v, y, p))
          sum = field.sum(sum, field.product(field.product(factor, first), cochain.value(v, y, p)))
          sum = field.sum(sum, field.product(field.product(factor, second), cochain.value(u, y, p)))
          factor = field.product(factor, sign(ofPart: 2, u, v, y, p))
          y = p
        }
        if sum != 0 { try cochain.set(u, v, x, rank, sum) }
      }
      try steps.add(1)
    }
    return try cochain.keys.map { key in
      (vertices(Int32(key >> 32), Int32(key & 0xFFFF_FFFF)), Int(cochain.value(of: key)))
    }
  }
}

/// A cochain on triangles, of which those on which it is not zero become known edge by edge.
private struct GrowingCochain {
  private let graph: RankedGraph
  private var values: SimplexTable
  private var found: Growing<UInt64>
  /// Of each edge of such a triangle: the number of its row in `opposite`.
  private var rows: SimplexTable
  /// For each of those edges a bit for every vertex that makes such a triangle with it.
  private var opposite: Growing<UInt64>
  private let words: Int
  private let touched: VertexBits
  private let waiting: Memory<Int32>
  private let progress: Progress

  init(_ graph: RankedGraph, _ progress: Progress) throws(ToposcopeError) {
    (self.graph, self.progress) = (graph, progress)
    values = try SimplexTable(progress)
    found = try Growing()
    rows = try SimplexTable(progress)
    opposite = try Growing()
    words = (graph.count + 63) / 64
    touched = try VertexBits(graph.count)
    waiting = try Memory(graph.count, isZeroed: false)
  }

  /// Whether a vertex is in a triangle on which it is not zero.
  @inline(__always)
  func isNear(_ u: Int32, _ v: Int32) -> Bool { touched[Int(u)] || touched[Int(v)] }

  func value(of key: UInt64) -> UInt32 { values.value(of: key) ?? 0 }

  @inline(__always)
  func value(_ a: Int32, _ b: Int32, _ c: Int32) -> UInt32 {
    value(of: TriangleAnnotations.Triangle(a, b, c, in: graph).key)
  }

  /// The triangles on which it is not zero, in order.
  var keys: [UInt64] {
    get throws(ToposcopeError) {
      try progress.report()
      return UnsafeBufferPointer(start: found.base, count: found.count).sorted()
    }
  }

  /// Sets the value, not zero, on the triangle of an edge (u, v) of this rank and x.
  mutating func set(_ u: Int32, _ v: Int32, _ x: Int32, _ rank: Int32, _ value: UInt32) throws(ToposcopeError) {
    let key = simplexKey(rank, UInt32(bitPattern: x))
    try values.set(key, value)
    try found.append(key)
    for (edge, vertex) in [(rank, x), (graph.rank(u, x), v), (graph.rank(v, x), u)] {
      let row = Int(try rows.number(of: simplexKey(edge, 0))) * words
      if row == opposite.count {
        try opposite.reserve(row + words)
        (opposite.base + row).update(repeating: 0, count: words)
        opposite.setCount(row + words)
      }
      opposite.base[row + Int(vertex) >> 6] |= 1 << UInt64(vertex & 63)
      touched[Int(vertex)] = true
    }
  }

  /// The common neighbours x of an edge (u, v) with which it may not be zero.
  /// - Parameter partner: Where given, it is zero where x is joined to this vertex, and zero on its triangles with (u, x) and
  ///   (v, x).
  func candidates(_ u: Int32, _ v: Int32, _ rank: Int32, over partner: Int32?) -> UnsafeBufferPointer<Int32> {
    let candidates = waiting.base
    var count = 0
    if let partner {
      let toPartner = graph.row(partner)
      let (nearU, nearV) = (row(of: graph.rank(u, partner)), row(of: graph.rank(v, partner)))
      graph.forEachCommon(u, v, before: rank) { x in
        let (word, bit) = (Int(x) >> 6, UInt64(x & 63))
        let bits = (nearU?[word] ?? 0) | (nearV?[word] ?? 0)
        candidates[count] = x
        count &+= toPartner[Int(x)] >= rank || bits >> bit & 1 != 0 ? 1 : 0
      }
    } else {
      graph.forEachCommon(u, v, before: rank) { x in
        candidates[count] = x
        count &+= 1
      }
    }
    return UnsafeBufferPointer(start: candidates, count: count)
  }

  private func row(of edge: Int32) -> UnsafePointer<UInt64>? {
    rows.value(of: simplexKey(edge, 0)).map { UnsafePointer(opposite.base + Int($0) * words) }
  }
}

/// The greatest rank first.
struct RankHeap {
  private var ranks: [Int32] = []

  mutating func insert(_ rank: Int32) {
    ranks.append(rank)
    var i = ranks.count - 1
    while i > 0, ranks[(i - 1) / 2] < ranks[i] {
      ranks.swapAt(i, (i - 1) / 2)
      i = (i - 1) / 2
    }
  }

  mutating func removeGreatest() -> Int32? {
    guard let greatest = ranks.first, let last = ranks.popLast() else { return nil }
    if ranks.isEmpty { return greatest }
    ranks[0] = last
    var i = 0
    while true {
      var largest = i
      for child in [2 * i + 1, 2 * i + 2] where child < ranks.count && ranks[child] > ranks[largest] { largest = child }
      if largest == i { return greatest }
      ranks.swapAt(i, largest)
      i = largest
    }
  }
}
