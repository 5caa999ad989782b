/// The k smallest of a stream of numbers.
///
/// Candidates below the greatest of the k best so far are collected, and thinned out to k when twice that many have come
/// together; in a long row hardly any number is a candidate.
struct NearestValues {
  private let k: Int
  private var candidates: [Float] = []
  private var bound = Float.infinity

  init(_ k: Int) {
    self.k = k
    candidates.reserveCapacity(2 * k + 32)
  }

  mutating func add(_ values: UnsafePointer<Float>, count: Int) {
    for j in 0..<count where values[j] < bound || candidates.count < k {
      candidates.append(values[j])
      if candidates.count >= 2 * k + 32 { thin() }
    }
  }

  private mutating func thin() {
    candidates.sort()
    candidates.removeLast(candidates.count - k)
    bound = candidates[k - 1]
  }

  /// The k-th smallest, duplicates counted; infinity where there were fewer than k.
  mutating func last() -> Float {
    guard candidates.count >= k else { return .infinity }
    thin()
    return bound
  }
}
