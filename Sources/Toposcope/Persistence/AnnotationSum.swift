/// A vector over Z/p with one coordinate a class, in one of two forms that its content decides.
///
/// Sparse: one word a nonzero coordinate, the class in the upper half and the value in the lower, youngest class first.
/// Wide, over Z/2 only: one bit a class, up to the youngest.
struct AnnotationVector {
  let words: UnsafePointer<UInt64>
  let count: Int
  let isWide: Bool

  /// Whether a vector over Z/2 with so many nonzero coordinates takes its bits rather than a list. Equal vectors have
  /// equal forms.
  @inline(__always)
  static func isWide(_ nonzero: Int, words: Int) -> Bool { nonzero > 8 && nonzero > words &>> 2 }

  static func term(_ cocycle: Int32, _ value: UInt32) -> UInt64 {
    UInt64(UInt32(bitPattern: cocycle)) << 32 | UInt64(value)
  }

  /// The words that the bits of all classes up to one take.
  @inline(__always)
  static func wordCount(upTo cocycle: Int) -> Int { cocycle &>> 6 &+ 1 }
}

/// A sum of annotations that is being made.
///
/// With few nonzero coordinates, lists are merged; with many, and over Z/2, whole words are added: thousands of classes
/// alive at once cost a thousand bits a vector.
struct AnnotationSum {
  private let field: PrimeField
  private let isBinary: Bool
  private var terms: Memory<UInt64>
  private var spare: Memory<UInt64>
  /// Zero from `count` on, and everywhere where the sum is sparse.
  private var bits: Memory<UInt64>
  private(set) var isWide = false
  /// Terms, or words of bits.
  private(set) var count = 0
  /// Words that were added: with many classes vectors are long, and contain many that have died.
  private var words: CountedWork

  init(field: PrimeField, progress: Progress) throws(ToposcopeError) {
    self.field = field
    words = CountedWork(progress, unheard: 1 << 20)
    isBinary = field.p == 2
    terms = try Memory(64)
    spare = try Memory(64)
    bits = try Memory(8)
  }

  /// What has been added up. Valid until the next change.
  var vector: AnnotationVector {
    AnnotationVector(words: isWide ? bits.base : terms.base, count: count, isWide: isWide)
  }

  mutating func clear() {
    if isWide { bits.base.update(repeating: 0, count: count) }
    isWide = false
    count = 0
  }

  /// Adds `factor` times the unit vector of a class.
  mutating func add(_ cocycle: Int32, times factor: UInt32) throws(ToposcopeError) {
    var term = AnnotationVector.term(cocycle, 1)
    let sum = withUnsafePointer(to: &term) { AnnotationVector(words: $0, count: 1, isWide: false) }
    try add(sum, times: factor)
  }

  @inline(__always)
  mutating func add(_ vector: AnnotationVector, times factor: UInt32) throws(ToposcopeError) {
    if vector.count == 0 { return }
    if !isWide && !vector.isWide {
      try merge(vector, times: factor)
    } else {
      try addBits(vector)
    }
  }

  private mutating func merge(_ vector: AnnotationVector, times factor: UInt32) throws(ToposcopeError) {
    let (n, m) = (count, vector.count)
    if n &+ m > spare.count { try makeRoom(n + m) }
    let (a, b, out) = (terms.base, vector.words, spare.base)
    var (i, j, k) = (0, 0, 0)
    while i < n && j < m {
      let (x, y) = (a[i], b[j])
      if x &>> 32 > y &>> 32 {
        out[k] = x
        i &+= 1
        k &+= 1
      } else if x &>> 32 < y &>> 32 {
        out[k] = scaled(y, factor)
        j &+= 1
        k &+= 1
      } else {
        if !isBinary {
          let value = field.sum(
            UInt32(truncatingIfNeeded: x), field.product(UInt32(truncatingIfNeeded: y), factor))
          out[k] = x & ~0xFFFF_FFFF | UInt64(value)
          k &+= value == 0 ? 0 : 1
        }
        i &+= 1
        j &+= 1
      }
    }
    while i < n {
      out[k] = a[i]
      i &+= 1
      k &+= 1
    }
    while j < m {
      out[k] = scaled(b[j], factor)
      j &+= 1
      k &+= 1
    }
    swap(&terms, &spare)
    count = k
    if isBinary && k > 8 && AnnotationVector.isWide(k, words: wordCount) { try widen() }
  }

  @inline(__always)
  private func scaled(_ term: UInt64, _ factor: UInt32) -> UInt64 {
    if factor == 1 { return term }
    return term & ~0xFFFF_FFFF | UInt64(field.product(UInt32(truncatingIfNeeded: term), factor))
  }

  private mutating func makeRoom(_ needed: Int) throws(ToposcopeError) {
    let larger = try Memory<UInt64>(2 * needed)
    larger.base.update(from: terms.base, count: count)
    terms = larger
    spare = try Memory(2 * needed)
  }

  /// Words that the bits of a sparse sum take.
  private var wordCount: Int {
    count == 0 ? 0 : AnnotationVector.wordCount(upTo: Int(truncatingIfNeeded: terms.base[0] &>> 32))
  }

  private mutating func makeBits(_ words: Int) throws(ToposcopeError) {
    if words <= bits.count { return }
    let larger = try Memory<UInt64>(2 * words)
    if isWide { larger.base.update(from: bits.base, count: count) }
    bits = larger
    if terms.count < bits.count { try makeRoom(bits.count) }  // for as many terms as a sparse vector may have
  }

  private mutating func widen() throws(ToposcopeError) {
    if isWide { return }
    let words = wordCount
    try makeBits(words)
    isWide = true
    for i in 0..<count { flip(terms.base[i]) }
    count = words
  }

  @inline(__always)
  private func flip(_ term: UInt64) {
    bits.base[Int(truncatingIfNeeded: term &>> 38)] ^= 1 &<< (term &>> 32 & 63)
  }

  private mutating func addBits(_ vector: AnnotationVector) throws(ToposcopeError) {
    try widen()
    if vector.isWide {
      try makeBits(vector.count)
      let (to, from) = (bits.base, vector.words)
      for k in 0..<vector.count { to[k] ^= from[k] }
      count = max(count, vector.count)
    } else {
      let words = AnnotationVector.wordCount(upTo: Int(truncatingIfNeeded: vector.words[0] &>> 32))
      try makeBits(words)
      count = max(count, words)
      for i in 0..<vector.count { flip(vector.words[i]) }
    }
  }

  /// Gives the sum the form that its content decides.
  mutating func settle() {
    guard isWide else { return }
    while count > 0 && bits.base[count &- 1] == 0 { count &-= 1 }
    var nonzero = 0
    for k in 0..<count { nonzero &+= bits.base[k].nonzeroBitCount }
    if AnnotationVector.isWide(nonzero, words: count) { return }
    var i = 0
    for k in stride(from: count - 1, through: 0, by: -1) {
      var word = bits.base[k]
      while word != 0 {
        let bit = 63 &- word.leadingZeroBitCount
        terms.base[i] = AnnotationVector.term(Int32(k << 6 + bit), 1)
        i &+= 1
        word ^= 1 &<< UInt64(bit)
      }
      bits.base[k] = 0
    }
    isWide = false
    count = i
  }

  /// Removes classes by what they equal, youngest first, until only others are left.
  ///
  /// - Parameters:
  ///   - dead: One bit a class, for at least as many as there are.
  ///   - relation: For a class to remove, a vector of it with the value -1 and of what it equals, older classes.
  mutating func substitute(
    _ dead: UnsafePointer<UInt64>, _ relation: (_ cocycle: Int) -> AnnotationVector
  ) throws(ToposcopeError) {
    try words.add(count &+ 16)
    var i = 0
    while !isWide && i < count {
      let term = terms.base[i]
      let cocycle = Int(truncatingIfNeeded: term &>> 32)
      if dead[cocycle &>> 6] &>> UInt64(cocycle & 63) & 1 == 0 {
        i &+= 1
      } else {
        try words.add(count)
        try add(relation(cocycle), times: UInt32(truncatingIfNeeded: term))
      }
    }
    guard isWide else { return }
    var k = count - 1
    while k >= 0 {
      let hits = bits.base[k] & dead[k]
      if hits == 0 {
        k &-= 1
      } else {
        try words.add(count)
        try addBits(relation(k << 6 + 63 - hits.leadingZeroBitCount))
      }
    }
  }

  /// The youngest class, and its value. The sum is not zero, and settled.
  var youngest: Term {
    if isWide { return Term(cocycle: Int32(count << 6 - 1 - bits.base[count - 1].leadingZeroBitCount), value: 1) }
    return Term(
      cocycle: Int32(truncatingIfNeeded: terms.base[0] >> 32), value: UInt32(truncatingIfNeeded: terms.base[0]))
  }

  /// Multiplies by a factor that is not zero.
  mutating func scale(by factor: UInt32) {
    if isWide || factor == 1 { return }
    for i in 0..<count { terms.base[i] = scaled(terms.base[i], factor) }
  }
}

extension AnnotationVector {
  /// The nonzero coordinates, youngest class first.
  var terms: [Term] {
    if !isWide {
      return (0..<count).map {
        Term(cocycle: Int32(truncatingIfNeeded: words[$0] >> 32), value: UInt32(truncatingIfNeeded: words[$0]))
      }
    }
    var terms: [Term] = []
    for k in stride(from: count - 1, through: 0, by: -1) {
      var word = words[k]
      while word != 0 {
        let bit = 63 - word.leadingZeroBitCount
        terms.append(Term(cocycle: Int32(k << 6 + bit), value: 1))
        word ^= 1 << UInt64(bit)
      }
    }
    return terms
  }

  /// Whether the coordinate of a class is not zero.
  func contains(_ cocycle: Int32) -> Bool {
    let c = Int(cocycle)
    if isWide { return c >> 6 < count && words[c >> 6] >> UInt64(c & 63) & 1 != 0 }
    return (0..<count).contains { words[$0] >> 32 == UInt64(c) }
  }

  /// Whether any class of `dead`, one bit each, has a nonzero coordinate.
  @inline(__always)
  func meets(_ dead: UnsafePointer<UInt64>) -> Bool {
    if isWide {
      for k in 0..<count where words[k] & dead[k] != 0 { return true }
      return false
    }
    for i in 0..<count {
      let cocycle = Int(truncatingIfNeeded: words[i] &>> 32)
      if dead[cocycle &>> 6] &>> UInt64(cocycle & 63) & 1 != 0 { return true }
    }
    return false
  }

  var hash: UInt32 {
    var h: UInt64 = isWide ? 0x2545_F491_4F6C_DD1D : 0
    for i in 0..<count { h = (h ^ words[i]) &* 0x9E37_79B9_7F4A_7C15 ^ (h &>> 29) }
    return UInt32(truncatingIfNeeded: h &>> 32)
  }

  @inline(__always)
  func equals(_ other: AnnotationVector) -> Bool {
    guard count == other.count, isWide == other.isWide else { return false }
    for i in 0..<count where words[i] != other.words[i] { return false }
    return true
  }
}
