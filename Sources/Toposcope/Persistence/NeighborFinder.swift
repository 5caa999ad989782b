/// Finds the common neighbours of two vertices in a graph as it was, and which of them are joined, from lists of neighbours.
struct NeighborFinder {
  private let lists: RankTable.Lists
  /// The vertices found last, ascending.
  let vertices: UnsafeMutablePointer<Int32>
  private(set) var count = 0
  /// The place among them of the one that makes the longer edge to the two vertices shortest.
  private(set) var nearest = 0
  /// The neighbours of the first vertex, and the ranks of their edges.
  private let near: UnsafeMutablePointer<Int32>
  private let nearRanks: UnsafeMutablePointer<Int32>
  /// Of every vertex a place where it stands: in the list that was marked last, if it is there.
  private let places: UnsafeMutablePointer<Int32>
  private let memory: Memory<Int32>

  init(_ lists: RankTable.Lists) throws(ToposcopeError) {
    self.lists = lists
    let room = lists.longest + 1
    memory = try Memory(lists.vertexCount + 3 * room)
    places = memory.base
    vertices = places + lists.vertexCount
    near = vertices + room
    nearRanks = near + room
  }

  /// Finds the common neighbours by edges before a rank; returns how many there are.
  @inline(__always)
  mutating func find(_ u: Int32, _ v: Int32, before rank: Int32) -> Int {
    let (a, b) = (lists.places(of: u), lists.places(of: v))
    let (short, long, far) = a.count <= b.count ? (a, b, v) : (b, a, u)
    var (best, found, middle) = (Int32.max, 0, 0)
    if lists.isMuchLonger(far, than: short.count) {
      let row = lists.row(far)
      for place in short {
        let x = lists.neighbors[place]
        let longer = max(lists.ranks[place], row[Int(x)])
        if longer >= rank { continue }
        vertices[found] = x
        places[Int(x)] = Int32(truncatingIfNeeded: found)
        if longer < best { (best, middle) = (longer, found) }
        found &+= 1
      }
    } else {
      // Nobody could foresee which vertices are kept: so all are written down, and some of them written over.
      var kept = 0
      for place in short {
        let (x, xRank) = (lists.neighbors[place], lists.ranks[place])
        near[kept] = x
        nearRanks[kept] = xRank
        places[Int(x)] = Int32(truncatingIfNeeded: kept)
        kept &+= xRank < rank ? 1 : 0
      }
      for place in long {
        let x = lists.neighbors[place]
        let match = Int(places[Int(x)])
        let longer = max(lists.ranks[place], nearRanks[match])
        let isCommon = (match < kept ? 1 : 0) & (near[match] == x ? 1 : 0) & (longer < rank ? 1 : 0)
        vertices[found] = x
        places[Int(x)] = Int32(truncatingIfNeeded: found)
        let isNearer = isCommon & (longer < best ? 1 : 0)
        best = isNearer != 0 ? longer : best
        middle = isNearer != 0 ? found : middle
        found &+= isCommon
      }
    }
    (count, nearest) = (found, middle)
    return found
  }

  /// Calls `body` with places of vertices found last, and with 1 if one of them is joined to that one by an edge before a rank, or
  /// else 0: nobody could foresee which, so that all are gone on with.
  @inline(__always)
  func forEachNeighbor(of place: Int, before rank: Int32, _ body: (_ place: Int, _ isJoined: UInt64) -> Void) {
    if lists.isMuchLonger(vertices[place], than: count) {
      let row = lists.row(vertices[place])
      for i in 0..<count { body(i, row[Int(vertices[i])] < rank ? 1 : 0) }
      return
    }
    for i in lists.places(of: vertices[place]) {
      let x = lists.neighbors[i]
      let match = Int(places[Int(x)])
      body(match, (match < count ? 1 : 0) & (vertices[match] == x ? 1 : 0) & (lists.ranks[i] < rank ? 1 : 0))
    }
  }

  /// Whether one of the vertices found is joined to all others by edges before a rank.
  @inline(__always)
  func isApex(_ place: Int, before rank: Int32) -> Bool {
    var joined: UInt64 = 1
    forEachNeighbor(of: place, before: rank) { joined &+= $1 }
    return joined == count
  }

  /// One bit for each of up to 64 vertices found that one of them is joined to by edges before a rank, and its own.
  @inline(__always)
  func row(_ place: Int, before rank: Int32) -> UInt64 {
    var row: UInt64 = 1 &<< UInt64(truncatingIfNeeded: place)
    forEachNeighbor(of: place, before: rank) { row |= $1 &<< UInt64(truncatingIfNeeded: $0) }
    return row
  }
}
