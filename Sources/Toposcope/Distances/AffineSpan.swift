/// Points, and the sample that their covariance is taken from, in as few coordinates as hold them: their own, or, when
/// there are fewer points than coordinates, orthonormal ones of the space that they span. The origin is the sample's mean.
struct AffineSpan {
  /// The points of the cloud: rows of ``dimension`` numbers.
  let points: AlignedMemory<Double>
  let dimension: Int
  /// The sample, rows of ``dimension`` numbers: the points themselves, or the reference.
  let sample: UnsafePointer<Double>
  let sampleCount: Int
  /// The number of coordinates before the reduction.
  private let coordinates: Int
  private let everything: AlignedMemory<Double>

  init(
    _ cloud: PointCloud, reference: PointCloud?, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    let (n, d) = (cloud.count, cloud.dimension)
    let total = n + (reference?.count ?? 0)
    coordinates = d
    sampleCount = reference?.count ?? n
    var table = try AlignedMemory<Double>(total * d)
    for i in 0..<n { cloud.load(i, to: table.pointer + i * d) }
    if let reference {
      for i in 0..<reference.count { reference.load(i, to: table.pointer + (n + i) * d) }
    }
    let offset = reference == nil ? 0 : n
    Self.center(table.pointer, rows: total, columns: d, sample: offset..<offset + sampleCount)
    if d < total {
      dimension = d
    } else {
      let products = try SymmetricMatrix(
        rowProducts: table.pointer, rows: total, columns: d, threads: threads, progress: progress)
      let factor = try PivotedCholesky(products, progress: progress)
      table = factor.rows
      dimension = factor.rank
    }
    everything = table
    sample = UnsafePointer(table.pointer + offset * dimension)
    points = try AlignedMemory(n * dimension)
    points.pointer.update(from: table.pointer, count: n * dimension)
  }

  /// Takes away the mean of the sample's rows.
  private static func center(
    _ table: UnsafeMutablePointer<Double>, rows: Int, columns: Int, sample: Range<Int>
  ) {
    if sample.isEmpty { return }
    // The first row goes first: what is left has no common offset whose rounding the mean could inherit.
    var mean = [Double](repeating: 0, count: columns)
    let base = (0..<columns).map { table[sample.lowerBound * columns + $0] }
    for i in 0..<rows {
      for j in 0..<columns {
        table[i * columns + j] -= base[j]
        if sample.contains(i) { mean[j] += table[i * columns + j] }
      }
    }
    for j in 0..<columns { mean[j] /= Double(sample.count) }
    for i in 0..<rows {
      for j in 0..<columns { table[i * columns + j] -= mean[j] }
    }
  }

  func moments(squaredProducts: Double) -> SampleMoments {
    var (squares, fourths) = (0.0, 0.0)
    for i in 0..<sampleCount {
      let row = sample + i * dimension
      let square = DenseRows.dot(row, row, dimension)
      squares += square
      fourths += square * square
    }
    return SampleMoments(
      count: sampleCount, coordinates: coordinates, squaredLengths: squares, fourthPowers: fourths,
      squaredProducts: squaredProducts)
  }

  /// The number of directions in which the sample varies, from its matrix of products.
  func rank(of products: SymmetricMatrix, progress: Progress) throws(ToposcopeError) -> Int {
    try Self.scaledRank(of: products, progress: progress)
  }

  /// The rank after every coordinate is brought to unit scale: a small unit of one coordinate is not a missing direction.
  static func scaledRank(of matrix: SymmetricMatrix, progress: Progress) throws(ToposcopeError) -> Int {
    let d = matrix.order
    let scaled = try SymmetricMatrix(order: d)
    let scales = (0..<d).map { i in
      let variance = matrix.row(i)[i]
      return variance > 0 ? 1 / variance.squareRoot() : 0
    }
    for i in 0..<d {
      for j in 0..<d { scaled.row(i)[j] = matrix.row(i)[j] * scales[i] * scales[j] }
    }
    return try PivotedCholesky(scaled, progress: progress).rank
  }
}
