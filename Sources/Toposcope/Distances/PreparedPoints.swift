import CToposcopeProcessor

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
  /// How pairs are done again; nil where all sums are in double precision.
  private let exact: ExactPairs?
  /// Whether the sums are products of directions, not squared differences.
  private let isProducts: Bool
  /// No distance is greater.
  private let bound: Double

  init(
    _ cloud: PointCloud, metric: Metric, facts: inout DistanceFacts, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    count = cloud.count
    kind = metric.kind
    let (d, greatest) = (Double(cloud.dimension), cloud.greatestMagnitude)
    var (isProducts, bound) = (false, 1.0)
    switch metric.kind {
    case .mahalanobis:
      let whitened = try Whitening.coordinates(
        of: cloud, metric.covariance, facts: &facts, threads: threads, progress: progress)
      bound = 2 * Self.greatestMagnitude(whitened) * Double(whitened.length).squareRoot()
      sums = .double(PanelSums(table: whitened, kernels: .choose(.squares)))
    case .cosine, .angular, .correlation:
      (sums, isProducts) = try Self.directions(cloud, metric.kind, threads: threads, progress: progress)
    case .euclidean, .sqeuclidean, .cityblock, .chebyshev:
      let sum: PairSum = metric.kind == .cityblock ? .magnitudes : metric.kind == .chebyshev ? .greatest : .squares
      bound =
        switch metric.kind {
        case .euclidean: 2 * greatest * d.squareRoot()
        case .sqeuclidean: 4 * greatest * greatest * d
        case .cityblock: 2 * greatest * d
        default: 2 * greatest
        }
      // Few coordinates: double precision costs little, and its sums are rounded once.
      if cloud.elementType == .float32 && (cloud.dimension > 8 || metric.kind == .chebyshev) {
        let table = try cloud.panels(of: Float.self, threads: threads, progress: progress)
        let rounding: SumRounding? =
          switch metric.kind {
          case .euclidean: Self.halved(cloud.dimension)
          case .sqeuclidean: .squares
          case .cityblock: .magnitudes
          default: nil  // the greatest of several numbers is never rounded
          }
        sums = .single(PanelSums(table: table, kernels: .choose(sum), rounding: rounding), ExactPairs(cloud))
      } else {
        let table = try cloud.panels(of: Double.self, threads: threads, progress: progress)
        sums = .double(PanelSums(table: table, kernels: .choose(sum)))
      }
    }
    exact = if case .single(_, let exact) = sums { exact } else { nil }
    self.isProducts = isProducts
    self.bound = bound
  }

  /// The same points in another order. The distance of two points keeps its bits.
  init(_ other: PreparedPoints, order: [Int32], threads: Int, progress: Progress) throws(ToposcopeError) {
    (count, kind, isProducts, bound) = (order.count, other.kind, other.isProducts, other.bound)
    switch other.sums {
    case .single(let sums, let pairs):
      let exact = try ExactPairs(pairs, order: order, threads: threads, progress: progress)
      self.exact = exact
      self.sums = .single(try sums.reordered(order, threads: threads, progress: progress), exact)
    case .double(let sums):
      exact = nil
      self.sums = .double(try sums.reordered(order, threads: threads, progress: progress))
    }
  }

  /// Few coordinates make few chains, whose errors do not average out.
  private static func halved(_ dimension: Int) -> SumRounding { dimension > 32 ? .halved : .magnitudes }

  /// Single-precision points of many coordinates are rounded to single-precision directions, and summed as products where
  /// hardly any pair is close: |u - v|^2 = 2 - 2 u.v, and for |u - v|^2 >= 1 the difference takes no digits away.
  private static func directions(
    _ cloud: PointCloud, _ kind: Metric.Kind, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> (Sums, isProducts: Bool) {
    let directions = try Directions(cloud, centered: kind == .correlation, threads: threads, progress: progress)
    if cloud.elementType == .float32 && cloud.dimension > 32 {
      let (table, errors) = try directions.roundedTable(threads: threads, progress: progress)
      let products = ExactPairs(cloud, (directions, errors), leastFromProducts: 1)
      if products.refinedShare(kind: kind) < 0.004 {
        return (.single(PanelSums(table: table, kernels: .choose(.products), rounding: .halved), products), true)
      }
      let exact = ExactPairs(cloud, (directions, errors))
      if exact.refinedShare(kind: kind) < 0.05 {
        let rounding: SumRounding = kind == .angular ? .halved : .directions
        return (.single(PanelSums(table: table, kernels: .choose(.squares), rounding: rounding), exact), false)
      }
    }
    let table: PanelTable<Double> = try directions.table(threads: threads, progress: progress)
    return (.double(PanelSums(table: table, kernels: .choose(.squares))), false)
  }

  /// The number of coordinates over which sums are made.
  var dimension: Int {
    switch sums {
    case .single(let sums, _): sums.table.length
    case .double(let sums): sums.table.length
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

  /// Writes several rows, one after the other. Safe from several threads.
  func fill(rows: Range<Int>, columns: Range<Int>, into out: UnsafeMutablePointer<Float>) {
    switch sums {
    case .single(let sums, _): fill(sums, rows: rows, columns: columns, into: out)
    case .double(let sums): fill(sums, rows: rows, columns: columns, into: out)
    }
  }

  @inline(__always)
  private func fill<Scalar>(
    _ sums: PanelSums<Scalar>, rows: Range<Int>, columns: Range<Int>, into out: UnsafeMutablePointer<Float>
  ) {
    if rows.isEmpty || columns.isEmpty { return }
    let (watcher, group) = (Progress(), 8)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 256 * group) { buffer in
      let buffer = buffer.baseAddress!
      for rowPanel in rows.lowerBound / 16...(rows.upperBound - 1) / 16 {
        let end = (columns.upperBound + 15) / 16
        for first in stride(from: columns.lowerBound / 16, to: end, by: group) {
          let panels = first..<min(first + group, end)
          let part = columns.clamped(to: 16 * first..<16 * panels.upperBound)
          sums.fill(buffer, rows: rowPanel..<rowPanel + 1, columns: panels, progress: watcher)
          for i in rows.clamped(to: 16 * rowPanel..<16 * rowPanel + 16) {
            finish(
              buffer + ((i - 16 * rowPanel) * 16 * panels.count + part.lowerBound - 16 * first), row: i,
              columns: part,
              into: out + ((i - rows.lowerBound) * columns.count + part.lowerBound - columns.lowerBound))
          }
        }
      }
    }
  }

  /// Turns the sums of a row's pairs into distances. What is in `sums` afterwards is of no use.
  func finish(
    _ sums: UnsafeMutablePointer<Double>, row: Int, columns: Range<Int>, into out: UnsafeMutablePointer<Float>
  ) {
    let hasDiagonal = columns.contains(row)
    // A distance that is nothing out of the ordinary, in place of that of the point from itself.
    if hasDiagonal { sums[row - columns.lowerBound] = isProducts ? 0 : 1 }
    let whole = columns.count & ~3
    let done = finishPlain(sums, row: row, count: whole, into: out) ? whole : 0
    if done < columns.count {
      finishWithCare(sums + done, row: row, columns: columns.lowerBound + done..<columns.upperBound, into: out + done)
    }
    if hasDiagonal { out[row - columns.lowerBound] = 0 }
  }

  /// Distances of pairs of which none has to be done again, a multiple of four; false where one has to be, and then `out`
  /// has to be written again.
  private func finishPlain(
    _ sums: UnsafeMutablePointer<Double>, row: Int, count: Int, into out: UnsafeMutablePointer<Float>
  ) -> Bool {
    let kernels = KernelSet.best
    switch kind {
    case .angular: return false
    case .cosine, .correlation:
      // 1 - u.v has the bits of half of 2 - 2 u.v.
      let (shift, factor) = isProducts ? (1.0, -1.0) : (0, 0.5)
      let least = max(exact?.leastSafe(row: row) ?? 0, 2 * Directions.rounding)
      return 2 * kernels.shiftedMultiples(sums, count, shift, factor, 2, out) >= least
    case .euclidean, .mahalanobis:
      guard let exact else { return kernels.squareRoots(sums, count, 0, .infinity, out) }
      let least = max(exact.leastSquares, Self.leastSingleRoot)
      return kernels.squareRootsOfSingles(sums, count, least, Self.greatestSingle, out)
    case .sqeuclidean: return kernels.narrowed(sums, count, exact?.leastSquares ?? 0, Self.greatestSingle, out)
    case .cityblock: return kernels.narrowed(sums, count, 0, Self.greatestSingle, out)
    case .chebyshev: return kernels.narrowed(sums, count, 0, .infinity, out)
    }
  }

  private func finishWithCare(
    _ sums: UnsafeMutablePointer<Double>, row: Int, columns: Range<Int>, into out: UnsafeMutablePointer<Float>
  ) {
    if isProducts {
      for k in 0..<columns.count { sums[k] = 2 - 2 * sums[k] }
    }
    exact?.refine(sums, row: row, columns: columns, kind: kind)
    switch kind {
    case .euclidean, .mahalanobis:
      for k in 0..<columns.count {
        // The same roots as of plain pairs, but for sums that were done again in double precision.
        let single = Float(sums[k])
        let isPlain = exact != nil && sums[k] >= Self.leastSingleRoot && single < .infinity
        out[k] = isPlain ? single.squareRoot() : Float(sums[k].squareRoot())
      }
    case .sqeuclidean, .cityblock, .chebyshev:
      for k in 0..<columns.count { out[k] = Float(sums[k]) }
    case .cosine, .correlation:
      for k in 0..<columns.count { out[k] = Float(Directions.cosineDistance(sums[k])) }
    case .angular:
      for k in 0..<columns.count { out[k] = Float(Directions.angularDistance(sums[k])) }
    }
  }

  private static var greatestSingle: Double { Double(Float.greatestFiniteMagnitude) }
  /// Roots of less than this are taken in double precision.
  private static var leastSingleRoot: Double { 0x1p-100 }

  /// A distance beyond the range of single precision would read as "never joined": it is refused with its place.
  ///
  /// All pairs are looked at, but only where the size of the coordinates makes such a distance possible.
  func refuseOverflow(progress: Progress) throws(ToposcopeError) {
    if bound < 0.99 * Double(Float.greatestFiniteMagnitude) { return }
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
