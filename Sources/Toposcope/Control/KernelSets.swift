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
}
