/// Points of a Euclidean space: `count` of them, with `dimension` finite coordinates each.
///
/// ```swift
/// let triangle = try PointCloud([[0, 0], [3, 0], [3, 4]])
/// let d = try DistanceMatrix(triangle)
/// d[0, 2]  // 5
/// ```
public final class PointCloud: @unchecked Sendable {
  public let count: Int
  public let dimension: Int
  /// Whether the coordinates are kept in single or in double precision: as they came.
  public let elementType: ElementType
  /// The coordinates, point after point, 64-byte aligned. `Float` or `Double`, as ``elementType`` says.
  let coordinates: UnsafeRawPointer
  private let storage: AlignedMemory<UInt8>

  /// The greatest number of points: vertices are numbered by `Int32`.
  static let greatestCount = Int(Int32.max)

  /// Copies a table of coordinates.
  /// - Throws: ``ToposcopeError/Kind/notFinite`` with the place of the first NaN or infinity;
  ///   ``ToposcopeError/Kind/shape``, ``ToposcopeError/Kind/memory``.
  public init(_ array: StridedArray) throws(ToposcopeError) {
    let (count, dimension) = (array.rows, array.columns)
    guard count >= 0, dimension >= 0 else { throw ToposcopeError(.shape, value: Double(min(count, dimension))) }
    guard count <= Self.greatestCount else { throw ToposcopeError(.shape, value: Double(count)) }
    let width = array.elementType == .float32 ? 4 : 8
    let (numbers, overflow) = count.multipliedReportingOverflow(by: dimension)
    guard !overflow, numbers <= Int.max / width else {
      throw ToposcopeError(.memory, value: Double(count) * Double(dimension) * Double(width))
    }
    storage = try AlignedMemory(numbers * width)
    coordinates = UnsafeRawPointer(storage.pointer)
    self.count = count
    self.dimension = dimension
    elementType = array.elementType
    let base = UnsafeMutableRawPointer(storage.pointer)
    for i in 0..<count {
      let target = base + i * dimension * width
      let firstBad =
        switch elementType {
        case .float32: Self.copyRow(array, i, to: target.assumingMemoryBound(to: Float.self))
        case .float64: Self.copyRow(array, i, to: target.assumingMemoryBound(to: Double.self))
        }
      if let j = firstBad { throw ToposcopeError(.notFinite, row: i, column: j, value: array[i, j]) }
    }
  }

  /// Copies one row and returns the first column that is not finite.
  @inline(__always)
  private static func copyRow<T: BinaryFloatingPoint & BitwiseCopyable>(
    _ array: StridedArray, _ row: Int, to target: UnsafeMutablePointer<T>
  ) -> Int? {
    let source = array.data + row * array.rowStride
    if array.columnStride == MemoryLayout<T>.size {
      UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: array.columns * MemoryLayout<T>.size)
    } else {
      for j in 0..<array.columns { target[j] = (source + j * array.columnStride).loadUnaligned(as: T.self) }
    }
    // x - x is zero for finite x and NaN otherwise; a sum of zeros needs no branch.
    var poison: T = 0
    for j in 0..<array.columns { poison += target[j] - target[j] }
    if poison == 0 { return nil }
    return (0..<array.columns).first { !target[$0].isFinite }
  }

  /// The points whose coordinates are the rows, in double precision.
  /// - Throws: ``ToposcopeError/Kind/shape`` where the rows have different lengths; ``ToposcopeError/Kind/notFinite``.
  public convenience init(_ rows: [[Double]]) throws(ToposcopeError) {
    let columns = rows.first?.count ?? 0
    if let ragged = rows.firstIndex(where: { $0.count != columns }) {
      throw ToposcopeError(.shape, row: ragged, value: Double(rows[ragged].count))
    }
    let flat = try AlignedMemory<Double>(rows.count * columns)
    for (i, row) in rows.enumerated() {
      for (j, value) in row.enumerated() { flat.pointer[i * columns + j] = value }
    }
    try self.init(
      StridedArray(
        data: flat.pointer, rows: rows.count, columns: columns, rowStride: columns * 8, columnStride: 8,
        elementType: .float64))
  }

  /// A coordinate of a point.
  subscript(point: Int, coordinate: Int) -> Double {
    switch elementType {
    case .float32: Double(coordinates.assumingMemoryBound(to: Float.self)[point * dimension + coordinate])
    case .float64: coordinates.assumingMemoryBound(to: Double.self)[point * dimension + coordinate]
    }
  }

  /// The coordinates of one point, of the type that ``elementType`` says.
  func row<T>(_ point: Int, as type: T.Type) -> UnsafePointer<T> {
    coordinates.assumingMemoryBound(to: T.self) + point * dimension
  }

  /// The coordinates in the order in which the kernels read them.
  func panels<Scalar: BitwiseCopyable & BinaryFloatingPoint>(
    of type: Scalar.Type, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> PanelTable<Scalar> {
    try PanelTable(count: count, length: dimension, threads: threads, progress: progress) { i, range, out in
      switch self.elementType {
      case .float32:
        let x = self.row(i, as: Float.self) + range.lowerBound
        for k in 0..<range.count { out[k] = Scalar(x[k]) }
      case .float64:
        let x = self.row(i, as: Double.self) + range.lowerBound
        for k in 0..<range.count { out[k] = Scalar(x[k]) }
      }
    }
  }

  /// Writes the coordinates of one point in double precision.
  func load(_ point: Int, to target: UnsafeMutablePointer<Double>) {
    switch elementType {
    case .float32:
      let row = coordinates.assumingMemoryBound(to: Float.self) + point * dimension
      for j in 0..<dimension { target[j] = Double(row[j]) }
    case .float64:
      target.update(from: coordinates.assumingMemoryBound(to: Double.self) + point * dimension, count: dimension)
    }
  }
}
