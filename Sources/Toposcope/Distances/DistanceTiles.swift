import CToposcopeProcessor

/// All pairs of a cloud, tile by tile: each pair once, written to both of its places.
struct DistanceTiles {
  let points: PreparedPoints

  /// - Parameter out: rows of `points.count` numbers.
  func fill(_ out: UnsafeMutablePointer<Float>, threads: Int, progress: Progress) throws(ToposcopeError) {
    switch points.sums {
    case .single(let sums, _):
      try sums.forEachTile(threads: threads, progress: progress) { write($0, $1, $2, out) }
    case .double(let sums):
      try sums.forEachTile(threads: threads, progress: progress) { write($0, $1, $2, out) }
    }
  }

  private func write(
    _ sums: UnsafeMutablePointer<Double>, _ rowPanels: Range<Int>, _ columnPanels: Range<Int>,
    _ out: UnsafeMutablePointer<Float>
  ) {
    let n = points.count
    let rows = 16 * rowPanels.lowerBound..<min(n, 16 * rowPanels.upperBound)
    let columns = 16 * columnPanels.lowerBound..<min(n, 16 * columnPanels.upperBound)
    let isDiagonal = rows == columns
    // The mirror image is read from a copy of the tile: rows of the result lie pages apart. An odd number of cache lines
    // from row to row keeps the columns of the copy from falling on the same lines.
    let copyStride = 16 * columnPanels.count + 16
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 16 * rowPanels.count * copyStride) { copy in
      let copy = copy.baseAddress!
      for i in rows {
        // On the diagonal only panels from that of i on are there.
        let first = isDiagonal ? i & ~15 : columns.lowerBound
        let place = (i - rows.lowerBound) * copyStride + (first - columns.lowerBound)
        points.finish(
          sums + ((i - rows.lowerBound) * 16 * columnPanels.count + first - columns.lowerBound), row: i,
          columns: first..<columns.upperBound, into: copy + place)
        (out + (i * n + first)).update(from: copy + place, count: columns.upperBound - first)
      }
      if isDiagonal {
        for panel in rowPanels {
          let (start, end) = (16 * panel, min(n, 16 * panel + 16))
          KernelSet.best.transpose(
            copy + ((start - rows.lowerBound) * copyStride + end - rows.lowerBound), copyStride, end - start,
            columns.upperBound - end, out + (end * n + start), n)
        }
      } else {
        KernelSet.best.transpose(
          copy, copyStride, rows.count, columns.count, out + (columns.lowerBound * n + rows.lowerBound), n)
      }
    }
  }
}
