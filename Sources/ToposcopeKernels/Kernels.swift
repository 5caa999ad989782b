import CToposcopeProcessor

/// The kernels of this module: all that the core calls. Not to be optimised across modules, or the kernels would be compiled
/// again in the core, for any processor.
@_semantics("optimize.no.crossmodule")
public func kernelSet() -> KernelSet {
  KernelSet(
    floatSquares: FloatSums(
      pairs: { panelPairs(FloatSquares.self, $0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
      row: { panelRow(FloatSquares.self, $0, $1, $2, $3, $4, $5) },
      distances: { panelDistances(FloatSquares.self, $0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) }),
    floatMagnitudes: FloatSums(
      pairs: { panelPairs(FloatMagnitudes.self, $0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
      row: { panelRow(FloatMagnitudes.self, $0, $1, $2, $3, $4, $5) },
      distances: { panelDistances(FloatMagnitudes.self, $0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) }),
    floatGreatest: FloatSums(
      pairs: { panelPairs(FloatGreatest.self, $0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
      row: { panelRow(FloatGreatest.self, $0, $1, $2, $3, $4, $5) },
      distances: { panelDistances(FloatGreatest.self, $0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) }),
    floatProducts: FloatSums(
      pairs: { panelPairs(FloatProducts.self, $0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
      row: { panelRow(FloatProducts.self, $0, $1, $2, $3, $4, $5) },
      distances: { panelDistances(FloatProducts.self, $0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) }),
    doubleSquares: DoubleSums(
      pairs: { panelPairs(DoubleSquares.self, $0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
      row: { panelRow(DoubleSquares.self, $0, $1, $2, $3, $4, $5) },
      distances: { panelDistances(DoubleSquares.self, $0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) }),
    doubleMagnitudes: DoubleSums(
      pairs: { panelPairs(DoubleMagnitudes.self, $0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
      row: { panelRow(DoubleMagnitudes.self, $0, $1, $2, $3, $4, $5) },
      distances: { panelDistances(DoubleMagnitudes.self, $0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) }),
    doubleGreatest: DoubleSums(
      pairs: { panelPairs(DoubleGreatest.self, $0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
      row: { panelRow(DoubleGreatest.self, $0, $1, $2, $3, $4, $5) },
      distances: { panelDistances(DoubleGreatest.self, $0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) }),
    doubleProducts: DoubleSums(
      pairs: { panelPairs(DoubleProducts.self, $0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
      row: { panelRow(DoubleProducts.self, $0, $1, $2, $3, $4, $5) },
      distances: { panelDistances(DoubleProducts.self, $0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) }),
    finished: { toposcope_finish_sums($0, $1, $2, $3) },
    finishedProducts: { toposcope_finish_products($0, $1, $2, $3, $4, $5) },
    productDistances: { productDistances($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) },
    shiftedSum: { shiftedSum($0, $1, $2) },
    shiftedSquares: { shiftedSquares($0, $1, $2, $3) },
    units: { units($0, $1, $2, $3, $4, $5) },
    shifted: { shifted($0, $1, $2, $3, $4) },
    addMultiples: { addMultiples($0, $1, $2, $3) },
    squaredDifference: { squaredDifference($0, $1, $2, $3, $4, $5, $6, $7, $8) },
    greatestMagnitude: { greatestMagnitude($0, $1) },
    transpose: { transpose($0, $1, $2, $3, $4, $5) },
    copy: { toposcope_copy_rows($0, $1, $2, $3, $4, $5, $6) },
    gatherBits: { gatherBits($0, $1, $2, $3, $4, $5, $6, $7, $8) },
    addCones: { addCones($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) },
    center: { linkCenter($0, $1, $2, $3, $4, $5) },
    removeDominated: { removeDominated($0, $1, $2, $3, $4) },
    growLink: { growLink($0, $1, $2, $3, $4, $5, $6) },
    tellLinks: { tellLinks($0, $1, $2, $3, $4, $5, $6, $7) },
    leastGreatest: { toposcope_least_greatest($0, $1, $2, $3, $4) },
    keys: { keys($0, $1, $2, $3, $4, $5, $6) },
    isMirrored: { isMirrored($0, $1, $2, $3, $4, $5) },
    openPairs: { toposcope_open_pairs($0, $1, $2, $3, $4, $5, $6, $7) })
}
