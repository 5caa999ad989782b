/// The element types that the library reads. Raw values are those of `include/toposcope.h`.
public enum ElementType: Int32, Sendable {
  case float32 = 1
  case float64 = 2
}

/// A table of numbers that belongs to somebody else, of any memory layout: how NumPy, PyTorch or C describe an array.
///
/// Strides are in bytes and may be zero or negative. Nothing is copied, and nothing is checked but the shape.
public struct StridedArray: @unchecked Sendable {
  public let data: UnsafeRawPointer
  public let rows: Int
  public let columns: Int
  public let rowStride: Int
  public let columnStride: Int
  public let elementType: ElementType

  public init(
    data: UnsafeRawPointer, rows: Int, columns: Int, rowStride: Int, columnStride: Int, elementType: ElementType
  ) {
    self.data = data
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride
    self.columnStride = columnStride
    self.elementType = elementType
  }

  /// One number, whatever its type.
  public subscript(row: Int, column: Int) -> Double {
    let address = data + row * rowStride + column * columnStride
    switch elementType {
    case .float32: return Double(address.loadUnaligned(as: Float.self))
    case .float64: return address.loadUnaligned(as: Double.self)
    }
  }
}
