import Synchronization

/// The checks that a matrix of distances passes at the door.
enum PrecomputedDistances {
  /// Tiles of 64 x 64 entries: an entry and its mirror image are read while both are in cache.
  private static let tile = 64

  /// Copies a square table, rounded to single precision.
  static func copy(
    _ array: StridedArray, to out: UnsafeMutablePointer<Float>, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    let n = array.rows
    let isDouble = array.elementType == .float64
    try forEachPair(n, threads: threads, progress: progress) { i, j in
      let upper = array[i, j]
      let lower = array[j, i]
      if let error = problem(upper, i, j) ?? problem(lower, j, i) { return error }
      let rounded = Float(upper)
      if rounded.isInfinite && upper.isFinite { return ToposcopeError(.overflow, row: i, column: j, value: upper) }
      if Float(lower) != rounded {
        let tolerance = isDouble ? 0x1p-40 * min(upper, lower) : 0
        if abs(upper - lower) > tolerance { return ToposcopeError(.asymmetric, row: i, column: j, value: upper) }
      }
      out[i * n + j] = rounded + 0  // -0 + 0 is +0
      out[j * n + i] = rounded + 0
      return nil
    }
  }

  /// Checks a single-precision matrix where it lies. Returns whether it has a negative zero.
  static func check(
    _ matrix: UnsafePointer<Float>, count n: Int, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> Bool {
    let negativeZero = Atomic<Bool>(false)
    try forEachPair(n, threads: threads, progress: progress) { i, j in
      let (upper, lower) = (matrix[i * n + j], matrix[j * n + i])
      if let error = problem(Double(upper), i, j) ?? problem(Double(lower), j, i) { return error }
      if upper != lower { return ToposcopeError(.asymmetric, row: i, column: j, value: Double(upper)) }
      if upper == 0 && (upper.sign == .minus || lower.sign == .minus) {
        negativeZero.store(true, ordering: .relaxed)
      }
      return nil
    }
    return negativeZero.load(ordering: .relaxed)
  }

  @inline(__always)
  private static func problem(_ value: Double, _ i: Int, _ j: Int) -> ToposcopeError? {
    if value > 0 && i != j || value == 0 { return nil }
    if value.isNaN { return ToposcopeError(.notFinite, row: i, column: j, value: value) }
    if i == j { return ToposcopeError(.diagonal, row: i, column: j, value: value) }
    return ToposcopeError(.negativeDistance, row: i, column: j, value: value)
  }

  /// Looks at every pair i <= j; of all problems the one that comes first in the matrix's upper triangle is thrown.
  private static func forEachPair(
    _ n: Int, threads: Int, progress: Progress, _ body: (_ i: Int, _ j: Int) -> ToposcopeError?
  ) throws(ToposcopeError) {
    let first = Mutex<(row: Int, column: Int, error: ToposcopeError)?>(nil)
    let bands = (n + tile - 1) / tile
    try Threads.forEach(chunks: bands, threads: Threads.resolve(threads), progress: progress) { band in
      let rows = band * tile..<min(n, (band + 1) * tile)
      for start in stride(from: rows.lowerBound, to: n, by: tile) {
        if progress.isCancelled { return }
        for i in rows {
          for j in max(i, start)..<max(i, start, min(n, start + tile)) {
            guard let error = body(i, j) else { continue }
            first.withLock { if $0 == nil || (i, j) < ($0!.row, $0!.column) { $0 = (i, j, error) } }
            break
          }
        }
      }
    }
    if let found = first.withLock({ $0 }) { throw found.error }
  }
}
