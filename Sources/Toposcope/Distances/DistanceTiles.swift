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

  /// Makes each pair once, but for tiles that are not wanted. `body` may run on several threads, and has the tile for
  /// itself.
  /// - Parameters:
  ///   - matrix: Where all distances of the cloud are to be, rows of `points.count` numbers: tiles are made in place. Nil
  ///     where a tile may go away after `body`.
  ///   - isWanted: Whether any pair of some rows and columns is.
  func forEach(
    in matrix: UnsafeMutablePointer<Float>? = nil, threads: Int, progress: Progress,
    isWanted: (_ rows: Range<Int>, _ columns: Range<Int>) -> Bool = { _, _ in true },
    _ body: (DistanceTile) -> Void
  ) throws(ToposcopeError) {
    switch points.sums {
    case .single(let sums, _):
      try forEach(sums, in: matrix, threads: threads, progress: progress, isWanted: isWanted, body)
    case .double(let sums):
      try forEach(sums, in: matrix, threads: threads, progress: progress, isWanted: isWanted, body)
    }
  }

  private func forEach<Scalar>(
    _ sums: PanelSums<Scalar>, in matrix: UnsafeMutablePointer<Float>?, threads: Int, progress: Progress,
    isWanted: (Range<Int>, Range<Int>) -> Bool, _ body: (DistanceTile) -> Void
  ) throws(ToposcopeError) {
    if !sums.isShort {
      return try sums.forEachTile(threads: threads, progress: progress, isWanted: isWanted) { sums, rows, columns in
        make(rows, columns, in: matrix, body) { tile in
          let sumStride = (columns.count + 15) / 16 * 16
          for i in rows {
            let part = tile.made(inRow: i)
            points.finish(
              sums + ((i - rows.lowerBound) * sumStride + part.lowerBound - columns.lowerBound), row: i, columns: part,
              into: tile.place(i, part.lowerBound))
          }
        }
      }
    }
    try sums.forEachPlace(threads: threads, progress: progress) { rows, columns in
      if isWanted(rows, columns) { make(rows, columns, in: matrix, body, fill: fill) }
    }
  }

  /// Writes the distances of a tile, and nothing beside it: four panels at a time, of which the last may not be whole, are
  /// made elsewhere.
  private func fill(_ tile: DistanceTile) {
    let end = tile.columns.upperBound, paddedEnd = (end + 15) & ~15
    let inPlace = end == paddedEnd ? end : max(tile.columns.lowerBound, paddedEnd - 64)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 16 * 64) { panels in
      let panels = panels.baseAddress!
      for start in stride(from: tile.rows.lowerBound, to: tile.rows.upperBound, by: 16) {
        let (rows, first) = (start..<start + 16, tile.made(inRow: start).lowerBound)
        let middle = max(first, inPlace)
        points.fill(rows: rows, columns: first..<middle, into: tile.place(start, first), stride: tile.stride)
        points.fill(rows: rows, columns: middle..<paddedEnd, into: panels, stride: 64)
        if middle == paddedEnd { continue }
        for i in rows.clamped(to: tile.rows) {
          tile.place(i, middle).update(from: panels + 64 * (i - start), count: end - middle)
        }
      }
    }
  }

  /// Makes a tile, normalised, and hands it on.
  private func make(
    _ rows: Range<Int>, _ columns: Range<Int>, in matrix: UnsafeMutablePointer<Float>?, _ body: (DistanceTile) -> Void,
    fill: (DistanceTile) -> Void
  ) {
    func make(_ distances: UnsafeMutablePointer<Float>, _ stride: Int) {
      let tile = DistanceTile(rows: rows, columns: columns, distances: distances, stride: stride)
      fill(tile)
      if let scales {
        for i in rows {
          let part = tile.made(inRow: i)
          scales.normalize(row: i, columns: part, tile.place(i, part.lowerBound))
        }
      }
      body(tile)
    }
    if let matrix {
      return make(matrix + (rows.lowerBound * points.count + columns.lowerBound), points.count)
    }
    // An odd number of cache lines from row to row keeps columns from falling on the same lines.
    let stride = (columns.count + 15) & ~15 + 16
    withUnsafeTemporaryAllocation(byteCount: 4 * rows.count * stride, alignment: 64) { memory in
      make(memory.baseAddress!.assumingMemoryBound(to: Float.self), stride)
    }
  }

  /// Writes each pair to both of its places.
  /// - Parameter out: rows of `points.count` numbers.
  func fill(_ out: UnsafeMutablePointer<Float>, threads: Int, progress: Progress) throws(ToposcopeError) {
    let (n, kernels) = (points.count, KernelSet.best)
    let isLarge = 4 * n * n > Self.greatestInCaches
    try forEach(in: isLarge ? nil : out, threads: threads, progress: progress) { tile in
      /// Writes the part of some rows of the tile from a column on, if it is not there yet, and its mirror image.
      func write(_ rows: Range<Int>, from column: Int) {
        let (place, columns) = (tile.place(rows.lowerBound, column), column..<tile.columns.upperBound)
        let mirror = out + (column * n + rows.lowerBound)
        if !isLarge { return kernels.transpose(place, n, rows.count, columns.count, mirror, n) }
        kernels.copy(place, tile.stride, rows.count, columns.count, out + (rows.lowerBound * n + column), n, true)
        let stride = (rows.count + 15) & ~15 + 16
        withUnsafeTemporaryAllocation(byteCount: 4 * columns.count * stride, alignment: 64) { memory in
          let image = memory.baseAddress!.assumingMemoryBound(to: Float.self)
          kernels.transpose(place, tile.stride, rows.count, columns.count, image, stride)
          kernels.copy(image, stride, columns.count, rows.count, mirror, n, true)
        }
      }
      if !tile.isDiagonal { return write(tile.rows, from: tile.columns.lowerBound) }
      for start in stride(from: tile.rows.lowerBound, to: tile.rows.upperBound, by: 16) {
        write(start..<min(start + 16, tile.rows.upperBound), from: start)
      }
    }
  }

  /// Bytes of a result that is left in the caches for those who read it next.
  private static var greatestInCaches: Int { 4 << 20 }
}
