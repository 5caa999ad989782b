import CToposcopeProcessor

/// The pairs of a cloud whose points stand in the order of a tree, but for those of blocks that are not wanted.
extension DistanceTiles {
  /// Makes each pair that is wanted once, in tiles of which the rows are at most a panel where points are short. The columns
  /// of such a tile follow one another in memory, each row with what stands beside the last point to the end of its panel.
  ///
  /// - Parameters:
  ///   - tree: Of the same points.
  ///   - isNearFirst: Whether pairs of large nodes come the nearer first.
  ///   - isWanted: Whether any pair of two nodes is; asked of two nodes before it is asked of their parts.
  ///   - body: May run on several threads, each with a slot of its own.
  func forEach(
    in tree: BlockTree, isNearFirst: Bool = false, threads: Int, progress: Progress,
    isWanted: (BlockTree.Node, BlockTree.Node) -> Bool, _ body: (_ tile: DistanceTile, _ slot: Int) -> Void
  ) throws(ToposcopeError) {
    if points.count == 0 { return }
    // Some milliseconds each, so that threads are busy to the end, and whoever interrupts is heard; but not too many.
    let share = max(Int((0x1p26 / Double(points.dimension + 8)).squareRoot()), points.count / 512)
    var parts: [(BlockTree.Node, BlockTree.Node)] = []
    tree.forEachPair(
      tree.root, tree.root, ofAtMost: max(share, tree.tilePoints),
      isWanted: { !progress.isCancelled && isWanted($0, $1) }
    ) {
      parts.append(($0, $1))
      if parts.count % 1024 == 0 { _ = progress.goesOn(0, of: 1) }
    }
    try progress.report(0, of: 1)
    if isNearFirst {
      // The pairs of a node itself before all others: they tell most.
      let gaps = parts.map { $0.0.number == $0.1.number ? -1 : tree.gap($0.0, $0.1) }
      parts = parts.indices.sorted { gaps[$0] < gaps[$1] }.map { parts[$0] }
    }
    switch points.sums {
    case .single(let sums, _): try forEach(parts, tree, sums, threads, progress, isWanted: isWanted, body)
    case .double(let sums): try forEach(parts, tree, sums, threads, progress, isWanted: isWanted, body)
    }
  }

  private func forEach<Scalar>(
    _ parts: [(BlockTree.Node, BlockTree.Node)], _ tree: BlockTree, _ sums: PanelSums<Scalar>, _ threads: Int,
    _ progress: Progress, isWanted: (BlockTree.Node, BlockTree.Node) -> Bool, _ body: (DistanceTile, Int) -> Void
  ) throws(ToposcopeError) {
    let (threads, isShort) = (Threads.resolve(threads), sums.isShort)
    let memory = try TileMemory(side: tree.tilePoints, isInPlace: false, threads: threads)
    let workspaces = try AlignedMemory<Double>(isShort ? 0 : threads * tree.tilePoints * tree.tilePoints)
    try Threads.forEach(chunks: parts.count, threads: threads, progress: progress) { part in
      let slot = memory.slots.take()
      defer { memory.slots.give(slot) }
      let memory = memory.part(slot)
      /// Hands on what `fill` writes, normalised.
      func make(
        _ rows: Range<Int>, _ columns: Range<Int>, fill: (_ out: UnsafeMutablePointer<Float>, _ stride: Int) -> Void
      ) {
        let tile = DistanceTile(
          rows: rows, columns: columns, distances: memory.tile, stride: (columns.count + 15) & ~15, image: memory.image)
        fill(tile.distances, tile.stride)
        for i in rows { scales?.normalize(row: i, columns: columns, tile.place(i, columns.lowerBound)) }
        body(tile, slot)
      }
      let (first, second) = parts[part]
      tree.forEachPair(first, second, ofAtMost: tree.tilePoints, isWanted: isWanted) { a, b in
        if progress.isCancelled { return }
        if isShort {
          tree.forEachRun(a, b, isWanted: isWanted) { row, columns in
            make(row.clamped(to: a.points), columns.clamped(to: b.points)) { out, stride in
              points.fill(rows: row, columns: columns, into: out, stride: stride, sums: memory.sums)
            }
          }
        } else {
          make(a.points, b.points) { out, stride in
            let workspace = workspaces.pointer + slot * tree.tilePoints * tree.tilePoints
            sums.fill(
              workspace, rows: PanelTable<Scalar>.panels(of: a.points),
              columns: PanelTable<Scalar>.panels(of: b.points),
              progress: progress)
            for i in a.points {
              let columns = a.number == b.number ? i & ~15..<b.points.upperBound : b.points
              let offset = (i - a.points.lowerBound) * stride + columns.lowerBound - b.points.lowerBound
              points.finish(workspace + offset, row: i, columns: columns, into: out + offset)
            }
          }
        }
      }
    }
  }
}

extension BlockTree {
  /// Calls `body` with panels of the tile a and, for each, wanted panels of the tile b that follow one another; a panel of a
  /// tile with itself stands alone.
  fileprivate func forEachRun(
    _ a: Node, _ b: Node, isWanted: (Node, Node) -> Bool, _ body: (_ row: Range<Int>, _ columns: Range<Int>) -> Void
  ) {
    let (rows, columns) = ((a.points.count + 15) / 16, (b.points.count + 15) / 16)
    func panel(_ row: Int) -> Range<Int> { a.points.lowerBound + 16 * row..<a.points.lowerBound + 16 * (row + 1) }
    if a.number == b.number {
      for row in 0..<rows { body(panel(row), panel(row)) }
    }
    // A bit for every pair of panels, a byte for every row of them.
    var wanted: UInt64 = blockPoints == 16 ? 0 : .max
    if blockPoints == 16 {
      forEachPair(a, b, ofAtMost: 16, isWanted: isWanted) { x, y in
        let (row, column) = (x.points.lowerBound - a.points.lowerBound, y.points.lowerBound - b.points.lowerBound)
        wanted |= 1 << (row / 2 + column / 16)
      }
    }
    for row in 0..<rows {
      var left = Int(truncatingIfNeeded: wanted >> (8 * row)) & (1 << columns - 1)
      if a.number == b.number { left &= ~0 << (row + 1) }
      while left != 0 {
        let first = left.trailingZeroBitCount
        let count = (~(left >> first)).trailingZeroBitCount
        left &= ~0 << (first + count)
        body(panel(row), b.points.lowerBound + 16 * first..<b.points.lowerBound + 16 * (first + count))
      }
    }
  }
}

extension DistanceTile {
  /// Calls `body` with each pair of points that are no farther apart than the length with these bits.
  @inline(__always)
  func forEachPair(upTo most: Int32, _ body: (_ row: Int, _ column: Int, _ length: Float) -> Void) {
    let rowsAtOnce = 16
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: rowsAtOnce * stride + 1) { keys in
      for start in Swift.stride(from: rows.lowerBound, to: rows.upperBound, by: rowsAtOnce) {
        let count = min(rowsAtOnce, rows.upperBound - start) * stride
        let lengths = LengthBits(place(start, columns.lowerBound)).bits
        let found = KernelSet.best.keys(lengths, 0, count, -1, most, 0, keys.baseAddress!)
        var (i, first) = (start, 0)  // the row, and where it begins
        for key in keys[..<found] {
          let place = Int(UInt32(truncatingIfNeeded: key))
          while place >= first + stride { (i, first) = (i + 1, first + stride) }
          let j = columns.lowerBound + place - first
          if j < columns.upperBound && (i < j || !isDiagonal) {
            body(i, j, Float(bitPattern: UInt32(truncatingIfNeeded: key >> 32)))
          }
        }
      }
    }
  }
}
