/// Points as a kind of distance wants them, as they are, as directions, or whitened, and the way from sums over their
/// coordinates to distances.
///
/// Single-precision points of many coordinates are summed in single precision, and every pair for which that could cost
/// digits is done again in double precision from the points themselves: see ``ExactPairs``. Everything else is summed in
/// double precision.
final class PreparedPoints: @unchecked Sendable {
  enum Sums {
    case single(PanelSums<Float>, ExactPairs)
    case double(PanelSums<Double>)
  }

  let count: Int
  let kind: Metric.Kind
  let sums: Sums

  init(
    _ cloud: PointCloud, metric: Metric, facts: inout DistanceFacts, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    count = cloud.count
    kind = metric.kind
    let sum: PairSum =
      switch metric.kind {
      case .cityblock: .magnitudes
      case .chebyshev: .greatest
      default: .squares
      }
    // Few coordinates: chains of single-precision sums would be too few to average their rounding out.
    let isSingle = cloud.elementType == .float32 && (cloud.dimension > 32 || metric.kind == .chebyshev)
    switch metric.kind {
    case .mahalanobis:
      let whitened = try Whitening.coordinates(
        of: cloud, metric.covariance, facts: &facts, threads: threads, progress: progress)
      sums = .double(PanelSums(table: whitened, kernels: .choose(sum)))
    case .cosine, .angular, .correlation:
      let directions = try Directions(
        cloud, centered: metric.kind == .correlation, threads: threads, progress: progress)
      if isSingle {
        let (table, errors) = try directions.roundedTable(threads: threads, progress: progress)
        let single = PanelSums(table: table, kernels: .choose(sum))
        let exact = ExactPairs(cloud, (directions, errors))
        if !exact.wouldOftenRefine(single, kind: metric.kind) {
          sums = .single(single, exact)
          return
        }
      }
      sums = .double(
        PanelSums(table: try directions.table(threads: threads, progress: progress), kernels: .choose(sum)))
    case .euclidean, .sqeuclidean, .cityblock, .chebyshev:
      if isSingle {
        let table = try cloud.panels(of: Float.self, threads: threads, progress: progress)
        sums = .single(PanelSums(table: table, kernels: .choose(sum)), ExactPairs(cloud))
      } else {
        let table = try cloud.panels(of: Double.self, threads: threads, progress: progress)
        sums = .double(PanelSums(table: table, kernels: .choose(sum)))
      }
    }
  }

  /// Writes d(row, j) for every j of `columns`. Safe from several threads.
  func fill(row: Int, columns: Range<Int>, into out: UnsafeMutablePointer<Float>) {
    switch sums {
    case .single(let sums, _): fill(sums, row: row, columns: columns, into: out)
    case .double(let sums): fill(sums, row: row, columns: columns, into: out)
    }
  }

  @inline(__always)
  private func fill<Scalar>(
    _ sums: PanelSums<Scalar>, row: Int, columns: Range<Int>, into out: UnsafeMutablePointer<Float>
  ) {
    if columns.isEmpty { return }
    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: max(1, sums.table.length)) { point in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 16) { buffer in
        sums.copyPoint(row, to: point.baseAddress!)
        for panel in columns.lowerBound / 16...(columns.upperBound - 1) / 16 {
          sums.fill(buffer.baseAddress!, point: point.baseAddress!, panel: panel)
          let part = columns.clamped(to: 16 * panel..<16 * panel + 16)
          finish(
            buffer.baseAddress! + (part.lowerBound - 16 * panel), row: row, columns: part,
            into: out + (part.lowerBound - columns.lowerBound))
        }
      }
    }
  }

  /// Writes several whole rows. Safe from several threads.
  func fill(rows: Range<Int>, into out: UnsafeMutablePointer<Float>) {
    switch sums {
    case .single(let sums, _): fill(sums, rows: rows, into: out)
    case .double(let sums): fill(sums, rows: rows, into: out)
    }
  }

  @inline(__always)
  private func fill<Scalar>(_ sums: PanelSums<Scalar>, rows: Range<Int>, into out: UnsafeMutablePointer<Float>) {
    if rows.isEmpty { return }
    let (watcher, group, n) = (Progress(), 8, count)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 256 * group) { buffer in
      let buffer = buffer.baseAddress!
      for rowPanel in rows.lowerBound / 16...(rows.upperBound - 1) / 16 {
        for first in stride(from: 0, to: sums.table.panels, by: group) {
          let columnPanels = first..<min(first + group, sums.table.panels)
          let columns = 16 * first..<min(n, 16 * columnPanels.upperBound)
          sums.fill(buffer, rows: rowPanel..<rowPanel + 1, columns: columnPanels, progress: watcher)
          for i in rows.clamped(to: 16 * rowPanel..<16 * rowPanel + 16) {
            finish(
              buffer + (i - 16 * rowPanel) * 16 * columnPanels.count, row: i, columns: columns,
              into: out + ((i - rows.lowerBound) * n + columns.lowerBound))
          }
        }
      }
    }
  }

  /// Turns the sums of a row's pairs into distances.
  func finish(
    _ sums: UnsafeMutablePointer<Double>, row: Int, columns: Range<Int>, into out: UnsafeMutablePointer<Float>
  ) {
    switch kind {
    case .euclidean, .mahalanobis: squareRoots(sums, row: row, columns: columns, into: out)
    default:
      if case .single(_, let exact) = self.sums { exact.refine(sums, row: row, columns: columns, kind: kind) }
    }
    switch kind {
    case .euclidean, .mahalanobis: break
    case .sqeuclidean, .cityblock, .chebyshev:
      for k in 0..<columns.count { out[k] = Float(sums[k]) }
    case .cosine, .correlation:
      for k in 0..<columns.count { out[k] = Float(Directions.cosineDistance(sums[k])) }
    case .angular:
      for k in 0..<columns.count { out[k] = Float(Directions.angularDistance(sums[k])) }
    }
    if columns.contains(row) { out[row - columns.lowerBound] = 0 }
  }

  @inline(__always)
  private func squareRoots(
    _ sums: UnsafeMutablePointer<Double>, row: Int, columns: Range<Int>, into out: UnsafeMutablePointer<Float>
  ) {
    let (count, whole) = (columns.count, columns.count & ~3)
    let exact: ExactPairs? = if case .single(_, let exact) = self.sums { exact } else { nil }
    let least = exact?.leastSquares ?? 0
    let isSafe = PairKernels<Double>.squareRoots(sums, whole, least, .greatestFiniteMagnitude, out)
    var first = whole
    if let exact, !isSafe || whole < count {
      exact.refine(sums, row: row, columns: columns, kind: kind)
      if !isSafe { first = 0 }
    }
    for k in first..<count { out[k] = Float(sums[k].squareRoot()) }
  }

  /// A distance beyond the range of single precision would read as "never joined": it is refused with its place.
  ///
  /// Costs a pass over the coordinates; all pairs are looked at only where their size makes such a distance possible.
  func refuseOverflow(progress: Progress) throws(ToposcopeError) {
    let (greatest, length) =
      switch sums {
      case .single(let sums, _): (Self.greatestMagnitude(sums.table), sums.table.length)
      case .double(let sums): (Self.greatestMagnitude(sums.table), sums.table.length)
      }
    let d = Double(length)
    let bound =
      switch kind {
      case .euclidean, .mahalanobis: 2 * greatest * d.squareRoot()
      case .sqeuclidean: 4 * greatest * greatest * d
      case .cosine, .angular, .correlation: 1.0
      case .cityblock: 2 * greatest * d
      case .chebyshev: 2 * greatest
      }
    if bound < 0.99 * Double(Float.greatestFiniteMagnitude) && greatest < 1e150 { return }
    let row = try AlignedMemory<Float>(count)
    for i in 0..<count {
      try progress.report(i, of: count)
      fill(row: i, columns: 0..<count, into: row.pointer)
      if let j = (0..<count).first(where: { !row.pointer[$0].isFinite }) {
        throw ToposcopeError(.overflow, row: i, column: j, value: .infinity)
      }
    }
  }

  private static func greatestMagnitude<Scalar>(_ table: PanelTable<Scalar>) -> Double {
    let numbers = 16 * table.panels * table.length
    var greatest: (Scalar, Scalar, Scalar, Scalar) = (0, 0, 0, 0)  // a panel has a multiple of four numbers
    for k in stride(from: 0, to: numbers, by: 4) {
      let p = table.pointer + k
      greatest.0 = p[0].magnitude > greatest.0 ? p[0].magnitude : greatest.0
      greatest.1 = p[1].magnitude > greatest.1 ? p[1].magnitude : greatest.1
      greatest.2 = p[2].magnitude > greatest.2 ? p[2].magnitude : greatest.2
      greatest.3 = p[3].magnitude > greatest.3 ? p[3].magnitude : greatest.3
    }
    return Double(max(greatest.0, greatest.1, greatest.2, greatest.3))
  }
}
