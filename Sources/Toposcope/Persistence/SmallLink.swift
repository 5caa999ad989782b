import CToposcopeProcessor

/// A link of up to ``capacity`` vertices, or the part of it that is left when dominated vertices have been taken away as
/// long as that is cheap, its vertices numbered anew, so that every row is a few words.
///
/// Rows are closed: every vertex counts as its own neighbour.
struct SmallLink {
  static let capacity = 512

  private let graph: BitRows
  private var count = 0
  private var wordsEach = 1
  /// Which vertices of the graph the link has, ascending.
  private let vertices: UnsafeMutablePointer<Int32>
  private let forest: LinkFindings.Forest
  /// The vertices that begin a component or close loops, in the order of growth, and the other ends of the edges that do.
  private let closing: UnsafeMutablePointer<Int32>
  private let ends: UnsafeMutablePointer<UInt64>
  private let rows: UnsafeMutablePointer<UInt64>
  private let memory: Memory<Int32>
  private let rowMemory: Memory<UInt64>
  private let gathering: BitGathering

  /// Words of the rows of a link of so many vertices: one, two, four or eight.
  private static func wordsEach(_ count: Int) -> Int { count <= 64 ? 1 : count <= 128 ? 2 : count <= 256 ? 4 : 8 }

  init(_ graph: BitRows) throws(ToposcopeError) {
    self.graph = graph
    let most = (min(graph.count, SmallLink.capacity) + 31) / 32 * 32  // vertices are read 32 at a time
    let words = most * SmallLink.wordsEach(most)
    memory = try Memory(4 * most, isZeroed: false)
    rowMemory = try Memory(2 * words, isZeroed: false)
    gathering = try BitGathering(graph.wordsPerRow)
    vertices = memory.base
    forest = LinkFindings.Forest(parents: memory.base + most, depths: memory.base + 2 * most)
    closing = memory.base + 3 * most
    rows = rowMemory.base
    ends = rowMemory.base + words
  }

  /// Reads the link of the vertices that some bits stand for.
  mutating func read(_ bits: UnsafeMutablePointer<UInt64>, count: Int) {
    wordsEach = SmallLink.wordsEach(count)
    self.count = gathering.gather(graph, bits, to: vertices, rows, wordsEach: wordsEach)
  }

  /// Reads a link of up to 64 vertices, given by their names and a row of bits for each.
  @inline(__always)
  mutating func read(_ names: UnsafePointer<Int32>, count: Int, row: (Int) -> UInt64) {
    (wordsEach, self.count) = (1, count)
    vertices.update(from: names, count: count)
    for i in 0..<count { rows[i] = row(i) }
  }

  /// Writes down the components of the link and the loops that may be new: see ``LinkLoops``. Returns a vertex of the
  /// first component.
  mutating func examine(_ findings: inout LinkFindings) throws(ToposcopeError) -> Int32 {
    let steps = KernelSet.best.growLink(rows, wordsEach, count, forest.parents, forest.depths, closing, ends)
    for step in 1..<max(1, steps) {
      let x = Int(closing[step])
      if forest.depths[x] == 0 { try findings.addRoot(vertices[x]) }
      for k in 0..<wordsEach {
        var rest = ends[step &* wordsEach &+ k]
        while rest != 0 {
          try findings.addLoop(x, k &* 64 &+ rest.trailingZeroBitCount, forest, vertices)
          rest &= rest &- 1
        }
      }
    }
    return vertices[Int(closing[0])]
  }

  /// Writes down one vertex of every component but the first, of which a vertex is returned; of links of up to 64 vertices.
  mutating func findComponents(_ findings: inout LinkFindings) throws(ToposcopeError) -> Int32 {
    var left = UInt64.max &>> UInt64(truncatingIfNeeded: 64 &- count)
    var isFirst = true
    while left != 0 {
      let root = left.trailingZeroBitCount
      if !isFirst { try findings.addRoot(vertices[root]) }
      isFirst = false
      var frontier = rows[root] & left
      left &= ~frontier
      while frontier != 0 && left != 0 {
        let found = rows[frontier.trailingZeroBitCount] & left
        frontier = frontier & (frontier &- 1) | found
        left &= ~found
      }
    }
    return vertices[0]
  }
}
