/// The pairs of a distance matrix, collected one band of lengths after another, so that they need never be stored, nor
/// sorted, all at once.
///
/// The bounds of the bands are quantiles of a sample of the lengths. They decide how much work and memory a band takes,
/// never what is in the sequence.
struct EdgeBands {
  private let distances: DistanceMatrix
  /// No edge of this length or less is wanted; nil: all are.
  private let least: Float?
  /// Ascending; the last is the greatest length wanted.
  private let bounds: [Float]
  private var next = 0
  /// Where another thread may help.
  let gathering: BandGathering
  /// The number of bands.
  var count: Int { bounds.count }

  private static let sampleSize = 1 << 13
  /// A band holds about this share of all pairs; the first ones less, as many filtrations end early.
  private static let share = 1.0 / 16
  private static let firstShares = [1.0 / 64, 1.0 / 64, 1.0 / 32]
  /// Smaller bands are not worth another look at all pairs.
  private static let fewPairs = 1 << 16

  /// - Parameters:
  ///   - least: No edge of this length or less is wanted; nil: all are.
  ///   - mayEndEarly: Whether the first bands may be all that is asked for.
  /// - Precondition: vertices fit in 16 bits.
  init(_ distances: DistanceMatrix, after least: Float? = nil, upTo limit: Float, mayEndEarly: Bool) {
    self.distances = distances
    self.least = least
    gathering = BandGathering(distances)
    let n = distances.count
    let pairs = n * (n - 1) / 2
    guard pairs > (mayEndEarly ? 2 : 16) * EdgeBands.fewPairs else {
      bounds = [limit]
      return
    }
    let sample = LengthSample(EdgeBands.sampleSize, vertices: n, upTo: limit) { distances[$0, $1] }
    var found: [Float] = []
    var shares = (mayEndEarly ? EdgeBands.firstShares : []).makeIterator()
    var part = 0.0
    while true {
      part += max(shares.next() ?? EdgeBands.share, Double(EdgeBands.fewPairs) / Double(pairs))
      guard let bound = sample.quantile(part) else { break }
      if bound > (found.last ?? least ?? -1) { found.append(bound) }
    }
    bounds = found + [limit]
  }

  /// Puts the keys of the edges of the next band, sorted, at the front of `keys`. Returns their number, or nil when there
  /// are no more bands.
  ///
  /// - Parameter goOn: Called every few rows with the number of bands before this one, and of all; throws to give up.
  mutating func collect(
    into keys: inout Memory<UInt64>, spare: inout Memory<UInt64>, goOn: (Int, Int) throws(ToposcopeError) -> Void
  ) throws(ToposcopeError) -> Int? {
    guard next < bounds.count else { return nil }
    let (lower, upper) = (next == 0 ? least : bounds[next - 1], bounds[next])
    next += 1
    let n = distances.count
    if keys.count < usualCount { keys = try Memory(usualCount, isZeroed: false) }
    if spare.count < keys.count { spare = try Memory(keys.count, isZeroed: false) }
    var count = 0
    gathering.begin(
      after: lower.map { Int32(bitPattern: $0.bitPattern) } ?? -1, upTo: Int32(bitPattern: upper.bitPattern),
      room: spare)
    do throws(ToposcopeError) {
      while let rows = gathering.next() {
        for i in rows {
          if count + n - i > keys.count { keys = try grown(keys, count: count, toHold: count + n - i) }
          count += gathering.gather(i, into: keys.base + count)
        }
        try goOn(next - 1, bounds.count)
      }
    } catch {
      _ = gathering.end()
      throw error
    }
    let rest = gathering.end()
    if count + rest.count > keys.count { keys = try grown(keys, count: count, toHold: count + rest.count) }
    if let first = rest.baseAddress { (keys.base + count).update(from: first, count: rest.count) }
    count += rest.count
    if spare.count < count { spare = try Memory(keys.count, isZeroed: false) }
    var (front, back) = (keys.base, spare.base)
    try RadixSort.sort(&front, spare: &back, count: count) { () throws(ToposcopeError) in
      try goOn(next - 1, bounds.count)
    }
    if front != keys.base { swap(&keys, &spare) }
    return count
  }

  /// Room for most bands. Pages are taken when they are written to, so that too much costs nothing.
  private var usualCount: Int {
    let pairs = distances.count * (distances.count - 1) / 2
    return bounds.count == 1 ? pairs : Int(Double(pairs) * EdgeBands.share * 1.25) + distances.count
  }

  private func grown(
    _ keys: Memory<UInt64>, count: Int, toHold needed: Int
  ) throws(ToposcopeError) -> Memory<UInt64> {
    let larger = try Memory<UInt64>(max(needed, keys.count + keys.count / 2), isZeroed: false)
    larger.base.update(from: keys.base, count: count)
    return larger
  }
}
