import CToposcope
import Toposcope

/// The largest number of points or coordinates: indices are 32-bit in the core.
private let greatestExtent = Int64(Int32.max)

extension StridedArray {
  /// A C array, its numbers checked: they make a table that fits into the address space.
  init(_ array: tps_array) throws(ToposcopeError) {
    guard let type = ElementType(rawValue: array.element_type) else {
      throw ToposcopeError(.elementType, value: Double(array.element_type))
    }
    for extent in [array.rows, array.columns] where extent < 0 || extent > greatestExtent {
      throw ToposcopeError(.shape, value: Double(extent))
    }
    let steps = [(array.rows, array.row_stride), (array.columns, array.column_stride)]
    var reach: Int64 = 0
    for (extent, stride) in steps where extent > 1 {
      let (span, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, secondOverflow) = reach.addingReportingOverflow(span == .min ? .max : abs(span))
      if overflow || secondOverflow { throw ToposcopeError(.shape, value: Double(stride)) }
      reach = sum
    }
    let isEmpty = array.rows == 0 || array.columns == 0
    guard let data = array.data ?? (isEmpty ? UnsafeRawPointer(bitPattern: 64) : nil) else {
      throw ToposcopeError(.nullPointer)
    }
    self.init(
      data: data, rows: Int(array.rows), columns: Int(array.columns), rowStride: Int(array.row_stride),
      columnStride: Int(array.column_stride), elementType: type)
  }
}

/// A metric on points, or the statement that the distances are given.
enum GivenMetric {
  case metric(Metric)
  case precomputed(neighborhood: RelativeNeighborhood?)

  init(_ pointer: UnsafePointer<tps_metric>?) throws(ToposcopeError) {
    guard let metric = pointer?.pointee else {
      self = .metric(.euclidean)
      return
    }
    guard metric.size == MemoryLayout<tps_metric>.size else {
      throw ToposcopeError(.option, value: Double(metric.size))
    }
    let neighborhood = try RelativeNeighborhood(metric)
    if metric.metric == Int32(TPS_METRIC_PRECOMPUTED) {
      self = .precomputed(neighborhood: neighborhood)
      return
    }
    guard let kind = Metric.Kind(rawValue: metric.metric) else {
      throw ToposcopeError(.metric, value: Double(metric.metric))
    }
    let covariance = kind == .mahalanobis ? try Covariance(metric) : Covariance()
    self = .metric(Metric(kind, covariance: covariance, neighborhood: neighborhood))
  }
}

extension RelativeNeighborhood {
  /// nil where no normalisation is wanted.
  fileprivate init?(_ metric: tps_metric) throws(ToposcopeError) {
    guard let scaling = Scaling(rawValue: metric.scaling) else {
      throw ToposcopeError(.option, value: Double(metric.scaling))
    }
    guard let duplicates = Duplicates(rawValue: metric.duplicates) else {
      throw ToposcopeError(.option, value: Double(metric.duplicates))
    }
    if metric.neighbors == 0 { return nil }
    var reference: PointCloud?
    if let points = metric.neighbor_reference { reference = try PointCloud(StridedArray(points.pointee)) }
    self.init(
      neighbors: Int(metric.neighbors), scaling: scaling, duplicates: duplicates, reference: reference)
  }
}

extension Covariance {
  fileprivate init(_ metric: tps_metric) throws(ToposcopeError) {
    let estimate: Estimate
    switch Int(metric.covariance) {
    case TPS_COVARIANCE_LEDOIT_WOLF: estimate = .ledoitWolf
    case TPS_COVARIANCE_OAS: estimate = .oas
    case TPS_COVARIANCE_EMPIRICAL: estimate = .empirical
    case TPS_COVARIANCE_SHRUNK: estimate = .shrunk(metric.shrinkage)
    case TPS_COVARIANCE_GIVEN:
      let matrix = try StridedArray(required(metric.covariance_matrix).pointee)
      guard matrix.rows == matrix.columns else { throw ToposcopeError(.shape, value: Double(matrix.rows)) }
      var entries: [Double] = []
      entries.reserveCapacity(matrix.rows * matrix.columns)
      for i in 0..<matrix.rows {
        for j in 0..<matrix.columns { entries.append(matrix[i, j]) }
      }
      estimate = .given(entries)
    default: throw ToposcopeError(.option, value: Double(metric.covariance))
    }
    var reference: PointCloud?
    if let points = metric.reference { reference = try PointCloud(StridedArray(points.pointee)) }
    self.init(estimate, reference: reference)
  }
}
