import Testing

@testable import Toposcope

@Suite struct PointCloudTests {
  @Test func keepsTheElementType() throws {
    #expect(try PointCloud([[1.5, 2]]).elementType == .float64)
    let single = try singleCloud([[1.5, 2], [3, 4]])
    #expect(single.elementType == .float32 && single[1, 0] == 3)
  }

  @Test func readsAnyStride() throws {
    let numbers: [Double] = [1, 2, 3, 4, 5, 6]
    try numbers.withUnsafeBytes {
      let transposed = try PointCloud(
        StridedArray(
          data: $0.baseAddress!, rows: 3, columns: 2, rowStride: 8, columnStride: 24, elementType: .float64))
      #expect(transposed[2, 1] == 6 && transposed[1, 0] == 2)
      let backwards = try PointCloud(
        StridedArray(
          data: $0.baseAddress! + 40, rows: 2, columns: 3, rowStride: -24, columnStride: -8, elementType: .float64))
      #expect(backwards[0, 0] == 6 && backwards[1, 2] == 1)
      let repeated = try PointCloud(
        StridedArray(data: $0.baseAddress!, rows: 4, columns: 2, rowStride: 0, columnStride: 8, elementType: .float64))
      #expect(repeated[3, 1] == 2)
    }
  }

  @Test func readsUnalignedMemory() throws {
    var bytes = [UInt8](repeating: 0, count: 17)
    for (k, byte) in withUnsafeBytes(of: (Float(1.25), Float(-8)), Array.init).enumerated() { bytes[k + 3] = byte }
    try bytes.withUnsafeBytes {
      let cloud = try PointCloud(
        StridedArray(
          data: $0.baseAddress! + 3, rows: 2, columns: 1, rowStride: 4, columnStride: 4, elementType: .float32))
      #expect(cloud[0, 0] == 1.25 && cloud[1, 0] == -8)
    }
  }

  @Test func namesTheFirstNumberThatIsNotFinite() {
    let found = failure { _ = try PointCloud([[1, 2, 3], [4, .infinity, .nan]]) }
    #expect(found == ToposcopeError(.notFinite, row: 1, column: 1, value: .infinity))
    #expect(failure { _ = try PointCloud([[0, -.infinity]]) }?.value == -.infinity)
  }

  @Test func refusesRaggedRows() {
    #expect(failure { _ = try PointCloud([[1, 2], [3]]) } == ToposcopeError(.shape, row: 1, value: 1))
  }
}
