/// A link of at most 64 vertices: every row of it is one word.
///
/// Bit i stands for the i-th vertex; rows are closed, every vertex counts as its own neighbour.
struct SmallLink {
  static let capacity = 64

  private var count = 0
  private let graph: BitRows
  /// Which rows have been read.
  private var known: UInt64 = 0
  private let vertices: UnsafeMutablePointer<Int32>
  /// The words of a row of the graph in which there are vertices of the link, and the bits that stand for them.
  private var wordCount = 0
  private let places: UnsafeMutablePointer<Int32>
  private let masks: UnsafeMutablePointer<UInt64>
  /// Of each vertex of the link: which it is.
  private let indices: UnsafeMutablePointer<UInt8>
  private let rows: UnsafeMutablePointer<UInt64>
  private let forest: LinkFindings.Forest
  private let memory: Memory<Int32>
  private let rowMemory: Memory<UInt64>
  private let indexMemory: Memory<UInt8>

  init(_ graph: BitRows) throws(ToposcopeError) {
    self.graph = graph
    memory = try Memory(4 * SmallLink.capacity)
    rowMemory = try Memory(2 * SmallLink.capacity)
    indexMemory = try Memory(graph.count)
    vertices = memory.base
    places = memory.base + SmallLink.capacity
    forest = LinkFindings.Forest(
      parents: memory.base + 2 * SmallLink.capacity, depths: memory.base + 3 * SmallLink.capacity)
    rows = rowMemory.base
    masks = rowMemory.base + SmallLink.capacity
    indices = indexMemory.base
  }

  /// Lists the vertices that the bits of some words stand for; there must be 64 at most.
  mutating func list(_ bits: UnsafeMutablePointer<UInt64>, words: Int) {
    count = 0
    known = 0
    wordCount = 0
    for k in 0..<words where bits[k] != 0 {
      places[wordCount] = Int32(truncatingIfNeeded: k)
      masks[wordCount] = bits[k]
      wordCount &+= 1
      var rest = bits[k]
      while rest != 0 {
        let vertex = k &* 64 &+ rest.trailingZeroBitCount
        vertices[count] = Int32(truncatingIfNeeded: vertex)
        indices[vertex] = UInt8(truncatingIfNeeded: count)
        count &+= 1
        rest &= rest &- 1
      }
    }
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
    for j in 0..<wordCount {
      let k = Int(places[j])
      var found = row[k] & masks[j]
      while found != 0 {
        let index = indices[k &* 64 &+ found.trailingZeroBitCount]
        bits |= 1 &<< UInt64(truncatingIfNeeded: index)
        found &= found &- 1
      }
    }
    rows[i] = bits
    known |= 1 &<< UInt64(truncatingIfNeeded: i)
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

  /// Writes down the components of the link and the loops that may be new: see ``LinkLoops``. Returns a vertex of the
  /// first component.
  mutating func examine(_ findings: inout LinkFindings) throws(ToposcopeError) -> Int32 {
    let core = core()
    let first = core.trailingZeroBitCount
    forest.add(first, below: nil)
    var placed: UInt64 = 1 &<< UInt64(first)
    var earlier = Counts()
    earlier.add(row(first))
    while placed != core {
      // The vertex with most neighbours before it.
      let x = earlier.greatest(of: core & ~placed)
      var below = row(x) & placed
      earlier.add(row(x))
      placed |= 1 &<< UInt64(x)
      if below == 0 {
        forest.add(x, below: nil)
        try findings.addRoot(vertices[x])
      }
      var isFirst = true
      while below != 0 {
        let root = below.trailingZeroBitCount
        var frontier: UInt64 = 1 &<< UInt64(root)
        below &= ~frontier
        while frontier != 0 && below != 0 {
          let found = row(frontier.trailingZeroBitCount) & below
          frontier &= frontier &- 1
          frontier |= found
          below &= ~found
        }
        if isFirst {
          forest.add(x, below: root)
          isFirst = false
        } else {
          try findings.addLoop(x, root, forest, vertices)
        }
      }
    }
    return vertices[first]
  }

  /// 64 numbers below 64: bit i of plane k is bit k of number i.
  private struct Counts {
    private var planes = SIMD8<UInt64>()

    /// Adds one to those of the numbers that a bit is set for.
    @inline(__always)
    mutating func add(_ bits: UInt64) {
      var carry = bits
      for k in 0..<6 {
        let sum = planes[k] ^ carry
        carry &= planes[k]
        planes[k] = sum
      }
    }

    /// The first of those numbers a bit is set for that is greatest.
    @inline(__always)
    func greatest(of bits: UInt64) -> Int {
      var candidates = bits
      for k in (0..<6).reversed() {
        let some = candidates & planes[k]
        if some != 0 { candidates = some }
      }
      return candidates.trailingZeroBitCount
    }
  }
}
