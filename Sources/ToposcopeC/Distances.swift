import CToposcope
import Toposcope

@_cdecl("tps_metric_init")
public func tps_metric_init(_ metric: UnsafeMutablePointer<tps_metric>?) {
  metric?.pointee = tps_metric(
    size: MemoryLayout<tps_metric>.size, metric: Int32(TPS_METRIC_EUCLIDEAN),
    covariance: Int32(TPS_COVARIANCE_LEDOIT_WOLF), shrinkage: 0, covariance_matrix: nil, reference: nil, neighbors: 0,
    scaling: Int32(TPS_SCALING_MAX), duplicates: Int32(TPS_DUPLICATES_REFUSE),
    neighbor_reference: nil)
}

@_cdecl("tps_distances")
public func tps_distances(
  _ points: UnsafePointer<tps_array>?, _ metric: UnsafePointer<tps_metric>?, _ threads: Int32,
  _ progressFunction: tps_progress?, _ context: UnsafeMutableRawPointer?, _ out: UnsafeMutablePointer<Float>?,
  _ facts: UnsafeMutablePointer<tps_distance_facts>?, _ detail: UnsafeMutablePointer<tps_detail>?
) -> tps_status {
  status(detail) { () throws(ToposcopeError) in
    let array = try StridedArray(required(points).pointee)
    let given = try GivenMetric(metric)
    let progress = progress(progressFunction, context)
    let out = try required(out)
    let done: DistanceFacts
    switch given {
    case .metric(let metric):
      done = try DistanceMatrix.fill(
        out, points: PointCloud(borrowing: array, progress: progress), metric: metric, threads: Int(threads),
        progress: progress)
    case .precomputed(let neighborhood):
      let matrix = try givenDistances(array, neighborhood, threads: Int(threads), progress: progress)
      out.update(from: matrix.entries, count: matrix.count * matrix.count)
      done = matrix.facts
    }
    facts?.pointee = tps_distance_facts(done)
  }
}

/// A matrix of distances, checked: used where it lies if its layout allows, and normalised if that is wanted.
func givenDistances(
  _ array: StridedArray, _ neighborhood: RelativeNeighborhood?, threads: Int, progress: Progress
) throws(ToposcopeError) -> DistanceMatrix {
  let liesAsTheCoreReads =
    array.rows == array.columns && array.elementType == .float32 && array.columnStride == 4
    && array.rowStride == 4 * array.columns && UInt(bitPattern: array.data) % 4 == 0
  let matrix: DistanceMatrix
  if liesAsTheCoreReads {
    matrix = try DistanceMatrix(
      borrowing: array.data.assumingMemoryBound(to: Float.self), count: array.rows, threads: threads,
      progress: progress)
  } else {
    matrix = try DistanceMatrix(array, threads: threads, progress: progress)
  }
  guard let neighborhood else { return matrix }
  return try matrix.normalized(by: neighborhood, threads: threads, progress: progress)
}

extension tps_distance_facts {
  init(_ facts: DistanceFacts) {
    self.init(
      shrinkage: facts.shrinkage, condition: facts.condition, rank: Int64(facts.rank),
      dimension: Int64(facts.dimension), seconds: facts.seconds)
  }
}
