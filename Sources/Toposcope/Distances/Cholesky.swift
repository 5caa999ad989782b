/// The factor L of a symmetric positive definite matrix L L', lower triangular.
struct Cholesky: Sendable {
  let order: Int
  /// Rows of L in the lower triangle; what is above the diagonal means nothing.
  private let factor: SymmetricMatrix

  /// Factors the matrix in place. Returns nil where it is not positive definite to working precision.
  init?(_ matrix: SymmetricMatrix) {
    order = matrix.order
    factor = matrix
    for i in 0..<order {
      let row = matrix.row(i)
      let before = row[i]
      for j in 0..<i {
        let other = matrix.row(j)
        row[j] = (row[j] - DenseRows.dot(row, other, j)) / other[j]
      }
      let pivot = before - DenseRows.dot(row, row, i)
      guard pivot > 0x1p-52 * Double(order) * before else { return nil }
      row[i] = pivot.squareRoot()
    }
  }

  /// Replaces x by the solution y of L y = x.
  func solve(_ x: UnsafeMutablePointer<Double>) {
    for i in 0..<order {
      let row = factor.row(i)
      x[i] = (x[i] - DenseRows.dot(row, x, i)) / row[i]
    }
  }

  /// Replaces x by the solution y of L' y = x.
  func solveTransposed(_ x: UnsafeMutablePointer<Double>) {
    for i in stride(from: order - 1, through: 0, by: -1) {
      let row = factor.row(i)
      x[i] /= row[i]
      for j in 0..<i { x[j] -= x[i] * row[j] }
    }
  }
}

/// The factorisation of a symmetric positive semidefinite matrix with its greatest remaining diagonal entry taken first:
/// as many columns as the matrix has rank.
struct PivotedCholesky {
  let rank: Int
  /// `order` rows of `rank` numbers: row i times row j is entry (i, j) of the matrix.
  let rows: AlignedMemory<Double>

  /// A pivot counts while it is greater than the rounding of its own diagonal entry, so that neither the scale of the
  /// matrix nor that of any one row decides.
  init(_ matrix: SymmetricMatrix, progress: Progress) throws(ToposcopeError) {
    let n = matrix.order
    let columns = try AlignedMemory<Double>(n * n)  // column k of the factor is row k here
    let original = (0..<n).map { matrix.row($0)[$0] }
    var remaining = original
    let tolerance = 0x1p-48 * Double(n).squareRoot()
    var pivots: [Int] = []
    var taken = [Bool](repeating: false, count: n)
    for k in 0..<n {
      try progress.report(k, of: n)
      var pivot = -1
      for i in 0..<n where !taken[i] && remaining[i] > tolerance * original[i] {
        if pivot < 0 || remaining[i] > remaining[pivot] { pivot = i }
      }
      if pivot < 0 { break }
      taken[pivot] = true
      pivots.append(pivot)
      let column = columns.pointer + k * n
      let source = matrix.row(pivot)
      for i in 0..<n { column[i] = source[i] }
      for earlier in 0..<k {
        let other = columns.pointer + earlier * n
        let factor = other[pivot]
        if factor == 0 { continue }
        for i in 0..<n { column[i] -= factor * other[i] }
      }
      let root = remaining[pivot].squareRoot()
      for i in 0..<n { column[i] = taken[i] ? 0 : column[i] / root }
      column[pivot] = root
      for i in 0..<n where !taken[i] { remaining[i] -= column[i] * column[i] }
    }
    rank = pivots.count
    rows = try AlignedMemory(n * rank)
    DenseRows.transpose(columns.pointer, rows: rank, columns: n, to: rows.pointer)
  }
}
