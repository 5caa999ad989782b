import CToposcopeProcessor

/// Coordinates in the order in which the kernels read them: panels of sixteen points, coordinate by coordinate.
///
/// `pointer[(i / 16 * length + k) * 16 + i % 16]` is coordinate k of point i. Points past the last are zero.
final class PanelTable<Scalar: Summable>: @unchecked Sendable {
  let count: Int
  /// Coordinates of a point.
  let length: Int
  let pointer: UnsafeMutablePointer<Scalar>
  private let storage: AlignedMemory<Scalar>

  static var panelPoints: Int { 16 }
  var panels: Int { (count + 15) / 16 }

  /// The panels of some points, of which the first is the first of its panel.
  static func panels(of points: Range<Int>) -> Range<Int> { points.lowerBound / 16..<(points.upperBound + 15) / 16 }

  /// All zero.
  init(count: Int, length: Int) throws(ToposcopeError) {
    let (panelNumbers, overflow) = length.multipliedReportingOverflow(by: 16)
    let (numbers, overflow2) = panelNumbers.multipliedReportingOverflow(by: (count + 15) / 16)
    guard !overflow, !overflow2 else {
      throw ToposcopeError(.memory, value: Double(count) * Double(length) * Double(MemoryLayout<Scalar>.size))
    }
    storage = try AlignedMemory(numbers)
    pointer = storage.pointer
    self.count = count
    self.length = length
  }

  /// - Parameter read: writes coordinates `range` of a point, in order. Called from several threads.
  convenience init(
    count: Int, length: Int, threads: Int, progress: Progress,
    read: (_ point: Int, _ range: Range<Int>, _ out: UnsafeMutablePointer<Scalar>) -> Void
  ) throws(ToposcopeError) {
    try self.init(count: count, length: length)
    // Threads cost more than little work gains.
    let threads = count * length < 200_000 ? 1 : Threads.resolve(threads)
    let table = self
    try Threads.forEach(chunks: panels, threads: threads, progress: progress) { panel in
      table.fill(panel: panel, progress: progress, read: read)
    }
  }

  /// The points of a table in another order.
  convenience init(_ table: PanelTable, order: [Int32], threads: Int, progress: Progress) throws(ToposcopeError) {
    try self.init(count: order.count, length: table.length, threads: threads, progress: progress) { i, range, out in
      let point = table.panel(Int(order[i]) >> 4) + Int(order[i]) & 15
      for k in range { out[k &- range.lowerBound] = point[16 &* k] }
    }
  }

  @inline(__always)
  private func fill(
    panel: Int, progress: Progress,
    read: (_ point: Int, _ range: Range<Int>, _ out: UnsafeMutablePointer<Scalar>) -> Void
  ) {
    // A run of memory long enough to be foreseen.
    let segment = min(1024 / MemoryLayout<Scalar>.stride, max(16, (length + 15) & ~15))
    let out = self.panel(panel)
    let points = min(16, count - panel * 16)
    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: 16 * segment) { buffer in
      let rows = buffer.baseAddress!
      rows.initialize(repeating: 0, count: 16 * segment)
      for start in stride(from: 0, to: length, by: segment) {
        if progress.isCancelled { return }
        let range = start..<min(start + segment, length)
        for i in 0..<points { read(panel * 16 + i, range, rows + i * segment) }
        let target = out + start * 16
        if Scalar.self == Float.self {
          let (from, to) = (UnsafeRawPointer(rows), UnsafeMutableRawPointer(target))
          KernelSet.best.transpose(
            from.assumingMemoryBound(to: Float.self), segment, 16, range.count, to.assumingMemoryBound(to: Float.self),
            16)
        } else {
          for k in 0..<range.count {
            for i in 0..<16 { target[k &* 16 &+ i] = rows[i &* segment &+ k] }
          }
        }
      }
    }
  }

  @inline(__always)
  func panel(_ index: Int) -> UnsafeMutablePointer<Scalar> { pointer + index * length * 16 }

  @inline(__always)
  subscript(point: Int, coordinate: Int) -> Scalar {
    get { pointer[((point >> 4) * length + coordinate) * 16 + (point & 15)] }
    set { pointer[((point >> 4) * length + coordinate) * 16 + (point & 15)] = newValue }
  }
}
