import Toposcope

/// The engine on a matrix that a test has written down.
func ripsResult(
  _ distances: [[Float]], maxDimension: Int = 1, modulus: Int = 2, threshold: Float = .infinity, threads: Int = 1
) throws -> RipsResult {
  var options = RipsOptions()
  options.maxDimension = maxDimension
  options.modulus = modulus
  options.threshold = threshold
  options.threads = threads
  return try vietorisRips(.distances(distanceMatrix(distances)), options: options)
}

/// The pairs of every dimension.
func ripsPairs(
  _ distances: [[Float]], maxDimension: Int = 1, modulus: Int = 2, threshold: Float = .infinity, threads: Int = 1
) throws -> [[PersistencePair]] {
  try ripsResult(
    distances, maxDimension: maxDimension, modulus: modulus, threshold: threshold, threads: threads
  ).diagrams.map(\.pairs)
}

func distanceMatrix(_ rows: [[Float]]) throws -> DistanceMatrix {
  let flat: [Float] = Array(rows.joined()) + [0]  // never empty, so that there is an address
  return try flat.withUnsafeBytes { bytes in
    try DistanceMatrix(
      StridedArray(
        data: bytes.baseAddress!, rows: rows.count, columns: rows.count, rowStride: 4 * rows.count, columnStride: 4,
        elementType: .float32))
  }
}

/// The points as (n, d) rows: their Euclidean distances, computed in double precision and rounded once.
func euclidean(_ points: [[Double]], decimals: Int? = nil) -> [[Float]] {
  points.map { p in
    points.map { q in
      let length = zip(p, q).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      guard let decimals else { return Float(length) }
      var scale = 1.0
      for _ in 0..<decimals { scale *= 10 }
      return Float((length * scale).rounded() / scale)
    }
  }
}

/// Births and deaths in ascending order.
func bars(_ pairs: [PersistencePair]) -> [[Float]] {
  pairs.map { [$0.birth, $0.death] }.sorted { $0.lexicographicallyPrecedes($1) }
}

/// Pairs with their edges in an order of their own, so that two engines can be compared.
func sortedPairs(_ pairs: [PersistencePair]) -> [PersistencePair] {
  func key(_ pair: PersistencePair) -> [Float] {
    let death = pair.deathEdge ?? Edge(-1, -1)
    return [
      pair.birth, pair.death, Float(pair.birthEdge.tail), Float(pair.birthEdge.head), Float(death.tail),
      Float(death.head),
    ]
  }
  return pairs.sorted { key($0).lexicographicallyPrecedes(key($1)) }
}
