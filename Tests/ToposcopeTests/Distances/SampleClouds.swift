@testable import Toposcope

/// A generator whose numbers are the same everywhere (the minimal standard one of `rand`), so that the values that other
/// libraries gave for its points can be written down.
struct LinearCongruence {
  private var state: Int

  init(seed: Int = 12345) { state = seed }

  /// In -0.5 ..< 0.5.
  mutating func next() -> Double {
    state = (state * 1_103_515_245 + 12345) % (1 << 31)
    return Double(state) / Double(1 << 31) - 0.5
  }

  /// `count` points; coordinate j has the spread j + 1 where `graded`.
  mutating func rows(_ count: Int, _ dimension: Int, graded: Bool = false) -> [[Double]] {
    (0..<count).map { _ in (0..<dimension).map { next() * (graded ? Double($0 + 1) : 1) } }
  }
}

/// A cloud in single precision.
func singleCloud(_ rows: [[Double]]) throws -> PointCloud {
  let columns = rows.first?.count ?? 0
  let flat = rows.flatMap { $0.map { Float($0) } }
  return try flat.withUnsafeBufferPointer {
    try PointCloud(
      StridedArray(
        data: UnsafeRawPointer($0.baseAddress ?? UnsafePointer(bitPattern: 64)!), rows: rows.count, columns: columns,
        rowStride: 4 * columns, columnStride: 4, elementType: .float32))
  }
}

/// The error that the closure throws.
func failure(_ body: () throws -> Void) -> ToposcopeError? {
  do { try body() } catch { return error as? ToposcopeError }
  return nil
}
