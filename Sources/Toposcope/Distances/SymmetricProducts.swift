/// The products of all pairs of rows of a table, A A', as a table of as many rows and columns.
func symmetricProducts(
  of rows: PanelTable<Double>, threads: Int, progress: Progress
) throws(ToposcopeError) -> PanelTable<Double> {
  let products = try PanelTable<Double>(count: rows.count, length: rows.count)
  products.pointer.initialize(repeating: 0, count: 16 * products.panels * products.length)
  let sums = PanelSums(table: rows, kernels: .choose(.products))
  try sums.forEachTile(threads: threads, progress: progress) { sums, rows, columns in
    let stride = (columns.count + 15) / 16 * 16
    for i in rows {
      let sumsOfRow = sums + (i - rows.lowerBound) * stride
      for j in max(i, columns.lowerBound)..<columns.upperBound {
        products[i, j] = sumsOfRow[j - columns.lowerBound]
        products[j, i] = sumsOfRow[j - columns.lowerBound]
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
