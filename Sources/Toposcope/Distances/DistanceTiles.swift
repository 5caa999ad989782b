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
    for i in rows {
      // On the diagonal only the pairs from (i, i) on are there.
      let first = rows == columns ? i : columns.lowerBound
      points.finish(
        sums + ((i - rows.lowerBound) * 16 * columnPanels.count + first - columns.lowerBound), row: i,
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
