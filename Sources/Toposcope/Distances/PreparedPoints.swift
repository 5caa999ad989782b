import CToposcopeProcessor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

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
  /// Not nil where the sums are products of shifted points.
  private let shifted: ShiftedPoints?
  private let finish: Finish?
  /// No distance is greater.
  private let bound: Double

  init(
    _ cloud: PointCloud, metric: Metric, facts: inout DistanceFacts, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    count = cloud.count
    kind = metric.kind
    let (d, greatest) = (Double(cloud.dimension), cloud.greatestMagnitude)
    var (isProducts, bound) = (false, 1.0)
    var shifted: ShiftedPoints?
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
        case .sqeuclidean: greatest == 0 ? 0 : max(4 * greatest * greatest * d, .leastNonzeroMagnitude)
        case .cityblock: 2 * greatest * d
        default: 2 * greatest
        }
      let pairs = ExactPairs(cloud)
      if cloud.elementType == .float32, sum == .squares,
        let (points, table) = try ShiftedPoints.make(
          cloud, pairs, kind: metric.kind, threads: threads, progress: progress)
      {
        shifted = points
        sums = .single(PanelSums(table: table, kernels: .choose(.products), rounding: .halved), pairs)
      } else
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
        sums = .single(PanelSums(table: table, kernels: .choose(sum), rounding: rounding), pairs)
      } else {
        let table = try cloud.panels(of: Double.self, threads: threads, progress: progress)
        sums = .double(PanelSums(table: table, kernels: .choose(sum)))
      }
    }
    exact = if case .single(_, let exact) = sums { exact } else { nil }
    self.isProducts = isProducts
    self.shifted = shifted
    finish = shifted == nil ? Self.finish(kind, exact, isProducts: isProducts) : nil
    self.bound = bound
  }

  /// The same points in another order. The distance of two points keeps its bits.
  init(_ other: PreparedPoints, order: [Int32], threads: Int, progress: Progress) throws(ToposcopeError) {
    (count, kind, isProducts, bound) = (order.count, other.kind, other.isProducts, other.bound)
    finish = other.finish
    shifted = if let it = other.shifted { try ShiftedPoints(it, order: order) } else { nil }
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
        return (.single(PanelSums(table: table, kernels: .choose(.products), rounding: .products), products), true)
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

  /// A tile of distances has at most so many rows and columns.
  var tileSide: Int {
    switch sums {
    case .single(let sums, _): sums.tileSide
    case .double(let sums): sums.tileSide
    }
  }

  /// What of the differences between the coordinates of two points grows with their distance.
  var sumOfDifferences: PairSum {
    switch kind {
    case .cityblock: .magnitudes
    case .chebyshev: .greatest
    default: .squares
    }
  }

  /// Two points at a distance of at most `distance` have no greater ``sumOfDifferences`` than the one, two that are farther
  /// apart no lesser than the other, whatever is lost to rounding.
  func sums(at distance: Float) -> (most: Double, least: Double) {
    let error = greatestError
    func sum(_ distance: Double, _ error: Double) -> Double {
      var length = max(0, distance)
      switch kind {
      case .cityblock, .chebyshev: return length
      case .euclidean, .mahalanobis: break
      case .sqeuclidean: length = length.squareRoot()
      case .cosine, .correlation: length = (2 * length).squareRoot()
      case .angular: length = 2 * sin(min(length, 1) * .pi / 2)
      }
      let reach = max(0, length + error)
      return reach * reach
    }
    let (distance, share, tiny) = (Double(distance), Self.greatestShare, Self.tiny)
    return (sum((1 + share) * distance + tiny, error), sum((1 - share) * distance - tiny, -error))
  }

  /// Of two pairs of points whose sums of squares differ by more than this, the one with the lesser sum has the lesser
  /// distance, whatever is lost to rounding. `sum` is not less than the greater of the two.
  func clearLead(of sum: Double) -> Double {
    // The roots of the sums are off by the error, and by a share of the length that sums in double precision and distances in
    // single precision make small.
    let error = greatestError + 2 * (kind == .euclidean || kind == .mahalanobis ? Self.tiny : Self.tiny.squareRoot())
    let share = if case .double = sums { 0x1p-20 } else { Self.greatestShare }
    return 8 * (share * sum + error * sum.squareRoot())
  }

  /// The root of the sum of squares of two points is off by no more, beside a share of it.
  private var greatestError: Double {
    switch kind {
    case .cosine, .correlation, .angular: exact == nil ? Directions.rounding.squareRoot() : Directions.greatestError
    default: shifted?.greatestError ?? 0
    }
  }

  /// Far more than sums are off by, and than what is rounded to zero.
  private static let (greatestShare, tiny) = (0x1p-16, Double(Float.leastNormalMagnitude))

  /// Writes the coordinates over which sums are made.
  func write(_ point: Int, into out: UnsafeMutablePointer<Double>) {
    switch sums {
    case .single(let sums, _): for k in 0..<sums.table.length { out[k] = Double(sums.table[point, k]) }
    case .double(let sums): for k in 0..<sums.table.length { out[k] = sums.table[point, k] }
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
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 16 * Self.group) { buffer in
        sums.copyPoint(row, to: point.baseAddress!)
        let panels = PanelTable<Scalar>.panels(of: columns)
        for first in stride(from: panels.lowerBound, to: panels.upperBound, by: Self.group) {
          let last = min(first + Self.group, panels.upperBound)
          for panel in first..<last {
            sums.fill(buffer.baseAddress! + 16 * (panel - first), point: point.baseAddress!, panel: panel)
          }
          let part = columns.clamped(to: 16 * first..<16 * last)
          finish(
            buffer.baseAddress! + (part.lowerBound - 16 * first), row: row, columns: part,
            into: out + (part.lowerBound - columns.lowerBound))
        }
      }
    }
  }

  /// Writes some columns of several rows, `stride` numbers from one to the next. Safe from several threads. Columns past
  /// the last point, to the end of its panel, are room for anything.
  func fill(rows: Range<Int>, columns: Range<Int>, into out: UnsafeMutablePointer<Float>, stride: Int) {
    // Vectors of sums lie in one cache line each.
    withUnsafeTemporaryAllocation(byteCount: 8 * Self.sumNumbers, alignment: 64) { memory in
      let sums = memory.baseAddress!.assumingMemoryBound(to: Double.self)
      fill(rows: rows, columns: columns, into: out, stride: stride, sums: sums)
    }
  }

  /// Panels of columns that are done at a time.
  private static var group: Int { 8 }
  /// As many sums there are at a time.
  static var sumNumbers: Int { 256 * group }

  private static let unwatched = Progress()

  /// The same with memory for ``sumNumbers``.
  func fill(
    rows: Range<Int>, columns: Range<Int>, into out: UnsafeMutablePointer<Float>, stride: Int,
    sums buffer: UnsafeMutablePointer<Double>
  ) {
    switch sums {
    case .single(let sums, _):
      fill(sums, rows: rows, columns: columns, into: out, stride: stride, buffer) { place, row, columns, partial in
        if let shifted {
          return sums.fillDistances(
            place, stride: stride, row: row, columns: columns, finish: shifted.finish, halves: shifted.halves.pointer,
            partial: partial)
        }
        guard let finish else { return false }
        return sums.fillDistances(
          place, stride: stride, row: row, columns: columns, finish: finish, partial: partial)
      }
    case .double(let sums):
      fill(sums, rows: rows, columns: columns, into: out, stride: stride, buffer) { place, row, columns, partial in
        guard let finish else { return false }
        return sums.fillDistances(
          place, stride: stride, row: row, columns: columns, finish: finish, partial: partial)
      }
    }
  }

  /// - Parameter fillWhole: writes the distances of a panel and some others without keeping sums, or returns false.
  @inline(__always)
  private func fill<Scalar>(
    _ sums: PanelSums<Scalar>, rows: Range<Int>, columns: Range<Int>, into out: UnsafeMutablePointer<Float>,
    stride: Int, _ buffer: UnsafeMutablePointer<Double>,
    fillWhole: (
      _ place: UnsafeMutablePointer<Float>, _ row: Int, _ columns: Range<Int>, _ partial: UnsafeMutablePointer<Double>
    ) -> Bool
  ) {
    if rows.isEmpty || columns.isEmpty { return }
    let panels = columns.lowerBound / 16..<(columns.upperBound + 15) / 16
    for row in rows.lowerBound / 16...(rows.upperBound - 1) / 16 {
      let points = 16 * row..<16 * row + 16
      var first = panels.lowerBound
      while first < panels.upperBound {
        // The panel itself alone: there points meet themselves.
        let next = first == row ? row + 1 : first < row ? min(row, panels.upperBound) : panels.upperBound
        let part = first..<min(first + Self.group, next)
        first = part.upperBound
        let partColumns = 16 * part.lowerBound..<16 * part.upperBound
        let isWhole = partColumns.clamped(to: columns) == partColumns && points.clamped(to: rows) == points
        if isWhole, part.lowerBound != row, sums.isShort {
          let place = out + ((16 * row - rows.lowerBound) * stride + partColumns.lowerBound - columns.lowerBound)
          if fillWhole(place, row, part, buffer) { continue }
        }
        let there = columns.clamped(to: partColumns).clamped(to: 0..<count)
        sums.fill(buffer, rows: row..<row + 1, columns: part, progress: Self.unwatched)
        for i in rows.clamped(to: points).clamped(to: 0..<count) {
          self.finish(
            buffer + ((i - 16 * row) * 16 * part.count + there.lowerBound - partColumns.lowerBound), row: i,
            columns: there, into: out + ((i - rows.lowerBound) * stride + there.lowerBound - columns.lowerBound))
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
    if hasDiagonal { sums[row - columns.lowerBound] = isProducts || shifted != nil ? 0 : 1 }
    let whole = columns.count & ~3
    var isPlain = finish.map { KernelSet.best.finished(sums, whole, $0, out) } ?? false
    if let shifted {
      isPlain = KernelSet.best.finishedProducts(
        sums, whole, shifted.halves.pointer + columns.lowerBound, shifted.halves.pointer[row], shifted.finish, out)
    }
    let done = isPlain ? whole : 0
    if done < columns.count {
      finishWithCare(sums + done, row: row, columns: columns.lowerBound + done..<columns.upperBound, into: out + done)
    }
    if hasDiagonal { out[row - columns.lowerBound] = 0 }
  }

  /// How sums become distances where no pair has to be done again.
  private static func finish(_ kind: Metric.Kind, _ exact: ExactPairs?, isProducts: Bool) -> Finish? {
    switch kind {
    case .angular:
      // Near the opposite direction a pair is done again: see ``ExactPairs``.
      let least = max(exact?.leastSafe ?? 0, 2 * Directions.rounding)
      let greatest = exact == nil ? .infinity : ExactPairs.steepAngle
      return isProducts
        ? Finish(form: TOPOSCOPE_ANGLE_OF_PRODUCT, least: 1 - greatest / 2, greatest: 1 - least / 2)
        : Finish(form: TOPOSCOPE_ANGLE, least: least, greatest: greatest)
    case .cosine, .correlation:
      let least = max(exact?.leastSafe ?? 0, 2 * Directions.rounding)
      // 1 - u.v has the bits of half of 2 - 2 u.v.
      return isProducts
        ? Finish(form: TOPOSCOPE_COMPLEMENT, least: -.infinity, greatest: 1 - least / 2)
        : Finish(form: TOPOSCOPE_HALF, least: least, greatest: .infinity)
    case .euclidean, .mahalanobis:
      guard let exact else { return Finish(form: TOPOSCOPE_ROOT, least: 0, greatest: .infinity) }
      return Finish(
        form: TOPOSCOPE_ROOT_OF_SINGLE, least: max(exact.leastSquares, leastSingleRoot), greatest: greatestSingle)
    case .sqeuclidean:
      return Finish(form: TOPOSCOPE_AS_IT_IS, least: exact?.leastSquares ?? 0, greatest: greatestSingle)
    case .cityblock: return Finish(form: TOPOSCOPE_AS_IT_IS, least: 0, greatest: greatestSingle)
    case .chebyshev: return Finish(form: TOPOSCOPE_AS_IT_IS, least: 0, greatest: .infinity)
    }
  }

  private func finishWithCare(
    _ sums: UnsafeMutablePointer<Double>, row: Int, columns: Range<Int>, into out: UnsafeMutablePointer<Float>
  ) {
    if isProducts {
      for k in 0..<columns.count { sums[k] = 2 - 2 * sums[k] }
    }
    if let shifted { shifted.squares(sums, row: row, columns: columns) }
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
      for k in 0..<columns.count where sums[k] < Directions.rounding { sums[k] = 0 }
      let all = Finish(form: TOPOSCOPE_ANGLE, least: -.infinity, greatest: .infinity)
      _ = KernelSet.best.finished(sums, columns.count, all, out)
    }
  }

  private static var greatestSingle: Double { Double(Float.greatestFiniteMagnitude) }
  /// Roots of less than this are taken in double precision.
  private static var leastSingleRoot: Double { 0x1p-100 }

  /// A distance beyond the range of single precision would read as "never joined": it is refused with its place. So are
  /// points whose distances are all below it, and would read as those of equal points.
  ///
  /// All pairs are looked at, but only where the size of the coordinates makes too large a distance possible.
  func refuseOutOfRange(progress: Progress) throws(ToposcopeError) {
    if count > 1 && bound > 0 && bound < Double(Float.leastNormalMagnitude) {
      throw ToposcopeError(.underflow, value: bound)
    }
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
