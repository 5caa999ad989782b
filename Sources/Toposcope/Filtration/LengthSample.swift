/// The lengths of some pairs of vertices, which tell how those of all pairs are distributed.
struct LengthSample {
  /// Those below the limit, ascending.
  private let lengths: [Float]
  /// The number of pairs looked at.
  private let size: Int

  /// - Parameters:
  ///   - size: The number of pairs at most.
  ///   - vertices: Two or more.
  ///   - limit: Of longer pairs nothing has to be known.
  ///   - length: That of a pair.
  init(_ size: Int, vertices: Int, upTo limit: Float, length: (Int, Int) -> Float) {
    // A linear congruential walk over the pairs: the same sample every time.
    var (lengths, looked): ([Float], Int) = ([], 0)
    let n = UInt64(vertices)
    var state: UInt64 = 1
    for _ in 0..<size {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let (i, j) = (Int((state >> 32 &* n) >> 32), Int(((state >> 12 & 0xF_FFFF) &* n) >> 20))
      if i == j { continue }
      looked += 1
      let length = length(i, j)
      if length < limit { lengths.append(length) }
    }
    lengths.sort()
    (self.lengths, self.size) = (lengths, looked)
  }

  /// About this share of all pairs is shorter; nil where that is not below the limit.
  func quantile(_ share: Double) -> Float? {
    let index = Int(share * Double(size))
    return index < lengths.count ? lengths[index] : nil
  }

  /// The share of all pairs that are about as short or shorter.
  func share(upTo length: Float) -> Double {
    var (start, end) = (0, lengths.count)
    while start < end {
      let middle = (start + end) / 2
      if lengths[middle] <= length { start = middle + 1 } else { end = middle }
    }
    return Double(start) / Double(max(1, size))
  }
}
