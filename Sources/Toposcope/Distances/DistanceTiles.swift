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
  /// Room for another table of this size, columns as rows, each of `imageStride` numbers, where the tile may go away.
  let image: UnsafeMutablePointer<Float>
  var imageStride: Int { (rows.count + 15) & ~15 + 16 }

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
    let memory = try TileMemory(
      side: min(sums.tileSide, 16 * sums.table.panels), isInPlace: matrix != nil,
      threads: min(Threads.resolve(threads), max(1, sums.table.panels)))
    /// Makes a tile, normalised, and hands it on.
    func make(_ rows: Range<Int>, _ columns: Range<Int>, fill: (DistanceTile, TileMemory.Part) -> Void) {
      let slot = memory.slots.take()
      defer { memory.slots.give(slot) }
      let part = memory.part(slot)
      let tile = DistanceTile(
        rows: rows, columns: columns,
        distances: matrix.map { $0 + (rows.lowerBound * points.count + columns.lowerBound) } ?? part.tile,
        stride: matrix == nil ? memory.stride : points.count, image: part.image)
      fill(tile, part)
      if let scales {
        for i in rows {
          let made = tile.made(inRow: i)
          scales.normalize(row: i, columns: made, tile.place(i, made.lowerBound))
        }
      }
      body(tile)
    }
    if !sums.isShort {
      return try sums.forEachTile(threads: threads, progress: progress, isWanted: isWanted) { sums, rows, columns in
        make(rows, columns) { tile, _ in
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
      if isWanted(rows, columns) { make(rows, columns, fill: fill) }
    }
  }

  /// Writes the distances of a tile, and nothing beside it: four panels at a time, of which the last may not be whole, are
  /// made elsewhere.
  private func fill(_ tile: DistanceTile, _ memory: TileMemory.Part) {
    let end = tile.columns.upperBound, paddedEnd = (end + 15) & ~15
    let inPlace = end == paddedEnd ? end : max(tile.columns.lowerBound, paddedEnd - 64)
    /// Columns of the tile itself, from `first` on.
    func fillWhole(_ rows: Range<Int>, from first: Int) {
      if first >= inPlace { return }
      points.fill(
        rows: rows, columns: first..<inPlace, into: tile.place(rows.lowerBound, first), stride: tile.stride,
        sums: memory.sums)
    }
    if !tile.isDiagonal { fillWhole(tile.rows, from: tile.columns.lowerBound) }
    for start in stride(from: tile.rows.lowerBound, to: tile.rows.upperBound, by: 16) {
      let (rows, first) = (start..<min(start + 16, tile.rows.upperBound), tile.made(inRow: start).lowerBound)
      if tile.isDiagonal { fillWhole(rows, from: first) }
      let middle = max(first, inPlace)
      if middle == paddedEnd { continue }
      points.fill(
        rows: start..<start + 16, columns: middle..<paddedEnd, into: memory.panels, stride: 64, sums: memory.sums)
      for i in rows { tile.place(i, middle).update(from: memory.panels + 64 * (i - start), count: end - middle) }
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
        kernels.transpose(place, tile.stride, rows.count, columns.count, tile.image, tile.imageStride)
        kernels.copy(tile.image, tile.imageStride, columns.count, rows.count, mirror, n, true)
      }
      defer { if isLarge { toposcope_written() } }
      if !tile.isDiagonal { return write(tile.rows, from: tile.columns.lowerBound) }
      for start in stride(from: tile.rows.lowerBound, to: tile.rows.upperBound, by: 16) {
        write(start..<min(start + 16, tile.rows.upperBound), from: start)
      }
    }
  }

  /// Bytes of a result that is left in the caches for those who read it next.
  private static var greatestInCaches: Int { 4 << 20 }
}

/// What the tiles of each thread need: allocated for each tile anew, it takes a good part of the time where points are short.
final class TileMemory: Sendable {
  struct Part {
    let tile: UnsafeMutablePointer<Float>, image: UnsafeMutablePointer<Float>
    /// Room for sixteen rows of 64 numbers.
    let panels: UnsafeMutablePointer<Float>
    let sums: UnsafeMutablePointer<Double>
  }

  let slots: Slots
  /// From one row of a tile to the next. An odd number of cache lines keeps columns from falling on the same lines.
  let stride: Int
  private let tileNumbers: Int
  private let memory: AlignedMemory<Float>

  init(side: Int, isInPlace: Bool, threads: Int) throws(ToposcopeError) {
    slots = Slots(threads)
    stride = side + 16
    tileNumbers = isInPlace ? 0 : side * stride
    memory = try AlignedMemory(threads * Self.numbers(tileNumbers))
  }

  private static func numbers(_ tileNumbers: Int) -> Int { 2 * (tileNumbers + PreparedPoints.sumNumbers) + 16 * 64 }

  func part(_ slot: Int) -> Part {
    let tile = memory.pointer + slot * Self.numbers(tileNumbers)
    let (image, panels) = (tile + tileNumbers, tile + 2 * tileNumbers)
    let sums = UnsafeMutableRawPointer(panels + 16 * 64).assumingMemoryBound(to: Double.self)
    return Part(tile: tile, image: image, panels: panels, sums: sums)
  }
}
