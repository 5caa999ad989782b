/// What ``Loops`` remembers for representatives.
struct Witness {
  /// Stop before the class that this edge bore dies, and keep the relation that is about to kill it.
  var awaited: Edge?
  var relation: [Term]?
  /// Keep the cocycle of every class whose bar has a length.
  var keepsCocycles = false
  /// By birth edge.
  var cocycles: [Edge: [(simplex: [Int32], value: Int)]] = [:]
  /// The edges that joined components: their annotation is zero for ever.
  var forest: [Edge] = []
}

extension LoopEngine {
  /// Takes down what is wanted of the class that `relation` is about to kill at `e`. True if that is what was awaited:
  /// then the class must not be killed.
  mutating func testify(_ relation: [Term], _ e: FiltrationEdge) throws(ToposcopeError) -> Bool {
    let dying = relation[0].cocycle
    let birth = births[Int(dying)]
    if witness?.awaited == birth.edge {
      witness?.relation = relation
      return true
    }
    if witness?.keepsCocycles == true && e.length > birth.length {
      let values = try cocycle(dying)
      witness?.cocycles[birth.edge] = values
    }
    return false
  }

  /// The values of the cocycle of a live class on all edges there are. No class has a plane.
  mutating func cocycle(_ cocycle: Int32) throws(ToposcopeError) -> [(simplex: [Int32], value: Int)] {
    var values: [(simplex: [Int32], value: Int)] = []
    var active: [(Int, Int, Int32)] = []
    try forEachActive { active.append(($0, $1, $2)) }
    for (a, b, identifier) in active {
      let current = try table.resolve(identifier)
      if current == 0 { continue }
      for term in table.vector(current).terms where term.cocycle == cocycle {
        values.append(([Int32(b), Int32(a)], Int(term.value)))
      }
    }
    return values.sorted { $0.simplex.lexicographicallyPrecedes($1.simplex) }
  }
}
