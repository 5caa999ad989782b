import Synchronization

/// A k-d tree (Bentley 1975) over the points of a cloud, which stand in the order of its blocks: near ones near one another.
///
/// The points of a node are halved at the median of the coordinate that spreads most among them, down to blocks of a
/// panel; of more coordinates, among which boxes tell less, down to whole tiles. Every node knows the box of its points.
/// Coordinates are those that sums are made of, so that any metric without scales of its own will do.
struct BlockTree {
  /// Some points that follow one another.
  struct Node {
    /// A node, then those of its first half, then those of its second.
    let number: Int
    let points: Range<Int>
  }

  /// How many points there are, and how they are shared out among nodes.
  private struct Shape {
    let count: Int
    let blockPoints: Int
    let tilePoints: Int

    init(_ points: PreparedPoints) {
      (count, tilePoints) = (points.count, points.tileSide)
      blockPoints = points.dimension <= BlockTree.fewCoordinates ? 16 : tilePoints
    }

    var root: Node { Node(number: 0, points: 0..<count) }
    var nodeCount: Int { max(0, 2 * ((count + blockPoints - 1) / blockPoints) - 1) }

    func isBlock(_ node: Node) -> Bool { node.points.count <= blockPoints }

    /// All blocks of a node.
    func blocks(of node: Node) -> [Node] {
      var blocks: [Node] = []
      func add(_ node: Node) {
        if isBlock(node) { return blocks.append(node) }
        let (first, second) = halves(of: node)
        add(first)
        add(second)
      }
      add(node)
      return blocks
    }

    /// The first half is whole tiles, or blocks.
    func halves(of node: Node) -> (Node, Node) {
      let part = node.points.count > tilePoints ? tilePoints : blockPoints
      let first = (node.points.count + part - 1) / part / 2 * part
      let middle = node.points.lowerBound + first
      return (
        Node(number: node.number + 1, points: node.points.lowerBound..<middle),
        Node(number: node.number + 2 * (first / blockPoints), points: middle..<node.points.upperBound)
      )
    }
  }

  private let shape: Shape
  private let sum: PairSum
  private let dimension: Int
  /// Of every node the least of each coordinate, then the greatest.
  private let boxes: Memory<Double>

  /// With more coordinates than these, boxes of sixteen points tell hardly more than those of a tile.
  private static let fewCoordinates = 16

  var root: Node { shape.root }
  var nodeCount: Int { shape.nodeCount }
  var blocks: [Node] { shape.count == 0 ? [] : shape.blocks(of: root) }
  /// Nil for a block.
  func halves(of node: Node) -> (Node, Node)? { shape.isBlock(node) ? nil : shape.halves(of: node) }
  var blockPoints: Int { shape.blockPoints }
  var tilePoints: Int { shape.tilePoints }

  /// The boxes of points that stand in the order of ``order(of:threads:progress:)``.
  init(_ points: PreparedPoints, threads: Int, progress: Progress) throws(ToposcopeError) {
    (shape, sum, dimension) = (Shape(points), points.sumOfDifferences, points.dimension)
    boxes = try Memory(2 * shape.nodeCount * dimension, isZeroed: false)
    if shape.count == 0 { return }
    let (tree, blocks, batch) = (self, shape.blocks(of: root), 64)
    try Threads.forEach(chunks: (blocks.count + batch - 1) / batch, threads: threads, progress: progress) { chunk in
      for block in blocks[chunk * batch..<min(blocks.count, (chunk + 1) * batch)] {
        switch points.sums {
        case .single(let sums, _): tree.enclose(sums.table, in: block)
        case .double(let sums): tree.enclose(sums.table, in: block)
        }
      }
    }
    encloseHalves(of: root, progress)
    try progress.report(1, of: 1)
  }

  /// The points of a block, and what stands beside the last one to the end of its panel.
  static func panel(_ block: Node) -> Range<Int> { block.points.lowerBound..<(block.points.upperBound + 15) & ~15 }

  /// The least of each coordinate, and the greatest.
  func box(_ node: Node) -> (least: UnsafeMutablePointer<Double>, greatest: UnsafeMutablePointer<Double>) {
    let least = boxes.base + 2 * dimension * node.number
    return (least, least + dimension)
  }

  private func enclose<Scalar>(_ table: PanelTable<Scalar>, in block: Node) {
    let (least, greatest) = box(block)
    for k in 0..<dimension {
      var (low, high) = (Scalar.infinity, -Scalar.infinity)
      for start in stride(from: block.points.lowerBound, to: block.points.upperBound, by: 16) {
        let coordinates = table.panel(start / 16) + 16 * k
        for i in 0..<min(16, block.points.upperBound - start) {
          low = coordinates[i] < low ? coordinates[i] : low
          high = coordinates[i] > high ? coordinates[i] : high
        }
      }
      (least[k], greatest[k]) = (Double(low), Double(high))
    }
  }

  private func encloseHalves(of node: Node, _ progress: Progress) {
    if shape.isBlock(node) { return }
    let (first, second) = shape.halves(of: node)
    encloseHalves(of: first, progress)
    encloseHalves(of: second, progress)
    if node.points.count >= Self.pointsOfPart { _ = progress.goesOn(node.points.upperBound, of: shape.count) }
    let (own, a, b) = (box(node), box(first), box(second))
    for k in 0..<dimension {
      own.least[k] = min(a.least[k], b.least[k])
      own.greatest[k] = max(a.greatest[k], b.greatest[k])
    }
  }

  /// What the differences of the coordinates of any two points of two nodes add up to at least.
  func gap(_ a: Node, _ b: Node) -> Double {
    let (a, b) = (box(a), box(b))
    return total { k in
      let (below, above) = (a.least[k] - b.greatest[k], b.least[k] - a.greatest[k])
      let gap = below > above ? below : above
      return gap > 0 ? gap : 0
    }
  }

  /// And at most.
  func span(_ a: Node, _ b: Node) -> Double {
    let (a, b) = (box(a), box(b))
    return total { k in
      let (below, above) = (a.greatest[k] - b.least[k], b.greatest[k] - a.least[k])
      return below > above ? below : above
    }
  }

  /// What the differences between the coordinates of a point and those of any of a node add up to at least.
  func gap(_ point: UnsafePointer<Double>, _ node: Node) -> Double {
    let (least, greatest) = box(node)
    return total { k in max(least[k] - point[k], point[k] - greatest[k], 0) }
  }

  /// And at most.
  func span(_ point: UnsafePointer<Double>, _ node: Node) -> Double {
    let (least, greatest) = box(node)
    return total { k in max(point[k] - least[k], greatest[k] - point[k]) }
  }

  @inline(__always)
  private func total(_ difference: (_ coordinate: Int) -> Double) -> Double {
    @inline(__always) func total(_ add: (inout Double, Double) -> Void) -> Double {
      var total = 0.0
      for k in 0..<dimension { add(&total, difference(k)) }
      return total
    }
    return switch sum {
    case .squares, .products: total { $0 += $1 * $1 }
    case .magnitudes: total { $0 += $1 }
    case .greatest: total { $0 = $1 > $0 ? $1 : $0 }
    }
  }

  /// Calls `body` with the pairs of nodes of at most `size` points each, as large as they can be, that are wanted, and so
  /// are those that they are parts of. The first never stands after the second; the pairs of a node itself come before
  /// those with others.
  @inline(__always)
  func forEachPair(
    _ a: Node, _ b: Node, ofAtMost size: Int, isWanted: (Node, Node) -> Bool, _ body: (Node, Node) -> Void
  ) {
    // No recursion: each call would count references, for which threads have to wait for one another. Every step leaves two
    // more pairs at most, and halves a node.
    withUnsafeTemporaryAllocation(of: (Node, Node).self, capacity: 4 * Int.bitWidth) { waiting in
      waiting[0] = (a, b)
      var count = 1
      func push(_ a: Node, _ b: Node) {
        waiting[count] = (a, b)
        count += 1
      }
      while count > 0 {
        count -= 1
        let (a, b) = waiting[count]
        if !isWanted(a, b) { continue }
        if a.points.count <= size && b.points.count <= size {
          body(a, b)
        } else if a.number == b.number {
          let (first, second) = shape.halves(of: a)
          push(first, second)
          push(second, second)
          push(first, first)
        } else if a.points.count >= b.points.count {
          let (first, second) = shape.halves(of: a)
          push(second, b)
          push(first, b)
        } else {
          let (first, second) = shape.halves(of: b)
          push(a, second)
          push(a, first)
        }
      }
    }
  }
}

/// A cloud whose points stand in the order of a tree.
struct SortedPoints: Sendable {
  /// `order[i]` is the number that the i-th point has.
  let order: [Int32]
  let rows: DistanceRows
  let tree: BlockTree

  init(_ rows: DistanceRows, threads: Int, progress: Progress) throws(ToposcopeError) {
    order = try BlockTree.order(of: rows.points, threads: threads, progress: progress)
    self.rows = try DistanceRows(rows, order: order, threads: threads, progress: progress)
    tree = try BlockTree(self.rows.points, threads: threads, progress: progress)
  }
}

extension BlockTree {
  /// The points in the order of a tree: `order[i]` is the number that the i-th has now.
  static func order(
    of points: PreparedPoints, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> [Int32] {
    switch points.sums {
    case .single(let sums, _): try order(of: sums.table, Shape(points), threads: threads, progress: progress)
    case .double(let sums): try order(of: sums.table, Shape(points), threads: threads, progress: progress)
    }
  }

  private static func order<Scalar>(
    of table: PanelTable<Scalar>, _ shape: Shape, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> [Int32] {
    // The number of a point, below the coordinate by which it was sorted last.
    let keys = try Memory<UInt64>(table.count, isZeroed: false)
    try progress.forEachPart(of: table.count) { part in
      for point in part { keys.base[point] = UInt64(point) }
    }
    func halve(_ node: Node) -> [Node] {
      if shape.isBlock(node) || table.length == 0 { return [] }
      let (first, second) = shape.halves(of: node)
      let keys = keys.base + node.points.lowerBound
      writeWidestCoordinate(of: table, keys, count: node.points.count, progress)
      partition(keys, count: node.points.count, at: first.points.count, progress)
      return [first, second]
    }
    func halveAll(_ node: Node) {
      for half in halve(node) { halveAll(half) }
    }
    // First enough parts for all threads to be busy to the end, and of which none takes long.
    let threads = Threads.resolve(threads)
    var nodes = [shape.root]
    while !nodes.isEmpty && nodes.count < max(8 * threads, table.count / pointsOfPart) {
      let halves = Mutex<[Node]>([])
      try Threads.forEach(chunks: nodes.count, threads: threads, progress: progress) { part in
        let both = halve(nodes[part])
        halves.withLock { $0 += both }
      }
      nodes = halves.withLock { $0 }
    }
    try Threads.forEach(chunks: nodes.count, threads: threads, progress: progress) { halveAll(nodes[$0]) }
    var order: [Int32] = []
    order.reserveCapacity(table.count)
    try progress.forEachPart(of: table.count) { part in
      order += part.lazy.map { Int32(truncatingIfNeeded: keys.base[$0]) }
    }
    return order
  }

  private static let pointsOfPart = 1 << 15

  /// Writes the coordinate that spreads most above the numbers of some points.
  private static func writeWidestCoordinate<Scalar>(
    of table: PanelTable<Scalar>, _ keys: UnsafeMutablePointer<UInt64>, count: Int, _ progress: Progress
  ) {
    @inline(__always) func point(_ i: Int) -> Int { Int(UInt32(truncatingIfNeeded: keys[i])) }
    // Some points tell how far coordinates spread.
    let step = max(1, count / max(16, min(64, 4096 / table.length)))
    var (axis, origin, spread) = (0, Scalar(0), -Scalar.infinity)
    for k in 0..<table.length {
      var (least, greatest) = (Scalar.infinity, -Scalar.infinity)
      for i in stride(from: 0, to: count, by: step) {
        let x = table[point(i), k]
        least = x < least ? x : least
        greatest = x > greatest ? x : greatest
      }
      if greatest - least > spread { (axis, origin, spread) = (k, least, greatest - least) }
    }
    _ = progress.goesOnWithEachPart(of: count) { part in
      for i in part {
        let bits = Float(table[point(i), axis] - origin).bitPattern
        let sortable = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
        keys[i] = UInt64(sortable) << 32 | keys[i] & 0xFFFF_FFFF
      }
    }
  }

  /// Brings the least keys before a place. No two are equal.
  private static func partition(
    _ keys: UnsafeMutablePointer<UInt64>, count: Int, at place: Int, _ progress: Progress
  ) {
    var (start, end) = (0, count)
    while end - start > 16 {
      // Of fifteen keys one that has about the right share of the others below it, and neither none nor all.
      let pivot = withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 15) { sample in
        for i in 0..<15 { sample[i] = keys[start + (end - start - 1) * i / 14] }
        sort(sample.baseAddress!, count: 15)
        return sample[max(1, min(13, 15 * (place - start) / (end - start)))]
      }
      var middle = start
      let first = start
      let isDone = progress.goesOnWithEachPart(of: end - start) { part in
        var here = middle
        for i in first &+ part.lowerBound..<first &+ part.upperBound {
          let key = keys[i]
          keys[i] = keys[here]
          keys[here] = key
          here &+= key < pivot ? 1 : 0
        }
        middle = here
      }
      if !isDone { return }
      if place < middle { end = middle } else { start = middle }
    }
    sort(keys + start, count: end - start)
  }

  /// By insertion.
  private static func sort(_ keys: UnsafeMutablePointer<UInt64>, count: Int) {
    for i in 1..<max(1, count) {
      let key = keys[i]
      var place = i
      while place > 0 && keys[place &- 1] > key {
        keys[place] = keys[place &- 1]
        place &-= 1
      }
      keys[place] = key
    }
  }
}
