import CToposcope
import Testing

@testable import ToposcopeC

/// A table of doubles as C sees it.
private func withArray<R>(_ rows: [[Double]], _ body: (UnsafePointer<tps_array>) -> R) -> R {
  let flat = Array(rows.joined()) + [0]
  let columns = rows.first?.count ?? 0
  return flat.withUnsafeBytes { bytes in
    var array = tps_array(
      data: bytes.baseAddress, rows: Int64(rows.count), columns: Int64(columns), row_stride: Int64(8 * columns),
      column_stride: 8, element_type: Int32(TPS_FLOAT64))
    return withUnsafePointer(to: &array, body)
  }
}

/// Eight bytes that nothing reads as anything but a zero.
nonisolated(unsafe) private let number: UnsafeMutablePointer<Double> = {
  let pointer = UnsafeMutablePointer<Double>.allocate(capacity: 1)
  pointer.initialize(to: 0)
  return pointer
}()

private let square = [[0.0, 0], [1, 0], [1, 1], [0, 1]]

@Suite struct CallsFromC {
  @Test func diagramsOfASquare() throws {
    var options = tps_rips_options()
    CToposcope.tps_rips_options_init(&options)
    var result: OpaquePointer?
    var detail = tps_detail()
    let status = withArray(square) { CToposcope.tps_rips_points($0, nil, &options, &result, &detail) }
    #expect(status == TPS_OK)
    defer { CToposcope.tps_rips_free(result) }
    #expect(CToposcope.tps_rips_bar_count(result, 0) == 4)
    #expect(CToposcope.tps_rips_bar_count(result, 1) == 1)
    #expect(CToposcope.tps_rips_bar_count(result, 2) == -1)
    var diagram = [Double](repeating: 0, count: 2)
    var edges = [Int64](repeating: 0, count: 4)
    var censored: [UInt8] = [7]
    #expect(CToposcope.tps_rips_bars(result, 1, &diagram, &edges, &censored) == TPS_OK)
    #expect(diagram == [1, Double(Float(2).squareRoot())])
    #expect(censored == [0])
    #expect(CToposcope.tps_rips_bars(result, 2, nil, nil, nil) == Int32(TPS_ERROR_NOT_COMPUTED))
    var facts = tps_rips_facts()
    #expect(CToposcope.tps_rips_get_facts(result, &facts) == TPS_OK)
    #expect(facts.vertices == 4 && facts.max_dimension == 1 && facts.modulus == 2)
  }

  @Test func distancesOfASquare() {
    var out = [Float](repeating: -1, count: 16)
    var facts = tps_distance_facts()
    let status = withArray(square) {
      CToposcope.tps_distances($0, nil, 1, nil, nil, &out, &facts, nil)
    }
    #expect(status == TPS_OK)
    #expect(out[1] == 1 && out[2] == Float(2).squareRoot() && out[0] == 0)
    #expect(facts.rank == -1 && facts.shrinkage.isNaN)
  }

  @Test func failuresSayWhereAndLeaveOutputsAlone() {
    var bad = square
    bad[2][1] = .nan
    var detail = tps_detail()
    var out = [Float](repeating: -1, count: 16)
    let status = withArray(bad) { CToposcope.tps_distances($0, nil, 1, nil, nil, &out, nil, &detail) }
    #expect(status == Int32(TPS_ERROR_NOT_FINITE))
    #expect(detail.row == 2 && detail.column == 1 && detail.value.isNaN)
    #expect(out.allSatisfy { $0 == -1 })
  }

  @Test(arguments: [
    (Int64(-1), Int64(2), Int64(16)), (4, -2, 16), (1 << 40, 2, 16), (4, 1 << 40, 16), (1 << 30, 1 << 30, .max),
  ])
  func impossibleSizesAreStatuses(rows: Int64, columns: Int64, stride: Int64) {
    var array = tps_array(
      data: number, rows: rows, columns: columns, row_stride: stride, column_stride: 8,
      element_type: Int32(TPS_FLOAT64))
    var out: Float = 0
    #expect(CToposcope.tps_distances(&array, nil, 1, nil, nil, &out, nil, nil) == Int32(TPS_ERROR_SHAPE))
  }

  @Test func unknownCodesAreStatuses() {
    var out: Float = 0
    var metric = tps_metric()
    let call = { (element: Int32) in
      var array = tps_array(
        data: number, rows: 1, columns: 1, row_stride: 8, column_stride: 8, element_type: element)
      return CToposcope.tps_distances(&array, &metric, 1, nil, nil, &out, nil, nil)
    }
    CToposcope.tps_metric_init(&metric)
    #expect(call(Int32(TPS_FLOAT64)) == TPS_OK)
    #expect(call(3) == Int32(TPS_ERROR_ELEMENT_TYPE))
    metric.metric = 77
    #expect(call(Int32(TPS_FLOAT64)) == Int32(TPS_ERROR_METRIC))
    CToposcope.tps_metric_init(&metric)
    metric.scaling = 9
    #expect(call(Int32(TPS_FLOAT64)) == Int32(TPS_ERROR_OPTION))
    CToposcope.tps_metric_init(&metric)
    metric.size = 1
    #expect(call(Int32(TPS_FLOAT64)) == Int32(TPS_ERROR_OPTION))
  }

  @Test func lessThanNoMemoryIsRefused() {
    var options = tps_rips_options()
    CToposcope.tps_rips_options_init(&options)
    options.max_memory = -1
    var result: OpaquePointer?
    var detail = tps_detail()
    let status = withArray(square) { CToposcope.tps_rips_points($0, nil, &options, &result, &detail) }
    #expect(status == Int32(TPS_ERROR_OPTION))
    #expect(detail.value == -1 && result == nil)
  }

  @Test func landmarksAreNotWrittenWithoutTheirRadius() {
    var landmarks: [Int64] = [-9, -9]
    var radius = -9.0
    withArray(square) { points in
      #expect(
        CToposcope.tps_landmarks(points, nil, 2, 0, 1, nil, nil, &landmarks, nil, nil)
          == Int32(TPS_ERROR_NULL_POINTER))
      #expect(landmarks == [-9, -9])
      #expect(
        CToposcope.tps_landmarks(points, nil, 2, 0, 1, nil, nil, nil, &radius, nil) == Int32(TPS_ERROR_NULL_POINTER))
      #expect(radius == -9)
      #expect(CToposcope.tps_landmarks(points, nil, 2, 0, 1, nil, nil, &landmarks, &radius, nil) == TPS_OK)
      #expect(landmarks == [0, 2] && radius == 1)
    }
  }

  @Test func edgesAreCheckedForTheirVertices() {
    var options = tps_rips_options()
    CToposcope.tps_rips_options_init(&options)
    var result: OpaquePointer?
    var detail = tps_detail()
    let (tails, heads): ([Int64], [Int64]) = ([0, 1], [1, 5])
    let lengths: [Float] = [1, 2]
    let status = CToposcope.tps_rips_edges(3, 2, tails, heads, lengths, &options, &result, &detail)
    #expect(status == Int32(TPS_ERROR_INDEX))
    #expect(detail.row == 5 && detail.column == 3 && result == nil)
  }
}
