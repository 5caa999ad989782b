/// Vietoris-Rips persistence in every dimension, one edge at a time.
///
/// The edges are added in the order of the filtration. Adding e brings the simplices e ∪ s for the simplices s of its
/// link L, the flag complex on the common neighbours of its ends. An acyclic matching of L (see ``Link``) pairs almost
/// all of them off; only critical simplices can bear or kill a class. For those the annotations of their facets are
/// added up: not zero, and the youngest class in the sum dies; zero, and a class is born.
///
/// An annotation is worked out when it is asked for. A simplex matched with its facet has none; one that is matched with
/// a cofacet has minus the sum of those of the other facets, so that the cocycles vanish on the boundary of the cofacet;
/// one that is older than every live class has none either.
final class HigherPersistence {
  private let count: Int
  private var edges: [FiltrationEdge] = []
  private let maxDimension: Int
  private let field: PrimeField
  private let isComplete: Bool

  /// The rank of every edge in the order; `absent` for pairs that are not joined.
  private let ranks: Memory<UInt32>
  private static let absent = UInt32.max

  /// Of each edge added: the link, where it is not empty.
  private var links: [Link?] = []
  /// annotations[k - 1] for dimension k, and the annotations known, by simplex.
  private var annotations: [AnnotatedDimension] = []
  /// Numbers for the faces with three and more vertices that are opposite to longest edges.
  private var faces = SimplexTable()
  private var stack: [Frame] = []

  private final class AnnotatedDimension {
    var classes: LazyAnnotations
    var known = SimplexTable()
    /// The rank of the birth edge of each class.
    var births: [UInt32] = []
    init(_ field: PrimeField) { classes = LazyAnnotations(field) }
  }

  /// A simplex whose annotation is being worked out from those of the other facets of its cofacet.
  private struct Frame {
    var key: UInt64
    var cofacet: [Int32]
    /// The place in the cofacet of the vertex that the simplex lacks.
    var omitted: Int
    var next = 0
    var summands: [(vector: UInt32, factor: UInt32)] = []
  }

  private(set) var diagrams: [[PersistencePair]]

  /// - Parameters:
  ///   - isComplete: whether classes alive after the last edge never die; if not, their bars are censored
  init(
    _ order: EdgeOrder, maxDimension: Int, field: PrimeField, isComplete: Bool
  ) throws(ToposcopeError) {
    count = order.vertexCount
    self.maxDimension = maxDimension
    self.isComplete = isComplete
    self.field = field
    diagrams = Array(repeating: [], count: maxDimension + 1)
    ranks = try Memory(count * count)
    for i in 0..<(count * count) { ranks.base[i] = HigherPersistence.absent }
    while let run = try order.nextRun() {
      for i in 0..<run.count {
        let edge = run[i]
        ranks.base[Int(edge.tail) * count + Int(edge.head)] = UInt32(edges.count)
        ranks.base[Int(edge.head) * count + Int(edge.tail)] = UInt32(edges.count)
        edges.append(edge)
      }
    }
    for _ in 0..<max(0, maxDimension) { annotations.append(AnnotatedDimension(field)) }
    links.reserveCapacity(edges.count)
  }

  /// Adds all edges, and closes the diagrams.
  func run(progress: Progress) throws(ToposcopeError) {
    var components = Components(count)
    for (rank, edge) in edges.enumerated() {
      try progress.report(rank, of: edges.count)
      if let ended = components.join(edge.tail, edge.head) {
        if edge.length > 0 { diagrams[0].append(.component(ended, death: edge.length, deathEdge: edge.edge)) }
        links.append(nil)
        continue
      }
      guard maxDimension >= 1 else { continue }
      let link = link(of: edge, rank)
      if link.vertices.isEmpty {
        links.append(nil)
        bear(1, rank, [edge.tail, edge.head])
        continue
      }
      links.append(link)
      for face in link.critical(upTo: maxDimension) {
        addCritical((face + [edge.tail, edge.head]).sorted(), rank)
      }
    }
    for vertex in 0..<Int32(count) where components.root(vertex) == vertex {
      var bar = PersistencePair.component(vertex, death: .infinity, deathEdge: nil)
      bar.isCensored = !isComplete && vertex > 0
      diagrams[0].append(bar)
    }
    for (k, dimension) in annotations.enumerated() {
      for (i, birth) in dimension.births.enumerated() where dimension.classes.isLive(i) {
        let edge = edges[Int(birth)]
        diagrams[k + 1].append(
          PersistencePair(
            birth: edge.length, death: .infinity, birthEdge: edge.edge, deathEdge: nil, isCensored: !isComplete))
      }
    }
  }

  /// The flag complex on the common neighbours of an edge, as it is before that edge is added.
  private func link(of edge: FiltrationEdge, _ rank: Int) -> Link {
    let bound = UInt32(rank)
    let (u, v) = (ranks.base + Int(edge.tail) * count, ranks.base + Int(edge.head) * count)
    var common: [Int32] = []
    for x in 0..<count where u[x] < bound && v[x] < bound { common.append(Int32(x)) }
    return Link(vertices: common, below: bound) { [ranks, count] i, j in
      ranks.base[Int(common[i]) * count + Int(common[j])]
    }
  }

  /// A critical simplex kills the youngest class that its boundary carries, or bears one.
  private func addCritical(_ simplex: [Int32], _ rank: Int) {
    let k = simplex.count - 2  // the dimension of its facets
    var death: UInt32 = 0
    if annotations[k - 1].classes.live > 0 {
      var facets: [(vector: UInt32, factor: UInt32)] = []
      for i in simplex.indices {
        var facet = simplex
        facet.remove(at: i)
        facets.append((annotation(of: facet), field.sign(i)))
      }
      death = facets.withUnsafeBufferPointer { annotations[k - 1].classes.combine($0) }
    }
    if death != 0 {
      let dead = annotations[k - 1].classes.kill(death)
      let birth = edges[Int(annotations[k - 1].births[dead])]
      let edge = edges[rank]
      if birth.length < edge.length {
        diagrams[k].append(
          PersistencePair(birth: birth.length, death: edge.length, birthEdge: birth.edge, deathEdge: edge.edge))
      }
    } else if k + 1 <= maxDimension {
      bear(k + 1, rank, simplex)
    }
  }

  private func bear(_ dimension: Int, _ rank: Int, _ simplex: [Int32]) {
    let key = key(of: simplex)
    let unit = annotations[dimension - 1].classes.bear()
    annotations[dimension - 1].births.append(UInt32(rank))
    annotations[dimension - 1].known.set(key, unit)
  }

  /// The longest edge of a simplex, by rank.
  private func longestEdge(_ simplex: [Int32]) -> UInt32 {
    var longest: UInt32 = 0
    for i in 1..<simplex.count {
      let row = ranks.base + Int(simplex[i]) * count
      for j in 0..<i { longest = max(longest, row[Int(simplex[j])]) }
    }
    return longest
  }

  /// A number of 64 bits for a simplex of dimension 1 and up: the rank of its longest edge, and a number for the
  /// opposite face, which is the vertex, the rank of the edge, or given in the order of asking. Two simplices of one
  /// dimension with the same key are the same.
  private func key(of simplex: [Int32]) -> UInt64 {
    let rank = longestEdge(simplex)
    let edge = edges[Int(rank)]
    let opposite = simplex.filter { $0 != edge.tail && $0 != edge.head }
    let number: UInt32 =
      switch opposite.count {
      case 0: 0
      case 1: UInt32(opposite[0])
      case 2: longestEdge(opposite)
      default: faces.number(of: key(of: opposite))
      }
    return UInt64(rank) << 32 | UInt64(number)
  }

  /// The annotation of a simplex, ascending, of dimension 1 and up.
  private func annotation(of simplex: [Int32]) -> UInt32 {
    let dimension = annotations[simplex.count - 2]
    var result: UInt32 = 0
    if let known = begin(simplex, dimension) { return known }
    while var frame = stack.popLast() {
      var waiting = false
      while frame.next < frame.cofacet.count {
        let i = frame.next
        if i != frame.omitted {
          var facet = frame.cofacet
          facet.remove(at: i)
          guard let value = lookUp(facet, dimension) else {
            stack.append(frame)
            push(facet)
            waiting = true
            break
          }
          // δ on the cofacet is zero: sign(omitted) value(simplex) + the sum of sign(i) value(facet i) = 0
          if value != 0 { frame.summands.append((value, field.negative(field.sign(i + frame.omitted)))) }
        }
        frame.next += 1
      }
      if waiting { continue }
      result = frame.summands.withUnsafeBufferPointer { dimension.classes.combine($0) }
      dimension.known.set(frame.key, result)
    }
    return result
  }

  private func begin(_ simplex: [Int32], _ dimension: AnnotatedDimension) -> UInt32? {
    if let known = lookUp(simplex, dimension) { return known }
    push(simplex)
    return nil
  }

  /// The annotation of a simplex where it needs no work.
  private func lookUp(_ simplex: [Int32], _ dimension: AnnotatedDimension) -> UInt32? {
    let rank = longestEdge(simplex)
    if dimension.classes.live == 0 || rank < dimension.births[dimension.classes.oldestLive] { return 0 }
    if let known = dimension.known.value(of: key(of: simplex)) { return known }
    return if case .up = matching(simplex, rank) { nil } else { 0 }
  }

  private func push(_ simplex: [Int32]) {
    guard case .up(let apex) = matching(simplex, longestEdge(simplex)) else { return }
    let place = simplex.firstIndex { $0 > apex } ?? simplex.count
    var cofacet = simplex
    cofacet.insert(apex, at: place)
    stack.append(Frame(key: key(of: simplex), cofacet: cofacet, omitted: place))
  }

  private func matching(_ simplex: [Int32], _ rank: UInt32) -> Matching {
    guard Int(rank) < links.count, let link = links[Int(rank)] else {
      // The edge that is being added has not got its link on the list yet, which does not happen; one without a link
      // has no cofacet.
      return .critical
    }
    let edge = edges[Int(rank)]
    return link.match(simplex.filter { $0 != edge.tail && $0 != edge.head }[...])
  }
}

extension PrimeField {
  /// (-1)^index.
  fileprivate func sign(_ index: Int) -> UInt32 { index & 1 == 0 ? 1 : p - 1 }
}
