/// All pairs of a cloud, tile by tile: each pair once, written to both of its places.
struct DistanceTiles {
  let points: PreparedPoints

  /// - Parameter out: rows of `points.count` numbers.
  func fill(_ out: UnsafeMutablePointer<Float>, threads: Int, progress: Progress) throws(ToposcopeError) {
    switch points.sums {
    case .single(let sums, _): try fill(out, sums, threads: threads, progress: progress)
    case .double(let sums): try fill(out, sums, threads: threads, progress: progress)
    }
  }

  /// Points a side of a tile: large ones read the coordinates less often, small ones keep all threads busy to the end.
  private func side(threads: Int, greatest: Int) -> Int {
    let wanted = Double(points.count) / (8 * Double(threads)).squareRoot()
    return max(24, min(greatest, Int(wanted) / 12 * 12))
  }

  private func fill<Scalar>(
    _ out: UnsafeMutablePointer<Float>, _ sums: PairSums<Scalar>, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    let n = points.count
    if n == 0 { return }
    // Threads cost more than little work gains.
    let threads = n * n * sums.length < 2_000_000 ? 1 : min(Threads.resolve(threads), n)
    let side = side(threads: threads, greatest: PairSums<Scalar>.greatestTile)
    let bands = (n + side - 1) / side
    let tiles = bands * (bands + 1) / 2
    var workspaces: [PairSums<Scalar>.Workspace] = []
    for _ in 0..<min(threads, tiles) { workspaces.append(try PairSums<Scalar>.Workspace(tile: side)) }
    let slots = Slots(workspaces.count)
    try Threads.forEach(chunks: tiles, threads: threads, progress: progress) { [workspaces] tile in
      let slot = slots.take()
      defer { slots.give(slot) }
      let (a, b) = Self.place(tile, bands)
      let rows = a * side..<min(n, (a + 1) * side)
      let columns = b * side..<min(n, (b + 1) * side)
      sums.fill(workspaces[slot], rows: rows, columns: columns, progress: progress)
      if !progress.isCancelled { write(workspaces[slot].sums.pointer, rows, columns, out) }
    }
  }

  /// Row and column of a tile, a <= b, counted along the rows of the upper triangle.
  private static func place(_ tile: Int, _ bands: Int) -> (Int, Int) {
    var (row, rest) = (0, tile)
    while rest >= bands - row {
      rest -= bands - row
      row += 1
    }
    return (row, row + rest)
  }

  private func write(
    _ sums: UnsafeMutablePointer<Double>, _ rows: Range<Int>, _ columns: Range<Int>, _ out: UnsafeMutablePointer<Float>
  ) {
    let n = points.count
    for i in rows {
      // On the diagonal only the pairs from (i, i) on are there.
      let first = rows == columns ? i : columns.lowerBound
      points.finish(
        sums + ((i - rows.lowerBound) * columns.count + first - columns.lowerBound), row: i,
        columns: first..<columns.upperBound, into: out + (i * n + first))
    }
    // The mirror image, in squares that fit the first-level cache on both sides.
    let square = 32
    for top in stride(from: rows.lowerBound, to: rows.upperBound, by: square) {
      for left in stride(from: columns.lowerBound, to: columns.upperBound, by: square) {
        for j in left..<min(left + square, columns.upperBound) {
          let mirrored = out + j * n
          let end = min(top + square, rows.upperBound, rows == columns ? j : .max)
          var i = top
          while i < end {
            mirrored[i] = out[i * n + j]
            i += 1
          }
        }
      }
    }
  }
}
