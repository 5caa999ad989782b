/// The annotations of one dimension: vectors over Z/p with one entry a live homology class.
///
/// The annotation of a simplex holds the values that the cocycles of the live classes take on it. Equal vectors are
/// kept once and known by a number, of which 0 is the zero vector (the compressed annotation matrix of Boissonnat, Dey
/// and Maria 2013). When a class dies a relation expresses it by older classes; that is substituted lazily, whenever a
/// vector is read.
struct LazyAnnotations {
  /// A nonzero entry of a vector.
  struct Term: Hashable {
    var homologyClass: UInt32
    var value: UInt32
  }

  let field: PrimeField

  /// terms[starts[v] ..< starts[v + 1]] is vector v, classes ascending.
  private var terms: [Term] = []
  private var starts: [Int] = [0, 0]
  /// Sums over Z/2 of two vectors that have been asked for.
  private var sums: SimplexTable
  private var numbers: [[Term]: UInt32] = [:]
  /// The vector that a vector equals since the last substitutions; itself if nothing changed.
  private var current: [UInt32] = [0]
  /// The number of deaths that `current` knows of.
  private var knownDeaths: [Int] = [0]

  /// Of each class: the vector of older classes that it equals since it died.
  private var relation: [UInt32?] = []
  private var deaths = 0
  private(set) var live = 0
  /// No class before this one is alive.
  private(set) var oldestLive = 0

  init(_ field: PrimeField) throws(ToposcopeError) {
    self.field = field
    sums = try SimplexTable()
  }

  var classCount: Int { relation.count }

  func isLive(_ homologyClass: Int) -> Bool { relation[homologyClass] == nil }

  /// A new class: its unit vector.
  mutating func bear() -> UInt32 {
    relation.append(nil)
    live += 1
    return intern([Term(homologyClass: UInt32(relation.count - 1), value: 1)])
  }

  /// The youngest class in a nonzero vector.
  func youngest(_ vector: UInt32) -> Int { Int(terms(of: vector).last!.homologyClass) }

  /// The entry of a live class in a vector.
  mutating func coefficient(of homologyClass: Int, in vector: UInt32) -> UInt32 {
    terms(of: resolve(vector)).first { $0.homologyClass == homologyClass }?.value ?? 0
  }

  /// Sets a nonzero vector to zero: its youngest class dies.
  mutating func kill(_ vector: UInt32) -> Int {
    let all = Array(terms(of: resolve(vector)))
    let youngest = all.last!
    let factor = field.negative(field.inverse(youngest.value))
    let rest = all.dropLast().map { Term(homologyClass: $0.homologyClass, value: field.product($0.value, factor)) }
    relation[Int(youngest.homologyClass)] = intern(rest)
    deaths += 1
    live -= 1
    while oldestLive < relation.count, relation[oldestLive] != nil { oldestLive += 1 }
    return Int(youngest.homologyClass)
  }

  /// The nonzero entries of a vector, over live classes only after `resolve`.
  func terms(of vector: UInt32) -> ArraySlice<Term> { terms[starts[Int(vector)]..<starts[Int(vector) + 1]] }

  /// The vector that a vector equals after all deaths so far.
  @inline(__always)
  mutating func resolve(_ vector: UInt32) -> UInt32 {
    if vector == 0 { return 0 }
    return knownDeaths[Int(vector)] == deaths ? current[Int(vector)] : substitute(vector)
  }

  private mutating func substitute(_ vector: UInt32) -> UInt32 {
    let v = Int(vector)
    var now = current[v]
    if terms(of: now).contains(where: { relation[Int($0.homologyClass)] != nil }) {
      var sum: [Term] = []
      for term in Array(terms(of: now)) {
        if let older = relation[Int(term.homologyClass)] {
          let older = resolve(older)
          add(terms(of: older), times: term.value, to: &sum)
        } else {
          add([term], times: 1, to: &sum)
        }
      }
      now = intern(sum)
    }
    current[v] = now
    knownDeaths[v] = deaths
    current[Int(now)] = now
    knownDeaths[Int(now)] = deaths
    return now
  }

  /// The sum of two vectors, the second with a factor, resolved.
  @inline(__always)
  mutating func sum(_ a: UInt32, _ b: UInt32, times factor: UInt32) throws(ToposcopeError) -> UInt32 {
    let (a, b) = (resolve(a), resolve(b))
    if b == 0 { return a }
    if a == 0 && factor == 1 { return b }
    return try merged(a, b, times: factor)
  }

  private mutating func merged(_ a: UInt32, _ b: UInt32, times factor: UInt32) throws(ToposcopeError) -> UInt32 {
    let isBinary = field.p == 2
    if isBinary && a == b { return 0 }
    let key = UInt64(min(a, b)) << 32 | UInt64(max(a, b))
    if isBinary, let known = sums.value(of: key) { return resolve(known) }
    var sum = Array(terms(of: a))
    add(terms(of: b), times: factor, to: &sum)
    let result = intern(sum)
    if isBinary { try sums.set(key, result) }
    return result
  }

  private func add(_ summand: ArraySlice<Term>, times factor: UInt32, to sum: inout [Term]) {
    var merged: [Term] = []
    merged.reserveCapacity(sum.count + summand.count)
    var i = sum.startIndex
    for term in summand {
      let value = field.product(term.value, factor)
      while i < sum.endIndex, sum[i].homologyClass < term.homologyClass {
        merged.append(sum[i])
        i += 1
      }
      if i < sum.endIndex, sum[i].homologyClass == term.homologyClass {
        let total = field.sum(sum[i].value, value)
        if total != 0 { merged.append(Term(homologyClass: term.homologyClass, value: total)) }
        i += 1
      } else {
        merged.append(Term(homologyClass: term.homologyClass, value: value))
      }
    }
    merged.append(contentsOf: sum[i...])
    sum = merged
  }

  private mutating func intern(_ vector: [Term]) -> UInt32 {
    if vector.isEmpty { return 0 }
    if let known = numbers[vector] { return known }
    let fresh = UInt32(current.count)
    terms.append(contentsOf: vector)
    starts.append(terms.count)
    current.append(fresh)
    knownDeaths.append(-1)
    numbers[vector] = fresh
    return fresh
  }
}
