/// The products of all pairs of rows of a table, A A', as a table of as many rows and columns.
func symmetricProducts(
  of rows: PanelTable<Double>, threads: Int, progress: Progress
) throws(ToposcopeError) -> PanelTable<Double> {
  let products = try PanelTable<Double>(count: rows.count, length: rows.count)
  products.pointer.initialize(repeating: 0, count: 16 * products.panels * products.length)
  let n = rows.count
  try PanelSums(table: rows, kernels: .choose(.products)).forEachTile(threads: threads, progress: progress) {
    sums, rowPanels, columnPanels in
    let (firstRow, firstColumn) = (16 * rowPanels.lowerBound, 16 * columnPanels.lowerBound)
    for i in firstRow..<min(n, 16 * rowPanels.upperBound) {
      let sumsOfRow = sums + (i - firstRow) * 16 * columnPanels.count
      for j in max(i, firstColumn)..<max(i, firstColumn, min(n, 16 * columnPanels.upperBound)) {
        products[i, j] = sumsOfRow[j - firstColumn]
        products[j, i] = sumsOfRow[j - firstColumn]
      }
    }
  }
  return products
}

extension PanelTable where Scalar == Double {
  /// The table with rows and columns exchanged.
  func transposed(threads: Int, progress: Progress) throws(ToposcopeError) -> PanelTable<Double> {
    try PanelTable(count: length, length: count, threads: threads, progress: progress) { i, range, out in
      for k in range { out[k - range.lowerBound] = self[k, i] }
    }
  }

  /// The product of a square table with a vector.
  func times(_ x: [Double], _ y: inout [Double]) {
    let kernel = PairKernels<Double>.choose(.products).row
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 16) { sums in
      for p in 0..<panels {
        sums.initialize(repeating: 0)
        kernel(x, panel(p), length, 64, 64, sums.baseAddress!)
        for i in 0..<min(16, count - 16 * p) { y[16 * p + i] = sums[i] }
      }
    }
  }
}
