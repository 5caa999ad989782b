/// The vertices of the link of an edge, as bits, and what can be seen of the link from whole rows of bits.
///
/// The rows are closed: every vertex counts as its own neighbour. So y dominates x among the vertices of a set when the
/// part of the row of x in the set lies in the row of y.
struct CommonNeighbors {
  let graph: BitRows
  private let words: Int
  /// The common neighbours of the edge looked at last.
  let common: UnsafeMutablePointer<UInt64>
  /// Those of one component of the link, or what is left to remove.
  private let reached: UnsafeMutablePointer<UInt64>
  private let chosen: UnsafeMutablePointer<UInt64>
  private let memory: Memory<UInt64>

  init(_ count: Int) throws(ToposcopeError) {
    graph = try BitRows(count)
    words = graph.wordsPerRow
    for vertex in 0..<count { graph.insert(vertex, vertex) }
    memory = try Memory(3 * max(words, 8))
    common = memory.base
    reached = memory.base + words
    chosen = memory.base + 2 * words
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

  /// One vertex of every component of the link but that of `first`.
  func furtherComponents(first: Int32) -> [Int32] {
    var roots: [Int32] = []
    reached.update(repeating: 0, count: words)
    var root = Int(first)
    while true {
      reached[root >> 6] |= 1 << UInt64(root & 63)
      let row = graph.row(root)
      for k in 0..<words { reached[k] |= row[k] & common[k] }
      spread()
      var next = -1
      for k in 0..<words where common[k] & ~reached[k] != 0 {
        next = k * 64 + (common[k] & ~reached[k]).trailingZeroBitCount
        break
      }
      if next < 0 { return roots }
      roots.append(Int32(next))
      root = next
    }
  }

  /// Adds to what is reached all that is joined to it.
  private func spread() {
    var grown = true
    while grown {
      grown = false
      for k in 0..<words {
        var rest = common[k] & ~reached[k]
        while rest != 0 {
          let x = k &* 64 &+ rest.trailingZeroBitCount
          rest &= rest &- 1
          let row = graph.row(x)
          for j in 0..<words where row[j] & reached[j] != 0 {
            reached[k] |= 1 << UInt64(x & 63)
            grown = true
            break
          }
        }
      }
    }
  }

  /// The core of the link: what is left when, as long as there is one, a vertex that is dominated by another has been
  /// removed. Dominators are tried from `first` on.
  func core(first: Int32) -> UnsafeMutablePointer<UInt64> {
    reached.update(from: common, count: words)
    _ = removeDominated(by: Int(first))
    var left = -1
    var changed = true
    while changed {
      changed = false
      left = 0
      for k in 0..<words {
        var rest = reached[k]
        while rest != 0 {
          let y = k &* 64 &+ rest.trailingZeroBitCount
          rest &= rest &- 1
          left += 1
          if removeDominated(by: y) {
            changed = true
            rest &= reached[k]
          }
        }
      }
      if left == 1 { break }
    }
    return reached
  }

  /// Removes from `reached` all vertices that y dominates in it; false when there are none.
  @inline(__always)
  private func removeDominated(by y: Int) -> Bool {
    let row = graph.row(y)
    var any: UInt64 = 0
    for k in 0..<words {
      chosen[k] = reached[k] & row[k]
      any |= chosen[k]
    }
    chosen[y >> 6] &= ~(1 << UInt64(y & 63))
    // What is joined to a vertex that y is not joined to is not dominated.
    for k in 0..<words {
      var missing = reached[k] & ~row[k]
      while missing != 0 {
        let z = graph.row(k &* 64 &+ missing.trailingZeroBitCount)
        missing &= missing &- 1
        any = 0
        for j in 0..<words {
          chosen[j] &= ~z[j]
          any |= chosen[j]
        }
        if any == 0 { return false }
      }
    }
    any = 0
    for k in 0..<words {
      reached[k] &= ~chosen[k]
      any |= chosen[k]
    }
    return any != 0
  }
}
