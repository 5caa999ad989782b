/// The annotations of one dimension: vectors over Z/p with one entry a live homology class.
///
/// The annotation of a simplex holds the values that the cocycles of the live classes take on it. Equal vectors are
/// kept once and known by a number, of which 0 is the zero vector (the compressed annotation matrix of Boissonnat, Dey
/// and Maria 2013). When a class dies a relation expresses it by older classes; that is substituted lazily, when
/// vectors are added or ``resolve(_:)`` is asked.
struct LazyAnnotations {
  /// A nonzero entry of a vector.
  struct Term: BitwiseCopyable, Equatable {
    var homologyClass: UInt32
    var value: UInt32
  }

  let field: PrimeField
  private var vectors: InternedVectors
  /// Of each vector what it equals, as far as was last asked.
  private var states: Growing<State>
  /// Of each class: the vector of older classes that it equals since it died; -1 while it lives.
  private var relation: Growing<Int32>
  /// Vectors that wait for the substitutions in others.
  private var waiting: Growing<UInt32>
  private var deaths: Int32 = 0
  private(set) var live = 0
  /// No class before this one is alive.
  private(set) var oldestLive = 0

  private struct State: BitwiseCopyable {
    /// The vector that this one equals since the last substitutions; itself if nothing changed.
    var current: UInt32
    /// The number of deaths that `current` knows of.
    var knownDeaths: Int32
  }

  /// - Parameter progress: heard while vectors are added up, which may take long: they have an entry for every class
  init(_ field: PrimeField, _ progress: Progress) throws(ToposcopeError) {
    self.field = field
    vectors = try InternedVectors(field, progress)
    states = try Growing()
    relation = try Growing()
    waiting = try Growing()
    _ = try intern()  // the zero vector has number 0
  }

  var classCount: Int { relation.count }
  var byteCount: Int { vectors.byteCount + states.byteCount }

  func isLive(_ homologyClass: Int) -> Bool { relation[homologyClass] < 0 }

  /// A new class: its unit vector.
  mutating func bear() throws(ToposcopeError) -> UInt32 {
    vectors.clear()
    try vectors.append(Term(homologyClass: UInt32(relation.count), value: 1))
    try relation.append(-1)
    live += 1
    return try intern()
  }

  /// The youngest class in a nonzero vector.
  func youngest(_ vector: UInt32) -> Int { Int(vectors[vector].last!.homologyClass) }

  /// The entry of a live class in a vector.
  mutating func coefficient(of homologyClass: Int, in vector: UInt32) throws(ToposcopeError) -> UInt32 {
    let resolved = try resolve(vector)
    return vectors[resolved].first { $0.homologyClass == homologyClass }?.value ?? 0
  }

  /// Sets a nonzero vector to zero: its youngest class dies.
  mutating func kill(_ vector: UInt32) throws(ToposcopeError) -> Int {
    let resolved = try resolve(vector)
    let youngest = vectors[resolved].last!
    let factor = field.negative(field.inverse(youngest.value))
    vectors.clear()
    try vectors.append(Term(homologyClass: youngest.homologyClass, value: 1))
    try vectors.add(resolved, times: factor)
    relation[Int(youngest.homologyClass)] = Int32(bitPattern: try intern())
    deaths += 1
    live -= 1
    while oldestLive < relation.count, relation[oldestLive] >= 0 { oldestLive += 1 }
    return Int(youngest.homologyClass)
  }

  /// The vector that a vector equals after all deaths so far.
  @inline(__always)
  mutating func resolve(_ vector: UInt32) throws(ToposcopeError) -> UInt32 {
    if vector == 0 { return 0 }
    let state = states[Int(vector)]
    return state.knownDeaths == deaths ? state.current : try update(vector)
  }

  /// The same, where a class has died since it was last asked.
  private mutating func update(_ vector: UInt32) throws(ToposcopeError) -> UInt32 {
    let current = states[Int(vector)].current
    try vectors.entries.add(vectors[current].count)
    for term in vectors[current] where relation[Int(term.homologyClass)] >= 0 { return try substitute(vector) }
    know(vector, current)
    return current
  }

  /// Notes what a vector equals after all deaths so far.
  @inline(__always)
  private func know(_ vector: UInt32, _ current: UInt32) {
    states[Int(vector)] = State(current: current, knownDeaths: deaths)
    states[Int(current)] = State(current: current, knownDeaths: deaths)
  }

  private mutating func substitute(_ vector: UInt32) throws(ToposcopeError) -> UInt32 {
    try waiting.append(vector)
    while waiting.count > 0 {
      let v = waiting[waiting.count - 1]
      if states[Int(v)].knownDeaths == deaths {
        waiting.removeLast()
        continue
      }
      // First the classes that have died are brought up to date, which are older the further down one goes.
      var now = states[Int(v)].current
      try vectors.entries.add(vectors[now].count)
      var (isOld, isWaiting) = (false, false)
      for term in vectors[now] {
        let older = relation[Int(term.homologyClass)]
        if older < 0 { continue }
        isOld = true
        if older > 0 && states[Int(older)].knownDeaths != deaths {
          try waiting.append(UInt32(older))
          isWaiting = true
        }
      }
      if isWaiting { continue }
      waiting.removeLast()
      if isOld {
        vectors.clear()
        for term in vectors[now] where relation[Int(term.homologyClass)] < 0 { try vectors.append(term) }
        for term in vectors[now] {
          let older = relation[Int(term.homologyClass)]
          if older > 0 { try vectors.add(states[Int(older)].current, times: term.value) }
        }
        now = try intern()
      }
      know(v, now)
    }
    return states[Int(vector)].current
  }

  /// The sum of two vectors, the second with a factor. Like any vector that is kept, it has to be resolved before it is
  /// compared with zero.
  @inline(__always)
  mutating func sum(_ a: UInt32, _ b: UInt32, times factor: UInt32) throws(ToposcopeError) -> UInt32 {
    if b == 0 { return a }
    if a == 0 && factor == 1 { return b }
    return try merged(resolve(a), resolve(b), times: factor)
  }

  /// A vector in a sum of many.
  struct Summand: BitwiseCopyable {
    var vector: UInt32
    var factor: UInt32
  }

  /// The sum of some vectors with factors, resolved; so are they afterwards, where they stand.
  mutating func sum(of summands: Growing<Summand>) throws(ToposcopeError) -> UInt32 {
    for i in 0..<summands.count { summands[i].vector = try resolve(summands[i].vector) }
    vectors.clear()
    for i in 0..<summands.count where summands[i].vector != 0 {
      try vectors.add(summands[i].vector, times: summands[i].factor)
    }
    return try intern()
  }

  private mutating func merged(_ a: UInt32, _ b: UInt32, times factor: UInt32) throws(ToposcopeError) -> UInt32 {
    if b == 0 { return a }
    if field.p == 2 && a == b { return 0 }
    vectors.clear()
    try vectors.add(a, times: 1)
    try vectors.add(b, times: factor)
    return try intern()
  }

  /// The number of the vector that has been put together.
  private mutating func intern() throws(ToposcopeError) -> UInt32 {
    let number = try vectors.intern()
    if Int(number) == states.count { try states.append(State(current: number, knownDeaths: -1)) }
    return number
  }
}

/// Sparse vectors over Z/p, equal ones kept once, and one that is being put together.
private struct InternedVectors {
  typealias Term = LazyAnnotations.Term

  private let field: PrimeField
  /// terms[starts[v] ..< starts[v + 1]] is vector v, classes ascending.
  private var terms: Growing<Term>
  private var starts: Growing<Int>
  private var hashes: Growing<UInt32>
  /// Open addressing by the hash of the terms: 1 more than the number of a vector; 0 marks a free slot.
  private var slots: Memory<UInt32>
  /// The vector that is being put together, and room for the next sum.
  private var sum: Growing<Term>
  private var next: Growing<Term>
  /// Entries that were looked at.
  var entries: CountedWork

  init(_ field: PrimeField, _ progress: Progress) throws(ToposcopeError) {
    self.field = field
    entries = CountedWork(progress, unheard: 1 << 16)
    terms = try Growing()
    starts = try Growing()
    try starts.append(0)
    hashes = try Growing()
    slots = try Memory(1 << 8)
    sum = try Growing()
    next = try Growing()
  }

  private var count: Int { starts.count - 1 }
  var byteCount: Int { terms.byteCount + starts.byteCount + hashes.byteCount + 4 * slots.count }

  subscript(vector: UInt32) -> UnsafeBufferPointer<Term> {
    let (start, end) = (starts[Int(vector)], starts[Int(vector) + 1])
    return UnsafeBufferPointer(start: terms.base + start, count: end - start)
  }

  mutating func clear() { sum.removeAll() }

  /// Adds a class that is younger than those there.
  mutating func append(_ term: Term) throws(ToposcopeError) { try sum.append(term) }

  /// Adds a vector with a factor.
  mutating func add(_ vector: UInt32, times factor: UInt32) throws(ToposcopeError) {
    let summand = self[vector]
    next.removeAll()
    try entries.add(sum.count &+ summand.count)
    try next.reserve(sum.count + summand.count)
    let (left, out) = (sum.base, next.base)
    var (i, count) = (0, 0)
    for term in summand {
      while i < sum.count, left[i].homologyClass < term.homologyClass {
        out[count] = left[i]
        count &+= 1
        i &+= 1
      }
      var value = field.p == 2 ? 1 : field.product(term.value, factor)
      if i < sum.count, left[i].homologyClass == term.homologyClass {
        value = field.p == 2 ? 0 : field.sum(left[i].value, value)
        i &+= 1
      }
      out[count] = Term(homologyClass: term.homologyClass, value: value)
      count &+= value != 0 ? 1 : 0
    }
    while i < sum.count {
      out[count] = left[i]
      count &+= 1
      i &+= 1
    }
    next.setCount(count)
    swap(&sum, &next)
  }

  /// The number of the vector that has been put together: a new one only if it was never seen.
  mutating func intern() throws(ToposcopeError) -> UInt32 {
    let found = UnsafeBufferPointer(start: sum.base, count: sum.count)
    let hash = hash(found)
    var i = home(hash)
    while slots.base[i] != 0 {
      let number = slots.base[i] - 1
      if hashes[Int(number)] == hash {
        let known = self[number]
        if known.count == found.count && zip(known, found).allSatisfy({ $0 == $1 }) { return number }
      }
      i = (i &+ 1) & (slots.count &- 1)
    }
    let number = UInt32(count)
    slots.base[i] = number + 1
    for term in found { try terms.append(term) }
    try starts.append(terms.count)
    try hashes.append(hash)
    if 2 * count > slots.count { try grow() }
    return number
  }

  @inline(__always)
  private func home(_ hash: UInt32) -> Int { Int(truncatingIfNeeded: hash) & (slots.count &- 1) }

  @inline(__always)
  private func hash(_ vector: UnsafeBufferPointer<Term>) -> UInt32 {
    var hash: UInt64 = 0
    for term in vector {
      hash = (hash ^ (UInt64(term.homologyClass) << 16 ^ UInt64(term.value))) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 32
    }
    return UInt32(truncatingIfNeeded: hash)
  }

  private mutating func grow() throws(ToposcopeError) {
    slots = try Memory(2 * slots.count)
    for number in 0..<UInt32(count) {
      try entries.add(1)
      var i = home(hashes[Int(number)])
      while slots.base[i] != 0 { i = (i &+ 1) & (slots.count &- 1) }
      slots.base[i] = number + 1
    }
  }
}
