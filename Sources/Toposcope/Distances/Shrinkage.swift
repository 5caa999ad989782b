/// How far an empirical covariance is drawn towards a multiple of the identity: (1 - s) S + s m I, with m the mean of the
/// variances. Known from four numbers, whatever the number of coordinates.
struct SampleMoments {
  /// Number of points that the covariance was taken from.
  var count: Int
  /// Number of coordinates of the space, also of those in which the points do not vary.
  var coordinates: Int
  /// The sum of the squared lengths of the centred points.
  var squaredLengths: Double
  /// The sum of their fourth powers.
  var fourthPowers: Double
  /// The sum of squares of the entries of A'A (or of A A', which is the same), A the centred points.
  var squaredProducts: Double

  /// Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices" (2004), with the
  /// covariance divided by n, as scikit-learn does.
  var ledoitWolf: Double {
    if coordinates <= 1 { return 0 }
    let (n, p) = (Double(count), Double(coordinates))
    let mean = squaredLengths / n / p
    let norm = squaredProducts / (n * n)
    let delta = (norm - p * mean * mean) / p
    let beta = min((fourthPowers / n - norm) / (p * n), delta)
    return beta <= 0 ? 0 : beta / delta
  }

  /// Chen, Wiesel, Eldar and Hero, "Shrinkage algorithms for MMSE covariance estimation" (2010), as scikit-learn has it.
  var oas: Double {
    if coordinates <= 1 { return 0 }
    let (n, p) = (Double(count), Double(coordinates))
    let mean = squaredLengths / n / p
    let alpha = squaredProducts / (n * n) / (p * p)
    let denominator = (n + 1) * (alpha - mean * mean / p)
    return denominator <= 0 ? 1 : min((alpha + mean * mean) / denominator, 1)
  }

  /// - Parameters:
  ///   - sample: the centred points
  ///   - products: A'A, A the centred points
  init(_ sample: PanelTable<Double>, products: PanelTable<Double>, coordinates: Int) {
    (squaredLengths, fourthPowers, squaredProducts) = (0, 0, 0)
    count = sample.count
    self.coordinates = coordinates
    for i in 0..<sample.count {
      var square = 0.0
      for k in 0..<sample.length { square += sample[i, k] * sample[i, k] }
      squaredLengths += square
      fourthPowers += square * square
    }
    for i in 0..<products.count {
      for k in 0..<products.count { squaredProducts += products[i, k] * products[i, k] }
    }
  }
}
