import CToposcopeProcessor

/// The vertices of the link of an edge, as bits, and what can be seen of the link from whole rows of bits.
///
/// The rows are closed: every vertex counts as its own neighbour. So y dominates x among the vertices of a set when the
/// part of the row of x in the set lies in the row of y.
struct CommonNeighbors {
  let graph: BitRows
  private let words: Int
  /// The common neighbours of the edge looked at last.
  let common: UnsafeMutablePointer<UInt64>
  /// Those of some components of the link, or those that no other has dominated.
  private let reached: UnsafeMutablePointer<UInt64>
  private let chosen: UnsafeMutablePointer<UInt64>
  private let memory: Memory<UInt64>
  /// Where vertices have few neighbours: of every row one bit a cache line, set where that line may have bits (it stays set
  /// when an edge is taken away). Edges are added by ``insert(_:_:)`` only.
  private let outlines: UnsafeMutablePointer<UInt64>?
  private let outlineWords: Int
  private let outlineMemory: Memory<UInt64>
  /// Room for the places of the lines of a row.
  private let places: Memory<Int32>

  /// - Parameter edges: how many edges there will be
  init(_ count: Int, edges: Int) throws(ToposcopeError) {
    graph = try BitRows(closed: count)
    words = graph.wordsPerRow
    outlineWords = toposcope_outline_words(words)
    places = try Memory(words / 8)
    let isSparse = CommonNeighbors.isSparse(count, edges)
    outlineMemory = try Memory(isSparse ? count * outlineWords : 0)
    outlines = isSparse ? outlineMemory.base : nil
    memory = try Memory(3 * max(words, 8))
    common = memory.base
    reached = memory.base + words
    chosen = memory.base + 2 * words
    for vertex in 0..<count { outline(vertex, vertex) }
  }

  /// Whether vertices have fewer neighbours than their rows have lines.
  private static func isSparse(_ vertices: Int, _ edges: Int) -> Bool { edges < vertices * vertices / 1024 }

  @inline(__always)
  func insert(_ u: Int, _ v: Int) {
    graph.insert(u, v)
    outline(u, v)
    outline(v, u)
  }

  @inline(__always)
  private func outline(_ u: Int, _ v: Int) {
    if let outlines { toposcope_outline(outlines, outlineWords, u, v) }
  }

  var wordCount: Int { words }

  /// Finds the common neighbours of two vertices; returns how many there are.
  @inline(__always)
  func find(_ u: Int32, _ v: Int32) -> Int {
    let (a, b) = (graph.row(Int(u)), graph.row(Int(v)))
    var count = 0
    for k in 0..<words {
      let both = a[k] & b[k]
      common[k] = both
      count &+= both.nonzeroBitCount
    }
    return count
  }

  /// The common neighbours, ascending.
  var vertices: [Int32] { listed(common) }

  func listed(_ bits: UnsafeMutablePointer<UInt64>) -> [Int32] {
    var vertices: [Int32] = []
    for k in 0..<words {
      var rest = bits[k]
      while rest != 0 {
        vertices.append(Int32(k &* 64 &+ rest.trailingZeroBitCount))
        rest &= rest &- 1
      }
    }
    return vertices
  }

  @inline(__always)
  func isApex(_ y: Int32) -> Bool {
    let row = graph.row(Int(y))
    for k in 0..<words where common[k] & ~row[k] != 0 { return false }
    return true
  }

  /// Adds the edges of some ranks up to the first whose link has no apex that is found; its common neighbours are known then.
  /// - Parameters:
  ///   - isConnectedEnough: Whether edges with a connected link are added too.
  ///   - likely: Two vertices for each vertex, which are tried first.
  ///   - apexes: Where the apexes are written, by rank.
  func addCones(
    _ edges: Growing<FiltrationEdge>, _ ranks: Range<Int32>, isConnectedEnough: Bool, likely: Memory<Int32>,
    apexes: Memory<UInt16>
  ) -> OpenLink {
    // An edge is three numbers of 32 bits: its length, its tail and its head.
    let numbers = UnsafeRawPointer(edges.base).assumingMemoryBound(to: Int32.self)
    return KernelSet.best.addCones(
      graph.row(0), words, outlines, places.base, numbers, Int(ranks.lowerBound), Int(ranks.upperBound),
      isConnectedEnough, likely.base, apexes.base, common, chosen)
  }

  /// The number of common neighbours.
  var count: Int {
    var count = 0
    for k in 0..<words { count &+= common[k].nonzeroBitCount }
    return count
  }

  /// A common neighbour that is joined to all others, if there is one; looks first at `first`.
  @inline(__always)
  func apex(first: Int32) -> Int32? {
    if isApex(first) { return first }
    chosen.update(from: common, count: words)
    var candidate = Int(first)
    while true {
      // No vertex that is not joined to z can be an apex, for every z that the candidate misses.
      let row = graph.row(candidate)
      var missed = false
      for k in 0..<words {
        var missing = common[k] & ~row[k]
        while missing != 0 {
          let z = k &* 64 &+ missing.trailingZeroBitCount
          missing &= missing &- 1
          missed = true
          if !narrow(to: graph.row(z)) { return nil }
        }
      }
      if !missed { return Int32(candidate) }
      candidate = firstBit(chosen)
    }
  }

  /// Keeps of the chosen vertices those in a row; false when none is left.
  @inline(__always)
  private func narrow(to row: UnsafeMutablePointer<UInt64>) -> Bool {
    var any: UInt64 = 0
    for k in 0..<words {
      chosen[k] &= row[k]
      any |= chosen[k]
    }
    return any != 0
  }

  private func firstBit(_ bits: UnsafeMutablePointer<UInt64>) -> Int {
    for k in 0..<words where bits[k] != 0 { return k * 64 + bits[k].trailingZeroBitCount }
    return -1
  }

  /// Writes down one vertex of every component of the link but that of `first`.
  func findComponents(first: Int32, _ findings: inout LinkFindings) throws(ToposcopeError) {
    reached.update(repeating: 0, count: words)
    var root = Int(first)
    while true {
      reached[root >> 6] |= 1 << UInt64(root & 63)
      if reach(root) { return }
      if spread() { return }
      guard let k = (0..<words).first(where: { common[$0] & ~reached[$0] != 0 }) else { return }
      root = k * 64 + (common[k] & ~reached[k]).trailingZeroBitCount
      try findings.addRoot(Int32(root))
    }
  }

  /// Adds to what is reached the neighbours of one vertex, and of a few that it brings; true if that is the whole link.
  private func reach(_ first: Int) -> Bool {
    var next = first
    for _ in 0..<8 {
      let row = graph.row(next)
      var left: UInt64 = 0
      next = -1
      for k in 0..<words {
        let new = row[k] & common[k] & ~reached[k]
        reached[k] |= new
        left |= common[k] & ~reached[k]
        if next < 0 && new != 0 { next = k &* 64 &+ new.trailingZeroBitCount }
      }
      if left == 0 { return true }
      if next < 0 { return false }
    }
    return false
  }

  /// Adds to what is reached all that is joined to it, from the side of what is not; true if that is the whole link.
  private func spread() -> Bool {
    while true {
      var (isGrown, isWhole) = (false, true)
      for k in 0..<words {
        var rest = common[k] & ~reached[k]
        while rest != 0 {
          let x = k &* 64 &+ rest.trailingZeroBitCount
          rest &= rest &- 1
          let row = graph.row(x)
          var touching: UInt64 = 0
          for j in 0..<words { touching |= row[j] & reached[j] }
          if touching != 0 {
            reached[k] |= 1 << UInt64(x & 63)
            isGrown = true
          } else {
            isWhole = false
          }
        }
      }
      if isWhole || !isGrown { return isWhole }
    }
  }

  /// Removes vertices of the link that are dominated by another, first by `first`, until there are none, or few are
  /// left; not so few where there seems to be little domination. Returns how many.
  func reduce(first: Int32, few: Int, many: Int) -> Int {
    reached.update(from: common, count: words)
    var left = count - removeDominated(by: Int(first))
    var (failures, changed) = (0, true)
    while left > few && changed {
      changed = false
      for k in 0..<words {
        var rest = reached[k]
        while rest != 0 {
          let y = k &* 64 &+ rest.trailingZeroBitCount
          rest &= rest &- 1
          let removed = removeDominated(by: y)
          if removed > 0 {
            (failures, changed) = (0, true)
            rest &= reached[k]
            left &-= removed
            if left <= few { return left }
          } else {
            failures &+= 1
            if failures >= CommonNeighbors.mostFailures && left <= many { return left }
          }
        }
      }
    }
    return left
  }

  /// After so many vertices in turn that dominate no other few are expected to.
  private static let mostFailures = 6

  /// What ``reduce(first:few:many:)`` has left.
  var reduced: UnsafeMutablePointer<UInt64> { reached }

  /// Removes from `reached` all vertices that y dominates in it; returns how many.
  @inline(__always)
  private func removeDominated(by y: Int) -> Int {
    KernelSet.best.removeDominated(graph.row(0), words, y, reached, chosen)
  }
}
