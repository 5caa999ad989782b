import Synchronization

/// The enclosing radius of a cloud and its greatest distance, by a walk over its tree, the farthest boxes first.
///
/// A block of points is left when each of them has a point so far away that none of them is the one whose farthest point is
/// nearest, and no box may hold two points that are farther apart than any two so far.
final class FarthestPairs: Sendable {
  private let sorted: SortedPoints
  // As bits: they sort as the lengths do.
  private let enclosing = Atomic<Int32>(Int32(bitPattern: Float.infinity.bitPattern))
  private let longest = Atomic<Int32>(0)

  init(_ sorted: SortedPoints, threads: Int, progress: Progress) throws(ToposcopeError) {
    self.sorted = sorted
    let (blocks, batch) = (sorted.tree.blocks, 8)
    try Threads.forEach(chunks: (blocks.count + batch - 1) / batch, threads: threads, progress: progress) { chunk in
      for block in blocks[chunk * batch..<min(blocks.count, (chunk + 1) * batch)] { look(around: block) }
    }
  }

  /// min over x of max over y of d(x, y), and the greatest distance.
  var extent: (enclosingRadius: Float, longest: Float) {
    (Self.length(enclosing.load(ordering: .relaxed)), Self.length(longest.load(ordering: .relaxed)))
  }

  private static func length(_ bits: Int32) -> Float { Float(bitPattern: UInt32(bitPattern: bits)) }

  private func look(around block: BlockTree.Node) {
    let side = sorted.tree.blockPoints
    withUnsafeTemporaryAllocation(of: Float.self, capacity: side * side) { distances in
      var farthest = [Int32](repeating: 0, count: block.points.count)
      look(into: sorted.tree.root, around: block, &farthest, distances.baseAddress!, sorted.tree, sorted.rows.points)
      for length in farthest { enclosing.min(length, ordering: .relaxed) }
    }
  }

  private func look(
    into node: BlockTree.Node, around block: BlockTree.Node, _ farthest: inout [Int32],
    _ distances: UnsafeMutablePointer<Float>, _ tree: BlockTree, _ points: PreparedPoints
  ) {
    // Distances that are no longer tell nothing.
    let least = enclosing.load(ordering: .relaxed)
    let known = farthest.reduce(longest.load(ordering: .relaxed)) { $1 < least ? min($0, $1) : $0 }
    if tree.span(block, node) <= points.sums(at: Self.length(known)).least { return }
    guard let (first, second) = tree.halves(of: node) else {
      let (rows, columns) = (BlockTree.panel(block), BlockTree.panel(node))
      points.fill(rows: rows, columns: columns, into: distances, stride: columns.count)
      for i in 0..<block.points.count {
        let lengths = LengthBits(distances + i * columns.count).bits
        for j in 0..<node.points.count { farthest[i] = max(farthest[i], lengths[j]) }
      }
      longest.max(farthest.max() ?? 0, ordering: .relaxed)
      return
    }
    let isFirstFarther = tree.span(block, first) >= tree.span(block, second)
    look(into: isFirstFarther ? first : second, around: block, &farthest, distances, tree, points)
    look(into: isFirstFarther ? second : first, around: block, &farthest, distances, tree, points)
  }
}
