/// A symmetric matrix in double precision, row after row. Both triangles are stored.
final class SymmetricMatrix: @unchecked Sendable {
  let order: Int
  let storage: AlignedMemory<Double>
  var entries: UnsafeMutablePointer<Double> { storage.pointer }

  /// All zero.
  init(order: Int) throws(ToposcopeError) {
    let (entries, overflow) = order.multipliedReportingOverflow(by: order)
    guard !overflow else { throw ToposcopeError(.memory, value: 8 * Double(order) * Double(order)) }
    self.order = order
    storage = try AlignedMemory(entries)
    storage.pointer.initialize(repeating: 0, count: entries)
  }

  func row(_ i: Int) -> UnsafeMutablePointer<Double> { entries + i * order }

  /// The products of all pairs of rows of a table: A A'.
  convenience init(
    rowProducts table: UnsafePointer<Double>, rows: Int, columns: Int, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    try self.init(order: rows)
    let out = entries
    try Threads.forEach(chunks: rows, threads: Threads.resolve(threads), progress: progress) { c in
      let i = rows - 1 - c  // long rows first
      for j in 0...i {
        let product = DenseRows.dot(table + i * columns, table + j * columns, columns)
        out[i * rows + j] = product
        out[j * rows + i] = product
      }
    }
  }

  /// The sum of the outer products of the rows of a table with themselves: A'A.
  convenience init(
    columnProducts table: UnsafePointer<Double>, rows: Int, columns: Int, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    let transposed = try AlignedMemory<Double>(rows * columns)
    DenseRows.transpose(table, rows: rows, columns: columns, to: transposed.pointer)
    try self.init(
      rowProducts: transposed.pointer, rows: columns, columns: rows, threads: threads, progress: progress)
  }

  var trace: Double { (0..<order).reduce(0) { $0 + entries[$1 * order + $1] } }

  /// The sum of the squares of all entries.
  var squaredNorm: Double { DenseRows.dot(entries, entries, order * order) }

  func scale(by factor: Double, addingToDiagonal shift: Double) {
    for k in 0..<order * order { entries[k] *= factor }
    for i in 0..<order { entries[i * order + i] += shift }
  }
}

/// Loops over rows of double-precision numbers.
enum DenseRows {
  static func dot(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int) -> Double {
    var (a, b) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
    var k = 0
    let (p, q) = (UnsafeRawPointer(x), UnsafeRawPointer(y))
    while k + 8 <= count {
      a +=
        p.loadUnaligned(fromByteOffset: 8 * k, as: SIMD4<Double>.self)
        * q.loadUnaligned(fromByteOffset: 8 * k, as: SIMD4<Double>.self)
      b +=
        p.loadUnaligned(fromByteOffset: 8 * k + 32, as: SIMD4<Double>.self)
        * q.loadUnaligned(fromByteOffset: 8 * k + 32, as: SIMD4<Double>.self)
      k += 8
    }
    var sum = (a + b).sum()
    while k < count {
      sum += x[k] * y[k]
      k += 1
    }
    return sum
  }

  static func transpose(
    _ table: UnsafePointer<Double>, rows: Int, columns: Int, to out: UnsafeMutablePointer<Double>
  ) {
    let tile = 32
    for top in stride(from: 0, to: rows, by: tile) {
      for left in stride(from: 0, to: columns, by: tile) {
        for i in top..<min(top + tile, rows) {
          for j in left..<min(left + tile, columns) { out[j * rows + i] = table[i * columns + j] }
        }
      }
    }
  }
}
