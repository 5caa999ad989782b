import CToposcopeProcessor
import Synchronization

/// The checks that a matrix of distances passes at the door.
enum PrecomputedDistances {
  /// Tiles of 64 x 64 entries: an entry and its mirror image are read while both are in cache.
  private static let tile = 64
  /// Blocks of 4 x 4 entries, compared with their mirror images as vectors. Only where that shows something out of the
  /// ordinary are pairs looked at one by one.
  private static let block = 4

  /// Copies a square table, rounded to single precision.
  static func copy(
    _ array: StridedArray, to out: UnsafeMutablePointer<Float>, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    let n = array.rows
    let isDouble = array.elementType == .float64
    let isPlain = isDouble && array.columnStride == MemoryLayout<Double>.stride
    try forEachPair(n, threads: threads, progress: progress) { _, _ in
      0
    } settles: { i, j in
      isPlain && copyBlock(array, i, j, to: out)
    } body: { i, j in
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
    if isDouble { try refuseUnderflow(array, UnsafeBufferPointer(start: out, count: n * n)) }
  }

  /// Lengths that are all below single precision would read as those of equal points.
  private static func refuseUnderflow(
    _ array: StridedArray, _ rounded: UnsafeBufferPointer<Float>
  ) throws(ToposcopeError) {
    if rounded.contains(where: { $0 >= .leastNormalMagnitude }) { return }  // one of the first, nearly always
    var greatest = 0.0
    for i in 0..<array.rows {
      for j in 0..<array.rows { greatest = max(greatest, array[i, j]) }
    }
    if greatest > 0 { throw ToposcopeError(.underflow, value: greatest) }
  }

  /// Checks a single-precision matrix where it lies. Returns whether it has a negative zero.
  static func check(
    _ matrix: UnsafePointer<Float>, count n: Int, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> Bool {
    let negativeZero = Atomic<Bool>(false)
    let isMirrored = KernelSet.best.isMirrored
    try forEachPair(n, threads: threads, progress: progress) { top, left in
      let width = min(tile, n - left) & ~7
      return isMirrored(LengthBits(matrix).bits, n, top, left, tile, width) ? width : 0
    } settles: { i, j in
      isFine(matrix, n, i, j)
    } body: { i, j in
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

  /// True if a block above the diagonal and its mirror image are equal, with no negative number, -0 or NaN in them.
  @inline(__always)
  private static func isFine(_ matrix: UnsafePointer<Float>, _ n: Int, _ i: Int, _ j: Int) -> Bool {
    typealias Vector = SIMD4<Int32>
    let bits = UnsafeRawPointer(matrix)
    let load = { (row: Int, column: Int) in (bits + 4 &* (row &* n &+ column)).loadUnaligned(as: Vector.self) }
    let upper = (load(i, j), load(i &+ 1, j), load(i &+ 2, j), load(i &+ 3, j))
    let mirror = transposed(load(j, i), load(j &+ 1, i), load(j &+ 2, i), load(j &+ 3, i))
    let differing = (upper.0 ^ mirror.0) | (upper.1 ^ mirror.1) | (upper.2 ^ mirror.2) | (upper.3 ^ mirror.3)
    // The bits of lengths are from 0 to those of infinity: beyond, one of these is negative.
    let greatest = Vector(repeating: Int32(bitPattern: Float.infinity.bitPattern))
    let low = upper.0 | upper.1 | upper.2 | upper.3
    let high = (greatest &- upper.0) | (greatest &- upper.1) | (greatest &- upper.2) | (greatest &- upper.3)
    let halves = unsafeBitCast(differing, to: SIMD2<UInt64>.self)
    let signs = unsafeBitCast(low | high, to: SIMD2<UInt64>.self)
    return halves[0] | halves[1] == 0 && (signs[0] | signs[1]) & 0x8000_0000_8000_0000 == 0
  }

  /// Copies a block above the diagonal of a table of doubles, and its mirror image, if they are equal, with no negative
  /// number, -0 or NaN in them, and nothing that is infinite in single precision. Returns whether it has.
  @inline(__always)
  private static func copyBlock(
    _ array: StridedArray, _ i: Int, _ j: Int, to out: UnsafeMutablePointer<Float>
  ) -> Bool {
    typealias Vector = SIMD4<Int64>
    let load = { (row: Int, column: Int) in
      (array.data + (row &* array.rowStride &+ 8 &* column)).loadUnaligned(as: Vector.self)
    }
    let upper = (load(i, j), load(i &+ 1, j), load(i &+ 2, j), load(i &+ 3, j))
    let mirror = transposed(load(j, i), load(j &+ 1, i), load(j &+ 2, i), load(j &+ 3, i))
    let differing = (upper.0 ^ mirror.0) | (upper.1 ^ mirror.1) | (upper.2 ^ mirror.2) | (upper.3 ^ mirror.3)
    let greatest = Vector(repeating: Int64(bitPattern: Double(Float.greatestFiniteMagnitude).bitPattern))
    let low = upper.0 | upper.1 | upper.2 | upper.3
    let high = (greatest &- upper.0) | (greatest &- upper.1) | (greatest &- upper.2) | (greatest &- upper.3)
    let signs = low | high
    guard differing[0] | differing[1] | differing[2] | differing[3] == 0,
      signs[0] | signs[1] | signs[2] | signs[3] >= 0
    else { return false }
    let rounded = (single(upper.0), single(upper.1), single(upper.2), single(upper.3))
    let image = transposed(rounded.0, rounded.1, rounded.2, rounded.3)
    let raw = UnsafeMutableRawPointer(out)
    let n = array.rows
    let store = { (row: Int, column: Int, values: SIMD4<Int32>) in
      (raw + 4 &* (row &* n &+ column)).storeBytes(of: values, as: SIMD4<Int32>.self)
    }
    store(i, j, rounded.0)
    store(i &+ 1, j, rounded.1)
    store(i &+ 2, j, rounded.2)
    store(i &+ 3, j, rounded.3)
    store(j, i, image.0)
    store(j &+ 1, i, image.1)
    store(j &+ 2, i, image.2)
    store(j &+ 3, i, image.3)
    return true
  }

  /// The bits of four doubles rounded to single precision.
  @inline(__always)
  private static func single(_ bits: SIMD4<Int64>) -> SIMD4<Int32> {
    let values = unsafeBitCast(bits, to: SIMD4<Double>.self)
    return unsafeBitCast(
      SIMD4<Float>(Float(values[0]), Float(values[1]), Float(values[2]), Float(values[3])), to: SIMD4<Int32>.self)
  }

  /// The columns of four rows.
  @inline(__always)
  private static func transposed<Scalar>(
    _ a: SIMD4<Scalar>, _ b: SIMD4<Scalar>, _ c: SIMD4<Scalar>, _ d: SIMD4<Scalar>
  ) -> (SIMD4<Scalar>, SIMD4<Scalar>, SIMD4<Scalar>, SIMD4<Scalar>) {
    let (evenAB, oddAB) = (
      SIMD4(lowHalf: a.evenHalf, highHalf: b.evenHalf), SIMD4(lowHalf: a.oddHalf, highHalf: b.oddHalf)
    )
    let (evenCD, oddCD) = (
      SIMD4(lowHalf: c.evenHalf, highHalf: d.evenHalf), SIMD4(lowHalf: c.oddHalf, highHalf: d.oddHalf)
    )
    return (
      SIMD4(lowHalf: evenAB.evenHalf, highHalf: evenCD.evenHalf),
      SIMD4(lowHalf: oddAB.evenHalf, highHalf: oddCD.evenHalf),
      SIMD4(lowHalf: evenAB.oddHalf, highHalf: evenCD.oddHalf),
      SIMD4(lowHalf: oddAB.oddHalf, highHalf: oddCD.oddHalf)
    )
  }

  /// Looks at every pair i <= j; of all problems the one that comes first in the matrix's upper triangle is thrown.
  /// - Parameters:
  ///   - settled: of how many columns of the tile with this first pair, above the diagonal, there is nothing to say
  ///   - settles: whether nothing is to be said of the block with this first pair, which lies above the diagonal
  ///   - body: looks at one pair
  @inline(__always)
  private static func forEachPair(
    _ n: Int, threads: Int, progress: Progress, settled: (_ top: Int, _ left: Int) -> Int,
    settles: (_ i: Int, _ j: Int) -> Bool, body: (_ i: Int, _ j: Int) -> ToposcopeError?
  ) throws(ToposcopeError) {
    let first = Mutex<(row: Int, column: Int, error: ToposcopeError)?>(nil)
    let bands = (n + tile - 1) / tile
    try Threads.forEach(
      chunks: bands, threads: Threads.resolve(threads, points: n), progress: progress
    ) { band in
      let rows = band * tile..<min(n, (band + 1) * tile)
      for start in stride(from: rows.lowerBound, to: n, by: tile) {
        if progress.isCancelled { return }
        let end = min(n, start + tile)
        let open = start + (start > rows.lowerBound ? settled(rows.lowerBound, start) : 0)
        for top in stride(from: rows.lowerBound, to: rows.upperBound, by: block) {
          for left in stride(from: max(top, open), to: end, by: block) {
            let (bottom, right) = (min(n, top + block), min(n, left + block))
            if left >= bottom && bottom - top == block && right - left == block && settles(top, left) { continue }
            for i in top..<bottom {
              for j in max(i, left)..<max(i, right) {
                guard let error = body(i, j) else { continue }
                first.withLock { if $0 == nil || (i, j) < ($0!.row, $0!.column) { $0 = (i, j, error) } }
                break
              }
            }
          }
        }
      }
    }
    if let found = first.withLock({ $0 }) { throw found.error }
  }
}
