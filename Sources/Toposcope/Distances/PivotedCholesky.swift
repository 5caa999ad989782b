/// The factorisation of a symmetric positive semidefinite matrix with its greatest remaining diagonal entry taken first:
/// as many columns as the matrix has rank. Slower than ``Cholesky``, and needed only where that fails.
struct PivotedCholesky {
  let rank: Int
  /// `rank` columns of `order` numbers: the sum over the columns of the products of their entries i and j is entry (i, j).
  let columns: AlignedMemory<Double>
  let order: Int

  /// A pivot counts while it is greater than the rounding of its own diagonal entry, so that neither the scale of the
  /// matrix nor that of any one row decides.
  init(_ matrix: PanelTable<Double>, progress: Progress) throws(ToposcopeError) {
    let n = matrix.count
    order = n
    columns = try AlignedMemory<Double>(n * n)
    let original = (0..<n).map { matrix[$0, $0] }
    var remaining = original
    let tolerance = 0x1p-48 * Double(n).squareRoot()
    var taken = [Bool](repeating: false, count: n)
    var k = 0
    while k < n {
      try progress.report(k, of: n)
      var pivot = -1
      for i in 0..<n where !taken[i] && remaining[i] > tolerance * original[i] {
        if pivot < 0 || remaining[i] > remaining[pivot] { pivot = i }
      }
      if pivot < 0 { break }
      taken[pivot] = true
      let column = columns.pointer + k * n
      for i in 0..<n { column[i] = matrix[i, pivot] }
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
      k += 1
    }
    rank = k
  }
}
