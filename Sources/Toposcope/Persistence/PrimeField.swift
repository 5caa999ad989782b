/// The field Z/p. Elements are the integers 0 ..< p; products of two fit in 32 bits because p <= 65521.
struct PrimeField: Sendable {
  static let greatestPrime = 65521

  let p: UInt32

  /// - Throws: ``ToposcopeError/Kind/modulus`` unless `modulus` is a prime in 2 ... 65521.
  init(_ modulus: Int) throws(ToposcopeError) {
    guard (2...PrimeField.greatestPrime).contains(modulus), PrimeField.isPrime(modulus) else {
      throw ToposcopeError(.modulus, value: Double(modulus))
    }
    p = UInt32(modulus)
  }

  static func isPrime(_ number: Int) -> Bool {
    guard number >= 2 else { return false }
    var divisor = 2
    while divisor * divisor <= number {
      if number % divisor == 0 { return false }
      divisor += 1
    }
    return true
  }

  @inline(__always)
  func sum(_ a: UInt32, _ b: UInt32) -> UInt32 { (a &+ b) % p }

  @inline(__always)
  func product(_ a: UInt32, _ b: UInt32) -> UInt32 { (a &* b) % p }

  @inline(__always)
  func negative(_ a: UInt32) -> UInt32 { a == 0 ? 0 : p &- a }

  /// 1/a, by Fermat: a^(p - 2).
  func inverse(_ a: UInt32) -> UInt32 {
    var (power, base, exponent) = (UInt32(1), a, p - 2)
    while exponent > 0 {
      if exponent & 1 == 1 { power = product(power, base) }
      base = product(base, base)
      exponent >>= 1
    }
    return power
  }
}
