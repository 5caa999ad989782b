/// Measures stages that follow one another.
struct Stopwatch {
  private var start = Progress.monotonicNanoseconds()

  /// Seconds since the last lap, or since the beginning.
  mutating func lap() -> Double {
    let now = Progress.monotonicNanoseconds()
    defer { start = now }
    return Double(now - start) * 1e-9
  }
}
