import CToposcope
import Toposcope

@_cdecl("tps_landmarks")
public func tps_landmarks(
  _ points: UnsafePointer<tps_array>?, _ metric: UnsafePointer<tps_metric>?, _ count: Int64, _ first: Int64,
  _ threads: Int32, _ progressFunction: tps_progress?, _ context: UnsafeMutableRawPointer?,
  _ landmarks: UnsafeMutablePointer<Int64>?, _ coveringRadius: UnsafeMutablePointer<Double>?,
  _ detail: UnsafeMutablePointer<tps_detail>?
) -> tps_status {
  status(detail) { () throws(ToposcopeError) in
    let array = try StridedArray(required(points).pointee)
    let (landmarks, coveringRadius) = (try required(landmarks), try required(coveringRadius))
    let progress = progress(progressFunction, context)
    let input: RipsInput
    switch try GivenMetric(metric) {
    case .metric(let metric):
      input = .points(try PointCloud(array), metric: metric)
    case .precomputed(let neighborhood):
      input = .distances(try givenDistances(array, neighborhood, threads: Int(threads), progress: progress))
    }
    let chosen = try Landmarks(
      of: input, count: Int(count), first: Int(first), threads: Int(threads), progress: progress)
    for (i, index) in chosen.indices.enumerated() { landmarks[i] = Int64(index) }
    coveringRadius.pointee = Double(chosen.coveringRadius)
  }
}
