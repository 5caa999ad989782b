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
      Self.subtractProducts(matrix.panel(block), matrix.panel(block), block)
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
    _ panel: UnsafeMutablePointer<Double>, _ factorPanel: UnsafePointer<Double>, _ block: Int, columns: Int = 16
  ) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 256) { sums in
      sums.initialize(repeating: 0)
      // Row j of L times the sixteen rows of the panel: sums[j * 16 + i].
      PairKernels<Double>.products.pairs(factorPanel, panel, 16 * block, 64, sums.baseAddress!, 16)
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

  /// Replaces x by the solution y of L L' y = x.
  func solveBoth(_ x: inout [Double]) {
    for i in 0..<order {
      let panel = factor.panel(i >> 4) + (i & 15)
      var sum = x[i]
      for k in 0..<i { sum -= panel[16 * k] * x[k] }
      x[i] = sum / panel[16 * i]
    }
    for i in stride(from: order - 1, through: 0, by: -1) {
      let panel = factor.panel(i >> 4) + (i & 15)
      x[i] /= panel[16 * i]
      for k in 0..<i { x[k] -= x[i] * panel[16 * k] }
    }
  }
}
