import CToposcope
import Testing

@testable import Toposcope
@testable import ToposcopeC

/// Compiles only where the header declares a function with the signature that Swift exports under its name.
private func agree<T>(_ header: T, _ swift: T) {}

@Suite struct HeaderAgreement {
  /// The check is made by the compiler; `nm` against the header (python/tests/test_library.py) finds missing ones.
  @Test func signatures() {
    agree(CToposcope.tps_status_name, ToposcopeC.tps_status_name)
    agree(CToposcope.tps_version, ToposcopeC.tps_version)
    agree(CToposcope.tps_metric_init, ToposcopeC.tps_metric_init)
    agree(CToposcope.tps_distances, ToposcopeC.tps_distances)
    agree(CToposcope.tps_rips_options_init, ToposcopeC.tps_rips_options_init)
    agree(CToposcope.tps_rips_points, ToposcopeC.tps_rips_points)
    agree(CToposcope.tps_rips_distances, ToposcopeC.tps_rips_distances)
    agree(CToposcope.tps_rips_edges, ToposcopeC.tps_rips_edges)
    agree(CToposcope.tps_rips_free, ToposcopeC.tps_rips_free)
    agree(CToposcope.tps_rips_get_facts, ToposcopeC.tps_rips_get_facts)
    agree(CToposcope.tps_rips_bar_count, ToposcopeC.tps_rips_bar_count)
    agree(CToposcope.tps_rips_bars, ToposcopeC.tps_rips_bars)
    agree(CToposcope.tps_rips_cocycle, ToposcopeC.tps_rips_cocycle)
    agree(CToposcope.tps_rips_cycle, ToposcopeC.tps_rips_cycle)
    agree(CToposcope.tps_landmarks, ToposcopeC.tps_landmarks)
  }

  @Test func everyStatusHasItsNumberAndName() {
    let header: [(Int, ToposcopeError.Kind)] = [
      (TPS_ERROR_NULL_POINTER, .nullPointer), (TPS_ERROR_SHAPE, .shape), (TPS_ERROR_ELEMENT_TYPE, .elementType),
      (TPS_ERROR_NOT_FINITE, .notFinite), (TPS_ERROR_NEGATIVE_DISTANCE, .negativeDistance),
      (TPS_ERROR_ASYMMETRIC, .asymmetric), (TPS_ERROR_DIAGONAL, .diagonal), (TPS_ERROR_METRIC, .metric),
      (TPS_ERROR_ZERO_VECTOR, .zeroVector), (TPS_ERROR_NEIGHBOR_COUNT, .neighborCount),
      (TPS_ERROR_DUPLICATES, .duplicates), (TPS_ERROR_SINGULAR_COVARIANCE, .singularCovariance),
      (TPS_ERROR_HOMOLOGY_DIMENSION, .homologyDimension), (TPS_ERROR_MODULUS, .modulus),
      (TPS_ERROR_THRESHOLD, .threshold), (TPS_ERROR_MEMORY, .memory), (TPS_ERROR_CANCELLED, .cancelled),
      (TPS_ERROR_INDEX, .index), (TPS_ERROR_OPTION, .option), (TPS_ERROR_NOT_COMPUTED, .notComputed),
      (TPS_ERROR_OVERFLOW, .overflow), (TPS_ERROR_LONELY_POINT, .lonelyPoint), (TPS_ERROR_VERTICES, .vertices),
      (TPS_ERROR_UNDERFLOW, .underflow), (TPS_ERROR_INTERNAL, .internalError),
    ]
    #expect(header.count == ToposcopeError.Kind.allCases.count)
    var names: Set<String> = []
    for (number, kind) in header {
      #expect(number == Int(kind.rawValue))
      names.insert(String(cString: CToposcope.tps_status_name(tps_status(number))))
    }
    #expect(names.count == header.count)
    #expect(String(cString: CToposcope.tps_status_name(12345)) == "unknown status")
    #expect(String(cString: CToposcope.tps_status_name(0)) == "ok")
  }

  @Test func versionsAgree() {
    let header = "\(TPS_VERSION_MAJOR).\(TPS_VERSION_MINOR).\(TPS_VERSION_PATCH)"
    #expect(String(cString: CToposcope.tps_version()) == header)
  }

  @Test func enumerationsAgree() {
    let metrics: [(Int, Metric.Kind)] = [
      (TPS_METRIC_EUCLIDEAN, .euclidean), (TPS_METRIC_SQEUCLIDEAN, .sqeuclidean), (TPS_METRIC_COSINE, .cosine),
      (TPS_METRIC_ANGULAR, .angular), (TPS_METRIC_CORRELATION, .correlation), (TPS_METRIC_CITYBLOCK, .cityblock),
      (TPS_METRIC_CHEBYSHEV, .chebyshev), (TPS_METRIC_MAHALANOBIS, .mahalanobis),
    ]
    #expect(metrics.count == Metric.Kind.allCases.count)
    for (number, kind) in metrics { #expect(number == Int(kind.rawValue)) }
    #expect(TPS_SCALING_MAX == Int(RelativeNeighborhood.Scaling.max.rawValue))
    #expect(TPS_SCALING_GEOMETRIC == Int(RelativeNeighborhood.Scaling.geometric.rawValue))
    #expect(TPS_SCALING_MIN == Int(RelativeNeighborhood.Scaling.min.rawValue))
    #expect(TPS_DUPLICATES_REFUSE == Int(RelativeNeighborhood.Duplicates.refuse.rawValue))
    #expect(TPS_DUPLICATES_FIRST_POSITIVE == Int(RelativeNeighborhood.Duplicates.firstPositive.rawValue))
    #expect(TPS_FLOAT32 == Int(ElementType.float32.rawValue))
    #expect(TPS_FLOAT64 == Int(ElementType.float64.rawValue))
  }
}
