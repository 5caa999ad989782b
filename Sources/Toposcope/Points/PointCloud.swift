/// Points of a Euclidean space: `count` of them, with `dimension` finite coordinates each.
public final class PointCloud: @unchecked Sendable {
  public let count: Int
  public let dimension: Int
  /// Whether the coordinates are kept in single or in double precision: as they came.
  public let elementType: ElementType
  /// The coordinates, point after point, 64-byte aligned.
  let coordinates: UnsafeMutableRawPointer

  /// Copies a table of coordinates.
  /// - Throws: ``ToposcopeError/Kind/notFinite`` with the place of the first NaN or infinity;
  ///   ``ToposcopeError/Kind/shape``, ``ToposcopeError/Kind/memory``.
  public init(_ array: StridedArray) throws(ToposcopeError) {
    guard array.rows >= 0, array.columns >= 0 else {
      throw ToposcopeError(.shape, value: Double(min(array.rows, array.columns)))
    }
    count = array.rows
    dimension = array.columns
    elementType = array.elementType
    let width = array.elementType == .float32 ? 4 : 8
    coordinates = .allocate(byteCount: max(64, count * dimension * width), alignment: 64)
    for i in 0..<count {
      for j in 0..<dimension {
        let value = array[i, j]
        guard value.isFinite else { throw ToposcopeError(.notFinite, row: i, column: j, value: value) }
        switch elementType {
        case .float32: coordinates.assumingMemoryBound(to: Float.self)[i * dimension + j] = Float(value)
        case .float64: coordinates.assumingMemoryBound(to: Double.self)[i * dimension + j] = value
        }
      }
    }
  }

  /// The points whose coordinates are the rows, in double precision.
  public convenience init(_ rows: [[Double]]) throws(ToposcopeError) {
    let columns = rows.first?.count ?? 0
    if let ragged = rows.firstIndex(where: { $0.count != columns }) {
      throw ToposcopeError(.shape, row: ragged, value: Double(rows[ragged].count))
    }
    let flat = rows.flatMap { $0 } + [0]
    let result = flat.withUnsafeBytes { bytes in
      Result { () throws(ToposcopeError) in
        StridedArray(
          data: bytes.baseAddress!, rows: rows.count, columns: columns, rowStride: columns * 8, columnStride: 8,
          elementType: .float64)
      }
    }
    try self.init(try result.get())
  }

  deinit { coordinates.deallocate() }
}
