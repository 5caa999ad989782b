/// The factor L of a symmetric positive definite matrix L L', lower triangular, as rows of a table.
///
/// Blocks of sixteen columns, one after the other: the products with the columns before come from the same kernel as the
/// products of points, what remains is a triangle of sixteen.
struct Cholesky: Sendable {
  let factor: PanelTable<Double>
  var order: Int { factor.count }

  /// Factors the matrix in place, of which only the lower triangle is read. Returns nil where it is not positive definite
  /// to working precision.
  init?(_ matrix: PanelTable<Double>, threads: Int, progress: Progress) throws(ToposcopeError) {
    factor = matrix
    let order = matrix.count
    let tolerance = 0x1p-48 * Double(order).squareRoot()
    let panels = matrix.panels
    for block in 0..<panels {
      let before = (16 * block..<min(order, 16 * block + 16)).map { matrix[$0, $0] }
      // Not sixteen columns in the last block: what lies behind them may belong to another thread.
      Self.subtractProducts(matrix.panel(block), matrix.panel(block), block, columns: before.count)
      for i in 0..<before.count {
        let row = 16 * block + i
        for j in 0..<i {
          var sum = matrix[row, 16 * block + j]
          for t in 0..<j { sum -= matrix[row, 16 * block + t] * matrix[16 * block + j, 16 * block + t] }
          matrix[row, 16 * block + j] = sum / matrix[16 * block + j, 16 * block + j]
        }
        var pivot = matrix[row, row]
        for t in 0..<i { pivot -= matrix[row, 16 * block + t] * matrix[row, 16 * block + t] }
        guard pivot > tolerance * before[i] else { return nil }
        matrix[row, row] = pivot.squareRoot()
        for above in row + 1..<max(row + 1, order) { matrix[row, above] = 0 }
      }
      let rest = panels - block - 1
      let workers = block * rest < 200 ? 1 : Threads.resolve(threads)
      try progress.report(block, of: panels)
      let (factor, done) = (matrix, block)
      try Threads.forEach(chunks: rest, threads: workers, progress: Progress()) {
        Self.solveBlock(factor, done, factor.panel(done + 1 + $0))
      }
    }
  }

  /// Subtracts from columns 16 * block... of the rows in `panel` their products with the rows of a panel of L.
  @inline(__always)
  private static func subtractProducts(
    _ panel: UnsafeMutablePointer<Double>, _ factorPanel: UnsafePointer<Double>, _ block: Int, columns: Int
  ) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 256) { sums in
      sums.initialize(repeating: 0)
      // Row j of L times the sixteen rows of the panel: sums[j * 16 + i].
      PairKernels<Double>.choose(.products).pairs(
        factorPanel, panel, 0, 1, 16 * block, 64, 64, sums.baseAddress!, 16, nil)
      for j in 0..<columns {
        let column = panel + (16 * block + j) * 16
        for i in 0..<16 { column[i] -= sums[16 * j + i] }
      }
    }
  }

  /// Solves for the unknowns of one block, of sixteen right sides at once, where those of all blocks before are known.
  private static func solveBlock(_ factor: PanelTable<Double>, _ block: Int, _ panel: UnsafeMutablePointer<Double>) {
    let columns = min(16, factor.count - 16 * block)
    subtractProducts(panel, factor.panel(block), block, columns: columns)
    for j in 0..<columns {
      let column = panel + (16 * block + j) * 16
      for t in 0..<j {
        let other = panel + (16 * block + t) * 16
        let weight = factor[16 * block + j, 16 * block + t]
        for i in 0..<16 { column[i] -= weight * other[i] }
      }
      let pivot = factor[16 * block + j, 16 * block + j]
      for i in 0..<16 { column[i] /= pivot }
    }
  }

  /// Replaces every row x of the table by the solution y of L y = x.
  func solve(_ rows: PanelTable<Double>, threads: Int, progress: Progress) throws(ToposcopeError) {
    let group = 4  // panels that share what they read of L
    let workers = rows.count * order * order < 1_000_000 ? 1 : Threads.resolve(threads)
    try Threads.forEach(chunks: (rows.panels + group - 1) / group, threads: workers, progress: progress) { chunk in
      for block in 0..<factor.panels {
        if progress.isCancelled { return }
        for panel in chunk * group..<min(rows.panels, (chunk + 1) * group) {
          Self.solveBlock(factor, block, rows.panel(panel))
        }
      }
    }
  }

  /// The solution of L L' y = x as a function of x, for many x one after the other.
  func solver() throws(ToposcopeError) -> (_ x: [Double], _ y: inout [Double]) -> Void {
    let n = order
    let rows = try AlignedMemory<Double>(n * n)
    for i in 0..<n { for k in 0...i { rows.pointer[i * n + k] = factor[i, k] } }
    return { x, y in
      for i in 0..<n {
        let row = rows.pointer + i * n
        var (a, b, c, d) = (0.0, 0.0, 0.0, 0.0)
        var k = 0
        while k + 4 <= i {
          a += row[k] * y[k]
          b += row[k + 1] * y[k + 1]
          c += row[k + 2] * y[k + 2]
          d += row[k + 3] * y[k + 3]
          k += 4
        }
        while k < i {
          a += row[k] * y[k]
          k += 1
        }
        y[i] = (x[i] - ((a + b) + (c + d))) / row[i]
      }
      for i in stride(from: n - 1, through: 0, by: -1) {
        let row = rows.pointer + i * n
        y[i] /= row[i]
        let weight = y[i]
        for k in 0..<i { y[k] -= weight * row[k] }
      }
    }
  }
}
