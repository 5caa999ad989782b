/// The relative-neighbourhood normalisation: for each point the distance of its k-th nearest neighbour, and what is done
/// with it.
///
/// Everything happens on the rounded distances, so {normalised distance (max) <= 1} is exactly the graph that joins each
/// point with its k nearest neighbours (all that tie for the k-th place included).
final class NeighborScales: @unchecked Sendable {
  let scaling: RelativeNeighborhood.Scaling
  private let scales: AlignedMemory<Float>

  /// Refuses an impossible number of neighbours. One point has no distances, and needs no neighbours.
  /// - Parameter candidates: the number of points among which neighbours are looked for.
  static func check(_ neighborhood: RelativeNeighborhood?, count: Int, candidates: Int) throws(ToposcopeError) {
    guard let k = neighborhood?.neighbors, count > 1 || k < 1 else { return }
    guard k >= 1, k < candidates else { throw ToposcopeError(.neighborCount, row: candidates, value: Double(k)) }
  }

  /// - Parameters:
  ///   - fill: writes rows of `count` distances each; called from several threads.
  ///   - reference: nil where neighbours are looked for among the points themselves.
  init(
    _ neighborhood: RelativeNeighborhood, count: Int, threads: Int, progress: Progress,
    fill: (_ rows: Range<Int>, _ out: UnsafeMutablePointer<Float>) -> Void, reference: ReferenceDistances?
  ) throws(ToposcopeError) {
    let length = reference?.count ?? count
    try Self.check(neighborhood, count: count, candidates: length)
    scaling = neighborhood.scaling
    scales = try AlignedMemory(count)
    guard count > 1 else {
      scales.pointer.initialize(repeating: 0, count: count)
      return
    }
    let scales = self.scales.pointer
    let workers = count < 200 ? 1 : min(Threads.resolve(threads), count / 16)
    let band = 16
    let rows = try AlignedMemory<Float>(workers * band * max(length, count))
    let slots = Slots(workers)
    try Threads.forEach(chunks: (count + band - 1) / band, threads: workers, progress: progress) { c in
      let slot = slots.take()
      defer { slots.give(slot) }
      let out = rows.pointer + slot * band * length
      let part = c * band..<min(count, (c + 1) * band)
      if let reference { reference.fill(rows: part, into: out) } else { fill(part, out) }
      for i in part {
        let row = out + (i - part.lowerBound) * length
        // The place of the point itself, which is no neighbour; a reference need not have it.
        let own = reference == nil ? i : (0..<length).first { row[$0] == 0 } ?? length
        scales[i] = Self.scale(row, count: length, point: own, neighborhood)
      }
    }
    try refuse(neighborhood, count: count, row: rows.pointer, fill: fill, progress: progress)
  }

  /// The same scales in another order of the points.
  init(_ other: NeighborScales, order: [Int32]) throws(ToposcopeError) {
    scaling = other.scaling
    scales = try AlignedMemory(other.scales, order: order)
  }

  /// The k-th smallest distance of a row, one place left out; the smallest positive one where that is wanted.
  private static func scale(
    _ row: UnsafeMutablePointer<Float>, count: Int, point: Int, _ neighborhood: RelativeNeighborhood
  ) -> Float {
    var nearest = NearestValues(neighborhood.neighbors)
    nearest.add(row, count: point)
    if point < count { nearest.add(row + point + 1, count: count - point - 1) }
    let scale = nearest.last()
    if scale > 0 || neighborhood.duplicates == .refuse { return scale }
    var smallest = Float.infinity
    for j in 0..<count where row[j] > 0 { smallest = min(smallest, row[j]) }
    return smallest == .infinity ? 0 : smallest
  }

  /// 0 / 0 is 0, for duplicates; a positive distance over 0 is refused, and so is a scale that is infinite.
  private func refuse(
    _ neighborhood: RelativeNeighborhood, count: Int, row: UnsafeMutablePointer<Float>,
    fill: (_ rows: Range<Int>, _ out: UnsafeMutablePointer<Float>) -> Void, progress: Progress
  ) throws(ToposcopeError) {
    let scales = self.scales.pointer
    if let lonely = (0..<count).first(where: { scales[$0] == .infinity }) {
      throw ToposcopeError(.lonelyPoint, row: lonely, value: Double(neighborhood.neighbors))
    }
    let zeros = (0..<count).filter { scales[$0] == 0 }
    for (done, i) in zeros.enumerated() {
      try progress.report(done, of: zeros.count)
      fill(i..<i + 1, row)
      if (0..<count).contains(where: { row[$0] > 0 && divisor(i, $0) == 0 }) {
        throw ToposcopeError(.duplicates, row: zeros[0], value: Double(zeros.count))
      }
    }
  }

  /// Normalises a whole matrix where it lies.
  /// - Parameter reference: nil where neighbours are looked for among the points themselves.
  static func normalize(
    _ matrix: UnsafeMutablePointer<Float>, count n: Int, by neighborhood: RelativeNeighborhood, threads: Int,
    progress: Progress, reference: ReferenceDistances?
  ) throws(ToposcopeError) {
    let scales = try NeighborScales(
      neighborhood, count: n, threads: threads, progress: progress,
      fill: { $1.update(from: matrix + $0.lowerBound * n, count: $0.count * n) }, reference: reference)
    let band = 16
    let workers = n < 500 ? 1 : Threads.resolve(threads)
    try Threads.forEach(chunks: (n + band - 1) / band, threads: workers, progress: progress) { c in
      for i in c * band..<min(n, (c + 1) * band) { scales.normalize(row: i, columns: 0..<n, matrix + i * n) }
    }
  }

  private func divisor(_ i: Int, _ j: Int) -> Double {
    let (a, b) = (scales.pointer[i], scales.pointer[j])
    return switch scaling {
    case .max: Double(Swift.max(a, b))
    case .geometric: (Double(a) * Double(b)).squareRoot()
    case .min: Double(Swift.min(a, b))
    }
  }

  /// Divides the distances of one row. Symmetric: the divisor of (i, j) is that of (j, i).
  func normalize(row: Int, columns: Range<Int>, _ out: UnsafeMutablePointer<Float>) {
    for j in columns {
      let distance = out[j - columns.lowerBound]
      if distance > 0 { out[j - columns.lowerBound] = Float(Double(distance) / divisor(row, j)) }
    }
  }
}
