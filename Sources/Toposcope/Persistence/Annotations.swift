/// One coordinate of an annotation: the value of a live cocycle.
struct Term: Hashable, Sendable {
  /// Classes are numbered as they are born.
  var cocycle: Int32
  /// In 1 ..< p.
  var value: UInt32
}

/// The values of the live cocycles on a simplex, youngest cocycle first, zeros left out.
typealias Annotation = [Term]

/// The distinct annotations of the simplices of one dimension, each kept once.
///
/// Simplices hold an identifier. When a class dies, only the distinct annotations that contain it are rewritten; two
/// that become equal are joined (Boissonnat, Dey, Maria 2013). Identifier 0 is the zero annotation.
///
/// Invariant: the annotations of identifiers that stand for themselves differ, and contain live classes only.
struct AnnotationTable {
  let field: PrimeField
  private var annotations: [Annotation] = [[]]
  /// Points from an identifier to one that it has become equal to; to itself where there is none.
  private var forward: [Int32] = [0]
  private var identifiers: [Annotation: Int32] = [[]: 0]
  /// For every class the identifiers whose annotation contained it at some time.
  private var containing: [[Int32]] = []
  /// Sums found before. They stay true when a class dies, for substitution is linear.
  private var sums: [UInt64: Int32] = [:]

  init(field: PrimeField) { self.field = field }

  /// The identifier that stands for `identifier` now.
  mutating func resolve(_ identifier: Int32) -> Int32 {
    var root = identifier
    while forward[Int(root)] != root { root = forward[Int(root)] }
    var next = identifier
    while forward[Int(next)] != root { (next, forward[Int(next)]) = (forward[Int(next)], root) }
    return root
  }

  /// The annotation of an identifier that stands for itself.
  subscript(identifier: Int32) -> Annotation { annotations[Int(identifier)] }

  /// The annotation that an identifier stands for now.
  func current(_ identifier: Int32) -> Annotation {
    var root = identifier
    while forward[Int(root)] != root { root = forward[Int(root)] }
    return annotations[Int(root)]
  }

  mutating func identifier(of annotation: Annotation) -> Int32 {
    if let known = identifiers[annotation] { return known }
    let new = Int32(annotations.count)
    annotations.append(annotation)
    forward.append(new)
    identifiers[annotation] = new
    for term in annotation {
      while containing.count <= Int(term.cocycle) { containing.append([]) }
      containing[Int(term.cocycle)].append(new)
    }
    return new
  }

  /// The identifier of a + b. Both stand for themselves, and so does the result.
  mutating func sum(_ a: Int32, _ b: Int32) -> Int32 {
    if a == 0 { return b }
    if b == 0 { return a }
    if a == b && field.p == 2 { return 0 }
    let key = UInt64(UInt32(bitPattern: min(a, b))) << 32 | UInt64(UInt32(bitPattern: max(a, b)))
    if let known = sums[key] { return resolve(known) }
    let new = identifier(of: sum(self[a], self[b]))
    sums[key] = new
    return new
  }

  /// The identifier of -a. `a` stands for itself, and so does the result.
  mutating func negative(_ a: Int32) -> Int32 {
    a == 0 || field.p == 2 ? a : identifier(of: negative(self[a]))
  }

  /// a + factor b.
  func sum(_ a: Annotation, _ b: Annotation, factor: UInt32 = 1) -> Annotation {
    if a.isEmpty && factor == 1 { return b }
    if b.isEmpty || factor == 0 { return a }
    var result = Annotation()
    result.reserveCapacity(a.count + b.count)
    var (i, j) = (0, 0)
    while i < a.count && j < b.count {
      if a[i].cocycle > b[j].cocycle {
        result.append(a[i])
        i += 1
      } else if a[i].cocycle < b[j].cocycle {
        result.append(Term(cocycle: b[j].cocycle, value: field.product(b[j].value, factor)))
        j += 1
      } else {
        let value = field.sum(a[i].value, field.product(b[j].value, factor))
        if value != 0 { result.append(Term(cocycle: a[i].cocycle, value: value)) }
        i += 1
        j += 1
      }
    }
    result.append(contentsOf: a[i...])
    for term in b[j...] { result.append(Term(cocycle: term.cocycle, value: field.product(term.value, factor))) }
    return result
  }

  func negative(_ a: Annotation) -> Annotation {
    field.p == 2 ? a : a.map { Term(cocycle: $0.cocycle, value: field.negative($0.value)) }
  }

  /// Makes `relation`, which is not zero, true: solves it for its youngest class, and puts the solution into every
  /// annotation. Returns the class, which is in no annotation any more.
  mutating func kill(_ relation: Annotation) -> Int32 {
    let dead = relation[0].cocycle
    let inverse = field.inverse(relation[0].value)
    for identifier in containing[Int(dead)] where forward[Int(identifier)] == identifier {
      let old = annotations[Int(identifier)]
      guard let term = old.first(where: { $0.cocycle == dead }) else { continue }
      let new = sum(old, relation, factor: field.negative(field.product(term.value, inverse)))
      identifiers[old] = nil
      annotations[Int(identifier)] = []
      if let known = identifiers[new] {
        forward[Int(identifier)] = known
        continue
      }
      identifiers[new] = identifier
      for term in new where !old.contains(where: { $0.cocycle == term.cocycle }) {
        containing[Int(term.cocycle)].append(identifier)
      }
      annotations[Int(identifier)] = new
    }
    containing[Int(dead)] = []
    return dead
  }
}
