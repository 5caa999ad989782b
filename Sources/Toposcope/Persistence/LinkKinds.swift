import CToposcopeProcessor

/// What the links of the edges of a graph with few edges ask for, as far as is found out before the edges are taken in order.
///
/// The link of an edge lies in the star of either end. So vertices are taken one after another, by several threads, and the ranks
/// of the edges among the neighbours of one are written to a small matrix, once for all of its edges: which of them came before
/// an edge is a comparison of whole rows. An edge goes with the end that has fewer neighbours. Where these are too many, or hardly
/// an edge goes with that end, nothing is found out.
///
/// On the way the vertex that is nearest to both ends is found, which triangles of the edge are filled from.
final class LinkKinds: @unchecked Sendable {
  private let kinds: Memory<LinkKind>
  let fillings: Memory<Filling>

  /// All links are open.
  init(edges: Int) throws(ToposcopeError) {
    kinds = try Memory(edges)
    fillings = try Memory(0)
  }

  /// - Parameter lists: tell what the links are
  init(_ lists: RankTable.Lists, edges: Int, threads: Int, progress: Progress) throws(ToposcopeError) {
    kinds = try Memory(edges)
    fillings = try Memory(edges)
    var stars: [StarOfVertex] = []
    while stars.count < threads { stars.append(try StarOfVertex(lists)) }
    let (slots, all) = (Slots(threads), stars)
    let (each, end) = (LinkKinds.verticesPerChunk, Int32(lists.vertexCount))
    try Threads.forEach(chunks: (Int(end) + each - 1) / each, threads: threads, progress: progress) { chunk in
      let slot = slots.take()
      defer { slots.give(slot) }
      let first = Int32(chunk * each)
      for u in first..<min(first + Int32(each), end) { all[slot].tellLinks(u, kinds.base, fillings.base) }
    }
  }

  private static let verticesPerChunk = 16

  @inline(__always)
  subscript(rank: Int32) -> LinkKind { kinds.base[Int(rank)] }
}

/// The common neighbour of the ends of an edge that makes the longer one of its edges to them shortest, and the ranks of these.
struct Filling: BitwiseCopyable {
  let vertex: Int32
  let toTail: Int32
  let toHead: Int32

  /// No edge has all ranks.
  var isKnown: Bool { toTail != toHead }
}

/// A vertex and its neighbours.
private final class StarOfVertex: @unchecked Sendable {
  private let lists: RankTable.Lists
  /// Of every vertex its number among the neighbours; `none` where it is none of them.
  private let numbers: Memory<Int32>
  /// The ranks of the edges of each neighbour to all others, and after them those of the edges to the vertex itself.
  private let ranks: Memory<Int32>
  private let asked: Memory<Int32>
  private let found: Memory<LinkKind>
  private let nearest: Memory<Int32>
  private let room: Memory<UInt64>

  private static let none = Int32.max
  /// More neighbours take more words than the kernel has room for.
  private static let mostNeighbors = 511
  /// At least one of so many edges has to go with a vertex.
  private static let oneOf = 8

  init(_ lists: RankTable.Lists) throws(ToposcopeError) {
    self.lists = lists
    numbers = try Memory(lists.vertexCount, isZeroed: false)
    numbers.base.update(repeating: StarOfVertex.none, count: lists.vertexCount)
    let most = min(lists.longest, StarOfVertex.mostNeighbors)
    ranks = try Memory((most + 1) * StarOfVertex.length(most))
    asked = try Memory(most)
    found = try Memory(most)
    nearest = try Memory(most)
    room = try Memory(256)
  }

  /// The length of a row: one more than there are neighbours, in whole words of bits.
  private static func length(_ neighbors: Int) -> Int { (neighbors + 64) / 64 * 64 }

  func tellLinks(
    _ u: Int32, _ kinds: UnsafeMutablePointer<LinkKind>, _ fillings: UnsafeMutablePointer<Filling>
  ) {
    let list = lists.places(of: u)
    if list.isEmpty || list.count > StarOfVertex.mostNeighbors { return }
    let (neighbors, own) = (lists.neighbors + list.lowerBound, lists.ranks + list.lowerBound)
    var count = 0
    for i in 0..<list.count {
      let x = neighbors[i]
      let others = lists.places(of: x).count
      asked.base[count] = Int32(truncatingIfNeeded: i)
      count &+= list.count < others || list.count == others && u < x ? 1 : 0
    }
    if StarOfVertex.oneOf * count < list.count { return }
    let length = StarOfVertex.length(list.count)
    let (rows, numbers) = (ranks.base, numbers.base)
    for i in 0..<list.count { numbers[Int(neighbors[i])] = Int32(truncatingIfNeeded: i) }
    for i in 0...list.count {
      let row = rows + i &* length
      row.update(repeating: RankTable.absent, count: length)
      if i == list.count {
        row.update(from: own, count: list.count)
      } else {
        if i + 2 < list.count { lists.fetch(neighbors[i + 2]) }
        write(neighbors[i], UnsafeBufferPointer(start: neighbors, count: list.count), to: row)
      }
    }
    for i in 0..<list.count { numbers[Int(neighbors[i])] = StarOfVertex.none }
    let last = rows + list.count * length
    KernelSet.best.tellLinks(last, rows, length, asked.base, count, room.base, found.base, nearest.base)
    for i in 0..<count {
      let place = Int(asked.base[i])
      let rank = Int(own[place])
      kinds[rank] = found.base[i]
      if found.base[i] == .empty { continue }
      let middle = Int(nearest.base[i])
      let (near, far) = (own[middle], rows[place &* length &+ middle])
      let isTail = u < neighbors[place]
      fillings[rank] = Filling(vertex: neighbors[middle], toTail: isTail ? near : far, toHead: isTail ? far : near)
    }
  }

  /// Writes the ranks of the edges of a vertex to the neighbours.
  @inline(__always)
  private func write(_ x: Int32, _ neighbors: UnsafeBufferPointer<Int32>, to row: UnsafeMutablePointer<Int32>) {
    if lists.isMuchLonger(x, than: neighbors.count) {
      let all = lists.row(x)
      for (i, y) in neighbors.enumerated() { row[i] = all[Int(y)] }
      return
    }
    let list = lists.places(of: x)
    // Nobody could foresee which are there: the others are written to the place after the last, which is not read.
    let (numbers, last) = (numbers.base, Int32(truncatingIfNeeded: neighbors.count))
    let (others, ranks) = (lists.neighbors + list.lowerBound, lists.ranks + list.lowerBound)
    for i in 0..<list.count { row[Int(min(numbers[Int(others[i])], last))] = ranks[i] }
  }
}
