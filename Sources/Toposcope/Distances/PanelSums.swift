import CToposcopeProcessor

/// Sums over the coordinates of pairs of points of one table.
///
/// Sums are made in chains, and chains joined to strands, in the precision of the table; strands are added in double
/// precision. The order of the additions of a pair is the same in a tile and in a row, so both give the same bits.
struct PanelSums<Scalar: Summable>: Sendable {
  private(set) var table: PanelTable<Scalar>
  let kernels: PairKernels<Scalar>
  /// How sums are made.
  private let rounding: SumRounding
  /// Coordinates of a block: a multiple of the strand, two panels of at most eight kilobytes in the first-level cache.
  private let blockLength: Int

  /// - Parameter rounding: nil where rounding needs no care: in double precision.
  init(table: PanelTable<Scalar>, kernels: PairKernels<Scalar>, rounding: SumRounding? = nil) {
    self.table = table
    self.kernels = kernels
    let numbers = 512 / MemoryLayout<Scalar>.stride
    self.rounding = rounding ?? SumRounding(chain: numbers, strand: numbers)
    blockLength = numbers / self.rounding.strand * self.rounding.strand
  }

  /// The same sums of the points in another order.
  func reordered(
    _ order: [Int32], threads: Int, progress: Progress
  ) throws(ToposcopeError) -> PanelSums {
    var sums = self
    sums.table = try PanelTable(table, order: order, threads: threads, progress: progress)
    return sums
  }

  /// Leaves the sum of the pair (i, j) in `sums[(i - 16 * rows.lowerBound) * 16 * columns.count + j - 16 * columns.lowerBound]`.
  ///
  /// Rows and columns are counted in panels. With `rows` equal to `columns` only pairs of panels (a, b) with a <= b are
  /// done. Stops where progress is cancelled.
  func fill(_ sums: UnsafeMutablePointer<Double>, rows: Range<Int>, columns: Range<Int>, progress: Progress) {
    let outStride = 16 * columns.count
    sums.initialize(repeating: 0, count: 16 * rows.count * outStride)
    let isDiagonal = rows == columns
    let length = table.length
    for start in stride(from: 0, to: length, by: blockLength) {
      if progress.isCancelled { return }
      let width = min(blockLength, length - start)
      /// Halves of the panels' next blocks, of the rows and then of the columns, of which each call fetches one.
      var halves = 0
      func nextHalf() -> UnsafePointer<Scalar>? {
        let place = halves / 2, isRow = place < rows.count
        let panel = isRow ? rows.lowerBound + place : columns.lowerBound + place - rows.count
        if start + width == length || (isRow ? false : isDiagonal || panel >= columns.upperBound) { return nil }
        defer { halves += 1 }
        return UnsafePointer(table.panel(panel) + 16 * (start + width) + halves % 2 * 8 * width)
      }
      // The blocks of a few columns stay in the first-level cache while those of the rows pass by.
      for group in stride(from: columns.lowerBound, to: columns.upperBound, by: KernelSet.panelsAtOnce) {
        let groupEnd = min(group + KernelSet.panelsAtOnce, columns.upperBound)
        for a in isDiagonal ? rows.lowerBound..<groupEnd : rows {
          let first = isDiagonal ? max(a, group) : group
          kernels.pairs(
            table.panel(a) + 16 * start, table.panel(first) + 16 * start, 16 * length, groupEnd - first, width,
            rounding.chain, rounding.strand,
            sums + (16 * (a - rows.lowerBound) * outStride + 16 * (first - columns.lowerBound)), outStride, nextHalf())
        }
      }
    }
  }

  /// Whether panels are so short that all coordinates of a tile fit the second-level cache: then distances are made
  /// without keeping sums in memory. (Of no coordinates kernels make nothing.)
  var isShort: Bool { (1...2048 / MemoryLayout<Scalar>.stride).contains(table.length) }

  /// A tile has at most so many rows and columns. Of long points it holds a block of each at a time, so that there is room
  /// for more of them in the second-level cache, and each coordinate is fetched less often from beyond.
  var tileSide: Int { isShort ? 128 : 256 }

  /// Writes the distances between the points of a panel and those of some others, whole panels: the bits that the sums
  /// of `fill` give. Returns false, and nothing of what was written counts, where a sum is not in the range of `finish`.
  ///
  /// - Parameter partial: room for 256 numbers.
  @inline(__always)
  func fillDistances(
    _ out: UnsafeMutablePointer<Float>, stride: Int, row: Int, columns: Range<Int>, finish: Finish,
    partial: UnsafeMutablePointer<Double>
  ) -> Bool {
    kernels.distances(
      table.panel(row), table.panel(columns.lowerBound), 16 * table.length, columns.count, table.length, rounding.chain,
      rounding.strand, finish, out, stride, partial)
  }

  /// Copies the coordinates of one point.
  func copyPoint(_ point: Int, to out: UnsafeMutablePointer<Scalar>) {
    for k in 0..<table.length { out[k] = table[point, k] }
  }

  /// Writes the sums of a point, given by its coordinates, with the sixteen points of a panel.
  @inline(__always)
  func fill(_ sums: UnsafeMutablePointer<Double>, point: UnsafePointer<Scalar>, panel: Int) {
    sums.initialize(repeating: 0, count: 16)
    for start in stride(from: 0, to: table.length, by: blockLength) {
      kernels.row(
        point + start, table.panel(panel) + 16 * start, min(blockLength, table.length - start), rounding.chain,
        rounding.strand, sums)
    }
  }

  /// Makes the sums of every pair of panels (a, b) with a <= b, in tiles, and gives each tile to `body` with its rows and
  /// columns, counted in points. It may run on several threads. (A tile on the diagonal has nothing in its panels below the
  /// diagonal.)
  func forEachTile(
    threads: Int, progress: Progress, isWanted: (_ rows: Range<Int>, _ columns: Range<Int>) -> Bool = { _, _ in true },
    _ body: (_ sums: UnsafeMutablePointer<Double>, _ rows: Range<Int>, _ columns: Range<Int>) -> Void
  ) throws(ToposcopeError) {
    let threads = min(Threads.resolve(threads), max(1, table.panels))
    let workspaces = try AlignedMemory<Double>(threads * tileSide * tileSide)
    let slots = Slots(threads)
    try forEachPlace(threads: threads, progress: progress) { rows, columns in
      if !isWanted(rows, columns) { return }
      let slot = slots.take()
      defer { slots.give(slot) }
      let workspace = workspaces.pointer + slot * tileSide * tileSide
      fill(
        workspace, rows: PanelTable<Scalar>.panels(of: rows), columns: PanelTable<Scalar>.panels(of: columns),
        progress: progress)
      if !progress.isCancelled { body(workspace, rows, columns) }
    }
  }

  /// Rows and columns of the tiles of the upper triangle, counted in points.
  ///
  /// Tiles come diagonal by diagonal, so that threads seldom work on the same rows or columns at once.
  func forEachPlace(
    threads: Int, progress: Progress, _ body: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void
  ) throws(ToposcopeError) {
    let panels = table.panels
    if panels == 0 { return }
    // Threads cost more than little work gains.
    let isSmall = 256 * panels * panels * (table.length + 8) < 4_000_000
    let threads = isSmall ? 1 : min(Threads.resolve(threads), panels)
    // Large tiles read the coordinates less often, small ones keep all threads busy to the end.
    let side = max(1, min(tileSide / 16, threads == 1 ? panels : Int(Double(panels) / (4 * Double(threads)))))
    let bands = (panels + side - 1) / side
    try Threads.forEach(chunks: bands * (bands + 1) / 2, threads: threads, progress: progress) { tile in
      let (a, b) = Self.place(tile, bands)
      body(
        16 * a * side..<min(table.count, 16 * (a + 1) * side), 16 * b * side..<min(table.count, 16 * (b + 1) * side))
    }
  }

  /// Row and column of a tile, a <= b, counted along the diagonals of the upper triangle.
  private static func place(_ tile: Int, _ bands: Int) -> (Int, Int) {
    var (diagonal, row) = (0, tile)
    while row >= bands - diagonal {
      row -= bands - diagonal
      diagonal += 1
    }
    return (row, row + diagonal)
  }
}

extension PanelSums<Float> {
  /// The same for products of points, of which the halves of the squares are given: sixteen for each panel.
  @inline(__always)
  func fillDistances(
    _ out: UnsafeMutablePointer<Float>, stride: Int, row: Int, columns: Range<Int>, finish: ProductFinish,
    halves: UnsafePointer<Double>, partial: UnsafeMutablePointer<Double>
  ) -> Bool {
    KernelSet.best.productDistances(
      table.panel(row), table.panel(columns.lowerBound), 16 * table.length, columns.count, table.length, rounding.chain,
      rounding.strand, finish, halves + 16 * row, halves + 16 * columns.lowerBound, out, stride, partial)
  }
}

/// How many coordinates are summed in single precision before a sum is widened.
///
/// Numbers of any size round to both sides: a chain of c coordinates is off by about 0.4 sqrt(c / 3) units of 2^-24, and
/// the errors of the chains average out. c equal numbers, as differences of shifted points are, round to the same side, up
/// to c / 4 units in the last place of the sum, in every chain; and so do k equal chains, joined to a strand, by k / 4. A
/// square root halves both.
struct SumRounding: Sendable {
  /// Coordinates of a chain.
  let chain: Int
  /// Coordinates of a strand: a multiple of the chain.
  let strand: Int

  /// Differences of points that are rounded to the same side cost a sum of their squares up to two units more.
  static let squares = SumRounding(chain: 4, strand: 8)
  /// For squared differences of directions, whose rounding has a bound of its own.
  static let directions = SumRounding(chain: 8, strand: 8)
  static let magnitudes = SumRounding(chain: 8, strand: 16)
  /// For products of directions: 2 - 2 u.v of 1 or more halves an error as well.
  static let products = SumRounding(chain: 16, strand: 128)
  /// For squares of which a root is taken, and for products that squares are made of.
  static let halved = SumRounding(chain: 16, strand: 64)
}
