import CToposcope
import Toposcope

/// Calls `body` and answers with its status; where it throws, `detail` receives the place.
///
/// Every exported function that can fail is one call of this.
func status(
  _ detail: UnsafeMutablePointer<tps_detail>?, _ body: () throws(ToposcopeError) -> Void
) -> tps_status {
  do throws(ToposcopeError) {
    try body()
    return tps_status(TPS_OK)
  } catch {
    detail?.pointee = tps_detail(row: Int64(error.row), column: Int64(error.column), value: error.value)
    return error.kind.rawValue
  }
}

/// The pointer that must not be null.
func required<T>(_ pointer: T?) throws(ToposcopeError) -> T {
  guard let pointer else { throw ToposcopeError(.nullPointer) }
  return pointer
}

/// Status names live as long as the process, as C expects of them.
private func name(of status: tps_status) -> StaticString {
  if status == tps_status(TPS_OK) { return "ok" }
  switch ToposcopeError.Kind(rawValue: status) {
  case .nullPointer: return "null pointer"
  case .shape: return "bad shape"
  case .elementType: return "unknown element type"
  case .notFinite: return "not finite"
  case .negativeDistance: return "negative distance"
  case .asymmetric: return "asymmetric distances"
  case .diagonal: return "nonzero diagonal"
  case .metric: return "unknown metric"
  case .zeroVector: return "zero vector"
  case .neighborCount: return "number of neighbours out of range"
  case .duplicates: return "more than k duplicates"
  case .singularCovariance: return "singular covariance"
  case .homologyDimension: return "homology dimension out of range"
  case .modulus: return "modulus is no prime in range"
  case .threshold: return "bad threshold"
  case .memory: return "not enough memory"
  case .cancelled: return "cancelled"
  case .index: return "index out of range"
  case .option: return "unknown option"
  case .notComputed: return "not computed"
  case .overflow: return "distance beyond single precision"
  case .lonelyPoint: return "neighbour infinitely far away"
  case .vertices: return "too many vertices"
  case .underflow: return "all distances below single precision"
  case .internalError: return "internal error"
  case nil: return "unknown status"
  }
}

@_cdecl("tps_status_name")
public func tps_status_name(_ status: tps_status) -> UnsafePointer<CChar> {
  UnsafeRawPointer(name(of: status).utf8Start).assumingMemoryBound(to: CChar.self)
}

@_cdecl("tps_version")
public func tps_version() -> UnsafePointer<CChar> {
  let version: StaticString = "0.1.0"
  return UnsafeRawPointer(version.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// The caller's progress function as the core knows it.
func progress(_ function: tps_progress?, _ context: UnsafeMutableRawPointer?) -> Progress {
  guard let function else { return Progress() }
  return Progress { done, total in function(context, Int64(done), Int64(total)) == 0 }
}
