import CToposcopeProcessor
import ToposcopeKernels

#if canImport(ToposcopeKernelsV3)
  import ToposcopeKernelsV3
  import ToposcopeKernelsV4
#endif

extension KernelSet {
  /// The sets of inner loops that this processor can run, the fastest last.
  static let available: [KernelSet] = {
    var sets = [ToposcopeKernels.kernelSet()]
    #if canImport(ToposcopeKernelsV3)
      let level = toposcope_processor_level()
      if level >= 3 { sets.append(ToposcopeKernelsV3.kernelSet()) }
      if level >= 4 { sets.append(ToposcopeKernelsV4.kernelSet()) }
    #endif
    return sets
  }()

  static let best = available[available.count - 1]

  /// Panels whose vectors are summed at once, or a few at a time without a rest: four vectors with AVX-512, else three.
  static let panelsAtOnce = available.count == 3 ? 4 : 3
}
