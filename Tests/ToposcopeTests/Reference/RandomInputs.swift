/// A random generator that gives the same numbers for the same seed on every machine: SplitMix64 (Steele, Lea and
/// Flood 2014).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: Int) { state = UInt64(bitPattern: Int64(seed)) &* 0xD134_2543_DE82_EF95 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// The kinds of matrices that engines get wrong.
enum MatrixKind: CaseIterable {
  /// Points of the plane at random.
  case plane
  /// Few integer points of a grid: duplicates, and many ties.
  case grid
  /// A circle with noise.
  case circle
  /// Independent numbers: no triangle inequality.
  case nonmetric
  /// Independent small integers, 0 among them.
  case integers
  /// 1 or 2 for every pair: one graph, then the full simplex.
  case twoLevels
  /// Independent numbers, a third of the pairs never joined.
  case gaps
  /// Lengths of shortest paths in a sparse graph; infinity between its parts.
  case paths
  /// All distances the same.
  case equal
  /// The join of polygons: a sphere of high dimension on few points, disturbed now and then.
  case joinOfPolygons
}

extension MatrixKind {
  /// A symmetric matrix of `n` points with a zero diagonal.
  func matrix(_ n: Int, using generator: inout some RandomNumberGenerator) -> [[Float]] {
    var d = [[Float]](repeating: [Float](repeating: 0, count: n), count: n)
    var points: [SIMD2<Float>] = []
    switch self {
    case .plane:
      points = (0..<n).map { _ in SIMD2(.random(in: 0...1, using: &generator), .random(in: 0...1, using: &generator)) }
    case .grid:
      points = (0..<n).map { _ in
        SIMD2(Float(Int.random(in: 0...3, using: &generator)), Float(Int.random(in: 0...3, using: &generator)))
      }
    case .circle:
      points = (0..<n).map { _ in
        while true {
          let p = SIMD2<Float>(.random(in: -1...1, using: &generator), .random(in: -1...1, using: &generator))
          let square = (p * p).sum()
          let radius = Float.random(in: 0.9...1.1, using: &generator)
          if square > 0.01 && square <= 1 { return p / square.squareRoot() * radius }
        }
      }
    default: break
    }
    let top = Int.random(in: 1...6, using: &generator)
    let share = Float.random(in: 0.2...0.9, using: &generator)
    let sides = [2, 2, 4, 5].randomElement(using: &generator)!
    for i in 0..<n {
      for j in i + 1..<max(n, i + 1) {
        let length: Float
        switch self {
        case .plane, .grid, .circle:
          let difference = points[i] - points[j]
          length = (difference * difference).sum().squareRoot()
        case .nonmetric: length = .random(in: 0...1, using: &generator)
        case .integers: length = Float(Int.random(in: 0...top, using: &generator))
        case .twoLevels: length = .random(in: 0...1, using: &generator) < share ? 1 : 2
        case .gaps:
          length = Int.random(in: 0..<3, using: &generator) == 0 ? .infinity : .random(in: 0...1, using: &generator)
        case .paths: length = Int.random(in: 0..<n, using: &generator) < 2 ? 1 : .infinity
        case .equal: length = Float(top)
        case .joinOfPolygons:
          let isSide = sides > 2 && (j - i == 1 || j - i == sides - 1)
          let isDiagonal = i / sides == j / sides && !isSide
          let isDisturbed = Int.random(in: 0..<60, using: &generator) == 0
          length = isDiagonal != isDisturbed ? 3 : Float(Int.random(in: 1...2, using: &generator))
        }
        d[i][j] = length
        d[j][i] = length
      }
    }
    if self == .paths { closePaths(&d) }
    return d
  }

  private func closePaths(_ d: inout [[Float]]) {
    for k in d.indices {
      for i in d.indices {
        for j in d.indices where d[i][k] + d[k][j] < d[i][j] { d[i][j] = d[i][k] + d[k][j] }
      }
    }
  }
}

/// One random call of the engine: what goes in, and with what options.
struct RandomInput: CustomStringConvertible {
  let seed: Int
  let kind: MatrixKind
  let distances: [[Float]]
  let maxDimension: Int
  let modulus: Int
  let threshold: Float

  /// `greatestCount` bounds the number of points for each greatest dimension, so that the textbook keeps up.
  init(seed: Int, greatestCount: [Int] = [60, 26, 14, 11, 9]) {
    var generator = SeededGenerator(seed: seed)
    self.seed = seed
    maxDimension = Int.random(in: 0..<greatestCount.count, using: &generator)
    // Elsewhere few points seldom have classes in high dimensions.
    let wantsSphere = maxDimension >= 2 && Int.random(in: 0..<3, using: &generator) == 0
    kind = wantsSphere ? .joinOfPolygons : MatrixKind.allCases.randomElement(using: &generator)!
    let greatest = greatestCount[maxDimension]
    // As few points as can be are corner cases, as many as can be have classes in high dimensions.
    let n = Bool.random(using: &generator) ? greatest : Int.random(in: 0...greatest, using: &generator)
    distances = kind.matrix(n, using: &generator)
    modulus = [2, 2, 3, 5].randomElement(using: &generator)!
    let lengths = distances.joined().filter { $0.isFinite }
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: threshold = lengths.randomElement(using: &generator) ?? 0  // equal to the length of an edge
    case 1: threshold = (lengths.max() ?? 0) * .random(in: 0...1.1, using: &generator)
    default: threshold = .infinity
    }
  }

  var description: String {
    "seed \(seed): \(kind), n = \(distances.count), maxDimension \(maxDimension), Z/\(modulus), threshold \(threshold)"
  }
}
