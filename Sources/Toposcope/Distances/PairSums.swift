/// Sums over the coordinates of pairs of rows of one table.
///
/// Coordinates are taken in blocks: short enough that rounding within a block, in the precision of the table, is small;
/// the sums of the blocks are added in double precision. The order of additions is the same for a tile and for a row.
struct PairSums<Scalar: BitwiseCopyable & BinaryFloatingPoint>: Sendable {
  /// Rows of ``length`` numbers, 32-byte aligned, padded with zeros to a multiple of eight.
  nonisolated(unsafe) let table: UnsafePointer<Scalar>
  let length: Int
  let tileKernel: PairKernels<Scalar>.Tile
  let rowKernel: PairKernels<Scalar>.Row?

  /// Coordinates of a block: a kilobyte of each row.
  static var blockLength: Int { 1024 / MemoryLayout<Scalar>.stride }
  /// The greatest number of rows or columns of a tile.
  static var greatestTile: Int { 192 }

  /// Buffers that one thread needs for tiles.
  final class Workspace: @unchecked Sendable {
    let sums: AlignedMemory<Double>
    fileprivate let x: AlignedMemory<Scalar>
    fileprivate let y: AlignedMemory<Scalar>

    init(tile: Int) throws(ToposcopeError) {
      sums = try AlignedMemory(tile * tile)
      x = try AlignedMemory(tile * blockLength)
      y = try AlignedMemory(tile * blockLength)
    }
  }

  /// Leaves the sum of the pair (i, j) in `workspace.sums[(i - rows.lowerBound) * columns.count + (j - columns.lowerBound)]`.
  ///
  /// With `rows` equal to `columns` only pairs with i <= j are sure to be done. Stops where progress is cancelled.
  func fill(_ workspace: Workspace, rows: Range<Int>, columns: Range<Int>, progress: Progress) {
    let sums = workspace.sums.pointer
    sums.initialize(repeating: 0, count: rows.count * columns.count)
    let isDiagonal = rows == columns
    let x = table + rows.lowerBound * length
    let y = table + columns.lowerBound * length
    if length <= Self.blockLength {
      tileKernel(x, length, rows.count, y, length, columns.count, length, sums, columns.count, isDiagonal)
      return
    }
    // Rows that lie a power of two apart would fight for the same lines of the cache: blocks are copied together.
    for start in stride(from: 0, to: length, by: Self.blockLength) {
      if progress.isCancelled { return }
      let width = min(Self.blockLength, length - start)
      Self.gather(workspace.x.pointer, x + start, rows: rows.count, stride: length, width: width)
      if !isDiagonal {
        Self.gather(workspace.y.pointer, y + start, rows: columns.count, stride: length, width: width)
      }
      tileKernel(
        workspace.x.pointer, width, rows.count, isDiagonal ? workspace.x.pointer : workspace.y.pointer, width,
        columns.count, width, sums, columns.count, isDiagonal)
    }
  }

  @inline(__always)
  private static func gather(
    _ out: UnsafeMutablePointer<Scalar>, _ source: UnsafePointer<Scalar>, rows: Int, stride: Int, width: Int
  ) {
    for i in 0..<rows { (out + i * width).update(from: source + i * stride, count: width) }
  }

  /// Writes the sums of row i with a few columns.
  func fill(_ sums: UnsafeMutablePointer<Double>, row: Int, columns: Range<Int>) {
    sums.initialize(repeating: 0, count: columns.count)
    let x = table + row * length
    let y = table + columns.lowerBound * length
    for start in stride(from: 0, to: length, by: Self.blockLength) {
      rowKernel!(x + start, y + start, length, columns.count, min(Self.blockLength, length - start), sums)
    }
  }
}
