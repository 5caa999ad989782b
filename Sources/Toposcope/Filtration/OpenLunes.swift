import Synchronization

/// The longest edge of the relative neighbourhood graph of a cloud, as ``StoppingRadius`` has it from a matrix, by a walk over
/// the tree of the points.
///
/// The lune of two points holds those that are nearer to both than they are to one another. Seen from u, a lune is not empty
/// if a near neighbour z of u is nearer to v than u is. Where the sum of squares tells what is nearer, the points v for which
/// that is so fill a half-space, and a box of points is done at once if it lies in that of one z. What is left of the space
/// is a small cell around u, or where u lies at the rim of the cloud an unbounded one that holds few other points.
struct OpenLunes {
  private let sorted: SortedPoints
  private let nearest: NearestNeighbors
  private let reached: Float
  private let most: Float
  /// `places[i]` is where the point with the number i stands.
  private let places: [Int32]

  /// The coordinates of sixteen neighbours, as seen from a point. What single precision takes from them is far less than
  /// ``PreparedPoints/clearLead(of:)``.
  private typealias Lanes = SIMD16<Float>

  private static let blocksPerChunk = 4

  /// - Parameters:
  ///   - sorted: Points whose ``PreparedPoints/sumOfDifferences`` are squares.
  ///   - nearest: For every vertex some of its neighbours, at distances of at most `reached`.
  ///   - most: Of a longer edge one only has to know that there is one.
  init(_ sorted: SortedPoints, nearest: NearestNeighbors, reached: Float, most: Float) {
    (self.sorted, self.nearest, self.reached, self.most) = (sorted, nearest, reached, most)
    var places = [Int32](repeating: 0, count: sorted.order.count)
    for (place, point) in sorted.order.enumerated() { places[Int(point)] = Int32(place) }
    self.places = places
  }

  /// The length of the longest edge that is longer than `reached`; `reached` where there is none; or any length above `most`
  /// where there is an edge as long.
  func longest(threads: Int, progress: Progress) throws(ToposcopeError) -> Float {
    let (blocks, batch) = (sorted.tree.blocks, OpenLunes.blocksPerChunk)
    let longest = Longest(reached)
    try Threads.forEach(chunks: (blocks.count + batch - 1) / batch, threads: threads, progress: progress) { chunk in
      for block in blocks[chunk * batch..<min(blocks.count, (chunk + 1) * batch)] {
        look(around: block, longest, progress)
      }
    }
    return longest.length
  }

  /// The length of the longest edge found.
  private final class Longest: Sendable {
    private let bits: Atomic<Int32>  // in the order of the lengths
    init(_ length: Float) { bits = Atomic(Int32(bitPattern: length.bitPattern)) }
    var length: Float { Float(bitPattern: UInt32(bitPattern: bits.load(ordering: .relaxed))) }
    func raise(to length: Float) { bits.max(Int32(bitPattern: length.bitPattern), ordering: .relaxed) }
  }

  /// Looks at the pairs (u, v) of which u is in a block, and v stands after it.
  private func look(around block: BlockTree.Node, _ longest: Longest, _ progress: Progress) {
    let d = sorted.rows.points.dimension
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: block.points.count * (d + 1)) { seen in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: block.points.count * d) { coordinates in
        let views = (0..<block.points.count).map { i in
          view(
            from: block.points.lowerBound + i, seen.baseAddress! + i * (d + 1), coordinates.baseAddress! + i * d)
        }
        walk(block, views, longest, progress)
      }
    }
  }

  /// A point, and its near neighbours as seen from there.
  private struct View {
    let dimension: Int
    let point: UnsafeMutablePointer<Double>
    /// The coordinates of the neighbours less those of the point, one coordinate after another, then their squares' sums. A
    /// lane without a neighbour has the point itself.
    let seen: UnsafeMutablePointer<Lanes>

    /// By how much a neighbour's sum of squares with any point of a box is less than that of the point itself, at least, for
    /// the neighbour for which that is most; and the greatest sum that the point has with any of the box.
    @inline(__always)
    func lead(
      over box: (least: UnsafeMutablePointer<Double>, greatest: UnsafeMutablePointer<Double>)
    ) -> (lead: Double, farthest: Double) {
      // |v - u|^2 - |v - z|^2 = 2 (v - u).(z - u) - |z - u|^2
      var leads = -seen[dimension]
      var farthest = 0.0
      for k in 0..<dimension {
        let (low, high) = (box.least[k] - point[k], box.greatest[k] - point[k])
        let (atLow, atHigh) = (Float(2 * low) * seen[k], Float(2 * high) * seen[k])
        leads += atLow.replacing(with: atHigh, where: atHigh .< atLow)
        farthest += max(low * low, high * high)
      }
      return (Double(leads.max()), farthest)
    }
  }

  private func view(
    from u: Int, _ seen: UnsafeMutablePointer<Lanes>, _ point: UnsafeMutablePointer<Double>
  ) -> View {
    let (points, near) = (sorted.rows.points, nearest[Int(sorted.order[u])])
    let d = points.dimension
    points.write(u, into: point)
    seen.initialize(repeating: .zero, count: d + 1)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: d) { other in
      for (lane, neighbor) in near.enumerated() {
        points.write(Int(places[Int(neighbor)]), into: other.baseAddress!)
        for k in 0..<d {
          let difference = Float(other[k] - point[k])
          seen[k][lane] = difference
          seen[d][lane] += difference * difference
        }
      }
    }
    return View(dimension: d, point: point, seen: seen)
  }

  /// Walks over the tree, with a bit for each point of a block whose pairs with those of a node are not done at once.
  private func walk(_ block: BlockTree.Node, _ views: [View], _ longest: Longest, _ progress: Progress) {
    let (tree, points) = (sorted.tree, sorted.rows.points)
    var (known, least) = (longest.length, points.sums(at: longest.length).least)
    var waiting = [(node: tree.root, open: UInt32(1) << UInt32(views.count) - 1)]
    while let (node, before) = waiting.popLast() {
      if node.points.upperBound <= block.points.lowerBound || progress.isCancelled { continue }
      if longest.length > most { return }
      if longest.length > known { (known, least) = (longest.length, points.sums(at: longest.length).least) }
      if tree.span(block, node) <= least { continue }
      var (open, left) = (before, before)
      while left != 0 {
        let i = left.trailingZeroBitCount
        left &= left &- 1
        let (lead, farthest) = views[i].lead(over: tree.box(node))
        if farthest <= least || lead > points.clearLead(of: farthest) { open &= ~(1 << UInt32(i)) }
      }
      if open == 0 { continue }
      if let (a, b) = tree.halves(of: node) {
        waiting.append((a, open))
        waiting.append((b, open))
      } else {
        settle(block, node, open, views, longest)
      }
    }
  }

  /// Looks at each pair of a block and another one that is left.
  private func settle(
    _ block: BlockTree.Node, _ node: BlockTree.Node, _ open: UInt32, _ views: [View], _ longest: Longest
  ) {
    let points = sorted.rows.points
    let (rows, columns) = (BlockTree.panel(block), BlockTree.panel(node))
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 256) { lengths in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: points.dimension) { other in
        let other = other.baseAddress!
        points.fill(rows: rows, columns: columns, into: lengths.baseAddress!, stride: columns.count)
        for i in 0..<views.count where open >> UInt32(i) & 1 != 0 {
          let u = rows.lowerBound + i
          for v in node.points where v > u {
            let length = lengths[i * columns.count + v - columns.lowerBound]
            if length <= longest.length { continue }
            points.write(v, into: other)
            let (lead, sum) = views[i].lead(over: (other, other))
            if lead > points.clearLead(of: sum) { continue }
            if isOpen(u, v, length, views[i].point, other) { longest.raise(to: length) }
          }
        }
      }
    }
  }

  /// Whether no point is nearer to u and v than they are to one another.
  private func isOpen(
    _ u: Int, _ v: Int, _ length: Float, _ atU: UnsafePointer<Double>, _ atV: UnsafePointer<Double>
  ) -> Bool {
    let (tree, points) = (sorted.tree, sorted.rows.points)
    let (most, least) = points.sums(at: length.nextDown)
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: 32) { lengths in
      let (toU, toV) = (lengths.baseAddress!, lengths.baseAddress! + 16)
      var waiting = [tree.root]
      waiting.reserveCapacity(Int.bitWidth)
      while let node = waiting.popLast() {
        if tree.gap(atU, node) > most || tree.gap(atV, node) > most { continue }
        if tree.span(atU, node) < least && tree.span(atV, node) < least { return false }
        if let (a, b) = tree.halves(of: node) {
          // The one that is nearer to both comes first.
          let isFirst = max(tree.span(atU, a), tree.span(atV, a)) < max(tree.span(atU, b), tree.span(atV, b))
          waiting.append(isFirst ? b : a)
          waiting.append(isFirst ? a : b)
          continue
        }
        points.fill(row: u, columns: node.points, into: toU)
        points.fill(row: v, columns: node.points, into: toV)
        if (0..<node.points.count).contains(where: { toU[$0] < length && toV[$0] < length }) { return false }
      }
      return true
    }
  }
}
