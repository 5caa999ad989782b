import CToposcopeProcessor

/// The distances between some points and some others that follow one another.
struct DistanceTile {
  let rows: Range<Int>
  /// The same as `rows`, or above them.
  let columns: Range<Int>
  /// Where d(i, j) of the first row and column stands.
  let distances: UnsafeMutablePointer<Float>
  /// From one row to the next.
  let stride: Int

  var isDiagonal: Bool { rows == columns }

  /// The columns that pair a row with each other point once.
  @inline(__always)
  func partners(ofRow row: Int) -> Range<Int> { (isDiagonal ? row + 1 : columns.lowerBound)..<columns.upperBound }

  /// The columns that are there in a row: on the diagonal, from the first of its panel on.
  @inline(__always)
  func made(inRow row: Int) -> Range<Int> { (isDiagonal ? row & ~15 : columns.lowerBound)..<columns.upperBound }

  /// Where d(row, column) stands.
  @inline(__always)
  func place(_ row: Int, _ column: Int) -> UnsafeMutablePointer<Float> {
    distances + ((row - rows.lowerBound) * stride + (column - columns.lowerBound))
  }
}

/// All pairs of a cloud, tile by tile.
struct DistanceTiles {
  let points: PreparedPoints
  /// The scale of each point, where distances are normalised.
  let scales: NeighborScales?

  /// A tile has at most so many rows and columns.
  static let side = 128

  /// Makes each pair once, but for tiles that are not wanted. `body` may run on several threads, and has the tile for
  /// itself.
  /// - Parameter isWanted: Whether any pair of some rows and columns is.
  func forEach(
    threads: Int, progress: Progress, isWanted: (_ rows: Range<Int>, _ columns: Range<Int>) -> Bool = { _, _ in true },
    _ body: (DistanceTile) -> Void
  ) throws(ToposcopeError) {
    switch points.sums {
    case .single(let sums, _):
      try sums.forEachTile(threads: threads, progress: progress, isWanted: isWanted) { finish($0, $1, $2, body) }
    case .double(let sums):
      try sums.forEachTile(threads: threads, progress: progress, isWanted: isWanted) { finish($0, $1, $2, body) }
    }
  }

  private func finish(
    _ sums: UnsafeMutablePointer<Double>, _ rows: Range<Int>, _ columns: Range<Int>, _ body: (DistanceTile) -> Void
  ) {
    let sumStride = (columns.count + 15) / 16 * 16
    // An odd number of cache lines from row to row keeps columns from falling on the same lines.
    let stride = sumStride + 16
    withUnsafeTemporaryAllocation(of: Float.self, capacity: rows.count * stride) { distances in
      let tile = DistanceTile(rows: rows, columns: columns, distances: distances.baseAddress!, stride: stride)
      for i in rows {
        let part = tile.made(inRow: i)
        let place = tile.place(i, part.lowerBound)
        points.finish(
          sums + ((i - rows.lowerBound) * sumStride + part.lowerBound - columns.lowerBound), row: i, columns: part,
          into: place)
        scales?.normalize(row: i, columns: part, place)
      }
      body(tile)
    }
  }

  /// Writes each pair to both of its places.
  /// - Parameter out: rows of `points.count` numbers.
  func fill(_ out: UnsafeMutablePointer<Float>, threads: Int, progress: Progress) throws(ToposcopeError) {
    let n = points.count
    try forEach(threads: threads, progress: progress) { tile in
      for i in tile.rows {
        let part = tile.made(inRow: i)
        (out + (i * n + part.lowerBound)).update(from: tile.place(i, part.lowerBound), count: part.count)
      }
      // Rows of the result lie pages apart: the mirror image is read from the tile.
      if tile.isDiagonal {
        for start in stride(from: tile.rows.lowerBound, to: tile.rows.upperBound, by: 16) {
          let end = min(start + 16, tile.rows.upperBound)
          KernelSet.best.transpose(
            tile.place(start, end), tile.stride, end - start, tile.columns.upperBound - end, out + (end * n + start), n)
        }
      } else {
        KernelSet.best.transpose(
          tile.distances, tile.stride, tile.rows.count, tile.columns.count,
          out + (tile.columns.lowerBound * n + tile.rows.lowerBound), n)
      }
    }
  }
}
