/// The link of an edge with at most 64 common neighbours: every row of it is one word.
///
/// Bit i stands for the i-th vertex; rows are closed, every vertex counts as its own neighbour.
struct SmallLink {
  static let capacity = 64

  private(set) var count = 0
  private let graph: BitRows
  /// Which rows have been read.
  private var known: UInt64 = 0
  let vertices: UnsafeMutablePointer<Int32>
  private let rows: UnsafeMutablePointer<UInt64>
  private let parents: UnsafeMutablePointer<Int32>
  private let depths: UnsafeMutablePointer<Int32>
  private let memory: Memory<Int32>
  private let rowMemory: Memory<UInt64>

  init(_ graph: BitRows) throws(ToposcopeError) {
    self.graph = graph
    memory = try Memory(3 * SmallLink.capacity)
    rowMemory = try Memory(SmallLink.capacity)
    vertices = memory.base
    parents = memory.base + SmallLink.capacity
    depths = memory.base + 2 * SmallLink.capacity
    rows = rowMemory.base
  }

  /// Lists the vertices that the bits of some words stand for; there must be 64 at most.
  @inline(__always)
  mutating func list(_ bits: UnsafeMutablePointer<UInt64>, words: Int) {
    count = 0
    known = 0
    for k in 0..<words {
      var rest = bits[k]
      while rest != 0 {
        vertices[count] = Int32(truncatingIfNeeded: k &* 64 &+ rest.trailingZeroBitCount)
        count &+= 1
        rest &= rest &- 1
      }
    }
  }

  /// The listed vertex x for which the longer of two edges is shortest, by the ranks from both ends.
  @inline(__always)
  func nearest(_ a: UnsafeMutablePointer<Int32>, _ b: UnsafeMutablePointer<Int32>) -> Int32 {
    var (best, nearest) = (Int32.max, vertices[0])
    for i in 0..<count {
      let x = Int(vertices[i])
      let longer = max(a[x], b[x])
      if longer < best { (best, nearest) = (longer, vertices[i]) }
    }
    return nearest
  }

  /// True if a vertex is joined to all others.
  func isApex(_ vertex: Int32) -> Bool {
    let row = graph.row(Int(vertex))
    for i in 0..<count {
      let x = Int(vertices[i])
      if row[x &>> 6] &>> UInt64(truncatingIfNeeded: x & 63) & 1 == 0 { return false }
    }
    return true
  }

  private var all: UInt64 { UInt64.max >> UInt64(64 - count) }

  /// The row of the i-th vertex, read when it is first asked for.
  @inline(__always)
  private mutating func row(_ i: Int) -> UInt64 {
    if known &>> UInt64(truncatingIfNeeded: i) & 1 == 0 { read(i) }
    return rows[i]
  }

  @inline(__always)
  private mutating func read(_ i: Int) {
    let row = graph.row(Int(vertices[i]))
    var bits: UInt64 = 0
    for j in 0..<count {
      let x = Int(vertices[j])
      bits |= (row[x &>> 6] &>> UInt64(truncatingIfNeeded: x & 63) & 1) &<< UInt64(truncatingIfNeeded: j)
    }
    rows[i] = bits
    known |= 1 &<< UInt64(truncatingIfNeeded: i)
  }

  /// A vertex that is joined to all others, if there is one; looks first at `first`.
  mutating func apex(first: Int32) -> Int32? {
    var candidate = 0
    while vertices[candidate] != first { candidate &+= 1 }
    var candidates = all
    while true {
      // No vertex that is not joined to z can be an apex, for every z that the candidate misses.
      var missing = all & ~row(candidate)
      if missing == 0 { return vertices[candidate] }
      while missing != 0 {
        candidates &= row(missing.trailingZeroBitCount)
        if candidates == 0 { return nil }
        missing &= missing &- 1
      }
      candidate = candidates.trailingZeroBitCount
    }
  }

  /// One vertex of every component but that of `first`.
  mutating func furtherComponents(first: Int32) -> [Int32] {
    var left = all
    var root = 0
    while vertices[root] != first { root += 1 }
    var roots: [Int32] = []
    while true {
      var frontier: UInt64 = 1 &<< UInt64(root)
      left &= ~frontier
      while frontier != 0 {
        let found = row(frontier.trailingZeroBitCount) & left
        frontier &= frontier &- 1
        frontier |= found
        left &= ~found
      }
      if left == 0 { return roots }
      root = left.trailingZeroBitCount
      roots.append(vertices[root])
    }
  }

  /// What is left when, as long as there is one, a vertex that is dominated by another has been removed.
  private mutating func core() -> UInt64 {
    var alive = all
    var changed = true
    while changed {
      changed = false
      var rest = alive
      while rest != 0 {
        let y = rest.trailingZeroBitCount
        rest &= rest &- 1
        // What is joined to a vertex that y is not joined to is not dominated by y.
        var dominated = alive & row(y) & ~(1 &<< UInt64(y))
        var missing = alive & ~row(y)
        while missing != 0 && dominated != 0 {
          dominated &= ~row(missing.trailingZeroBitCount)
          missing &= missing &- 1
        }
        if dominated != 0 {
          alive &= ~dominated
          rest &= alive
          changed = true
        }
      }
    }
    return alive
  }

  /// The loops of the core that may need a tetrahedron each: see ``LinkLoops``.
  /// - Parameter isCore: whether the vertices listed are a core already
  mutating func loops(isCore: Bool = false) -> [[Int32]] {
    let core = isCore ? all : core()
    var loops: [[Int32]] = []
    if core & (core &- 1) == 0 { return loops }
    var placed: UInt64 = 0
    while placed != core {
      // The vertex with most neighbours before it.
      var (x, most) = (0, -1)
      var rest = core & ~placed
      while rest != 0 {
        let y = rest.trailingZeroBitCount
        rest &= rest &- 1
        let earlier = (row(y) & placed).nonzeroBitCount
        if earlier > most { (x, most) = (y, earlier) }
      }
      var below = row(x) & placed
      placed |= 1 &<< UInt64(x)
      parents[x] = -1
      depths[x] = 0
      while below != 0 {
        let root = below.trailingZeroBitCount
        var frontier: UInt64 = 1 &<< UInt64(root)
        below &= ~frontier
        while frontier != 0 {
          let found = row(frontier.trailingZeroBitCount) & below
          frontier &= frontier &- 1
          frontier |= found
          below &= ~found
        }
        if parents[x] < 0 {
          parents[x] = Int32(root)
          depths[x] = depths[root] &+ 1
        } else {
          loops.append(path(x, root))
        }
      }
    }
    return loops
  }

  /// The vertices on the path in the forest between two vertices of one tree.
  private func path(_ from: Int, _ to: Int) -> [Int32] {
    var (x, y) = (from, to)
    var (head, tail) = ([vertices[x]], [vertices[y]])
    while x != y {
      if depths[x] >= depths[y] {
        x = Int(parents[x])
        head.append(vertices[x])
      } else {
        y = Int(parents[y])
        tail.append(vertices[y])
      }
    }
    return head + tail.dropLast().reversed()
  }
}
