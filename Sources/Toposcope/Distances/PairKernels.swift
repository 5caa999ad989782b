import CToposcopeProcessor
import ToposcopeKernels

#if canImport(ToposcopeKernelsV3)
  import ToposcopeKernelsV3
#endif

/// The innermost loops for one operation: those that this processor runs fastest.
struct PairKernels<Scalar: BitwiseCopyable>: Sendable {
  /// x, its stride and rows; y, its stride and columns; length; sums, their stride; whether only the upper triangle counts.
  typealias Tile =
    @Sendable (
      UnsafePointer<Scalar>, Int, Int, UnsafePointer<Scalar>, Int, Int, Int, UnsafeMutablePointer<Double>, Int, Bool
    ) -> Void
  /// x; y, its stride and columns; length; sums.
  typealias Row =
    @Sendable (
      UnsafePointer<Scalar>, UnsafePointer<Scalar>, Int, Int, Int, UnsafeMutablePointer<Double>
    ) -> Void

  let tile: Tile
  let row: Row
}

/// What is summed over the coordinates.
enum PairSum {
  case squares, magnitudes, greatest
}

enum Processor {
  #if canImport(ToposcopeKernelsV3)
    static let isX86V3 = toposcope_processor_is_x86_64_v3() != 0
  #endif
}

extension PairKernels where Scalar == Float {
  static func choose(_ sum: PairSum) -> PairKernels {
    #if canImport(ToposcopeKernelsV3)
      if Processor.isX86V3 {
        return switch sum {
        case .squares:
          PairKernels(tile: ToposcopeKernelsV3.floatSquaresTile, row: ToposcopeKernelsV3.floatSquaresRow)
        case .magnitudes:
          PairKernels(tile: ToposcopeKernelsV3.floatMagnitudesTile, row: ToposcopeKernelsV3.floatMagnitudesRow)
        case .greatest:
          PairKernels(tile: ToposcopeKernelsV3.floatGreatestTile, row: ToposcopeKernelsV3.floatGreatestRow)
        }
      }
    #endif
    return switch sum {
    case .squares: PairKernels(tile: ToposcopeKernels.floatSquaresTile, row: ToposcopeKernels.floatSquaresRow)
    case .magnitudes: PairKernels(tile: ToposcopeKernels.floatMagnitudesTile, row: ToposcopeKernels.floatMagnitudesRow)
    case .greatest: PairKernels(tile: ToposcopeKernels.floatGreatestTile, row: ToposcopeKernels.floatGreatestRow)
    }
  }
}

extension PairKernels where Scalar == Double {
  static func choose(_ sum: PairSum) -> PairKernels {
    #if canImport(ToposcopeKernelsV3)
      if Processor.isX86V3 {
        return switch sum {
        case .squares:
          PairKernels(tile: ToposcopeKernelsV3.doubleSquaresTile, row: ToposcopeKernelsV3.doubleSquaresRow)
        case .magnitudes:
          PairKernels(tile: ToposcopeKernelsV3.doubleMagnitudesTile, row: ToposcopeKernelsV3.doubleMagnitudesRow)
        case .greatest:
          PairKernels(tile: ToposcopeKernelsV3.doubleGreatestTile, row: ToposcopeKernelsV3.doubleGreatestRow)
        }
      }
    #endif
    return switch sum {
    case .squares: PairKernels(tile: ToposcopeKernels.doubleSquaresTile, row: ToposcopeKernels.doubleSquaresRow)
    case .magnitudes:
      PairKernels(tile: ToposcopeKernels.doubleMagnitudesTile, row: ToposcopeKernels.doubleMagnitudesRow)
    case .greatest: PairKernels(tile: ToposcopeKernels.doubleGreatestTile, row: ToposcopeKernels.doubleGreatestRow)
    }
  }

  /// Products of rows, for linear algebra.
  static var products: Tile {
    #if canImport(ToposcopeKernelsV3)
      if Processor.isX86V3 { return ToposcopeKernelsV3.doubleProductsTile }
    #endif
    return ToposcopeKernels.doubleProductsTile
  }
}
